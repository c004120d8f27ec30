//! Calls with analog sets: both ways, tones, flash, call waiting, three-way, transfer by hanging up.

use std::time::Duration;

use crate::office::{Office, Site, line, user};
use offhook_lines::fxs;
use offhook_media::command::Source;
use offhook_switch::exchange::Input;
use offhook_switch::record::LegStatus;

fn site() -> Office {
    Office::open(Site::new().phones(&[1001, 1002]).set(1201, 1).set(1202, 2).0, &["1001", "1002"])
}

fn rings(office: &mut Office, port: u128) -> bool {
    let outputs = std::mem::take(office.fxs.entry(line(port)).or_default());
    outputs.contains(&fxs::Output::RingVoltage(true))
}

fn hears_tone(office: &Office, port: u16) -> bool {
    matches!(
        office.books.playing.get(&office.books.line_stream(port)),
        Some(Source::Tone { .. } | Source::Chime { .. })
    )
}

#[test]
fn a_set_calls_a_phone() {
    let mut office = site();
    office.hook(line(1), true);
    assert!(hears_tone(&office, 1), "dial tone");
    office.keys(line(1), "1001");
    assert_eq!(office.phones[0].ringing.len(), 1, "a whole extension is dialled at once");
    assert!(hears_tone(&office, 1), "ringback");
    office.answer(0);
    assert!(!hears_tone(&office, 1));
    assert_eq!(office.books.bridge().len(), 2);
    assert!(office.books.bridge().contains(&office.books.line_stream(1)));
    office.seconds(5);
    office.hook(line(1), false);
    assert_eq!(office.phones[0].up.len(), 0);
    let books = office.close();
    assert_eq!(books.statuses(user(1201)), [LegStatus::Out]);
    assert_eq!(books.statuses(user(1001)), [LegStatus::Answered]);
    assert_eq!(books.legs.iter().find(|l| l.user == Some(user(1201))).unwrap().interface.as_deref(), Some("FXS 1"));
}

#[test]
fn a_phone_calls_a_set_that_answers_and_the_phone_hangs_up() {
    let mut office = site();
    office.dial(0, "1201");
    assert_eq!(office.phones[0].progress, [(180, false)]);
    assert!(rings(&mut office, 1));
    office.seconds(2);
    office.hook(line(1), true);
    assert_eq!(office.phones[0].up.len(), 1);
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(0);
    assert!(hears_tone(&office, 1), "busy tone until on-hook");
    office.hook(line(1), false);
    let books = office.close();
    assert_eq!(books.statuses(user(1201)), [LegStatus::Answered]);
}

#[test]
fn a_set_that_is_not_answered_stops_ringing() {
    let mut office = site();
    office.dial(0, "1201");
    office.seconds(26);
    assert_eq!(office.phones[0].failed, [480]);
    let last = office.fxs[&line(1)].iter().rev().find(|o| matches!(o, fxs::Output::RingVoltage(_))).cloned();
    assert_eq!(last, Some(fxs::Output::RingVoltage(false)));
    assert_eq!(office.close().statuses(user(1201)), [LegStatus::NoAnswer]);
}

#[test]
fn set_to_set_and_busy() {
    let mut office = site();
    office.hook(line(1), true);
    office.keys(line(1), "1202");
    assert!(rings(&mut office, 2));
    office.hook(line(2), true);
    assert_eq!(office.books.bridge().len(), 2);
    office.hook(line(1), false);
    assert!(hears_tone(&office, 2));
    // The set hears busy tone and is off the hook: it cannot be rung.
    office.dial(0, "1202");
    assert_eq!(office.phones[0].failed, [486]);
    office.hook(line(2), false);
    assert_eq!(office.close().statuses(user(1202)), [LegStatus::Answered, LegStatus::InCall]);
}

#[test]
fn a_wrong_number_is_heard_at_once() {
    let mut office = site();
    office.hook(line(1), true);
    office.keys(line(1), "99");
    assert!(hears_tone(&office, 1));
    office.hook(line(1), false);
    let books = office.close();
    assert_eq!(books.call(0).cause, Some(1));
}

#[test]
fn a_set_answers_an_announcement_and_ends_it_with_its_digit() {
    let mut site = Site::new().set(1201, 1);
    site.0.announcements.push(crate::office::announcement("7000"));
    let mut office = Office::open(site.0, &[]);
    office.hook(line(1), true);
    office.keys(line(1), "7000");
    office.seconds(2);
    assert!(hears_tone(&office, 1));
    office.keys(line(1), "9");
    office.seconds(1);
    assert_eq!(office.exchange.calls().len(), 0);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn flash_holds_a_second_flash_comes_back() {
    let mut office = site();
    office.hook(line(1), true);
    office.keys(line(1), "1001");
    office.answer(0);
    office.flash(line(1));
    assert_eq!(office.books.bridge().len(), 0);
    assert_eq!(office.books.playing.len(), 2, "dial tone here, hold there");
    office.flash(line(1));
    assert_eq!(office.books.bridge().len(), 2);
    assert_eq!(office.books.playing.len(), 0);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn three_way_by_flash_and_the_two_others_stay_when_the_set_hangs_up() {
    let mut office = site();
    office.hook(line(1), true);
    office.keys(line(1), "1001");
    office.answer(0);
    office.flash(line(1));
    office.keys(line(1), "1002");
    office.answer(1);
    assert_eq!(office.exchange.calls().len(), 2);
    office.flash(line(1));
    assert_eq!(office.exchange.calls().len(), 1);
    assert_eq!(office.books.bridge().len(), 3);
    office.hook(line(1), false);
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(0);
    assert_eq!(office.phones[1].up.len(), 0);
    let books = office.close();
    assert_eq!(books.statuses(user(1201)), [LegStatus::Out, LegStatus::Out]);
    assert_eq!(books.statuses(user(1002)), [LegStatus::Answered]);
}

#[test]
fn hanging_up_on_a_ringing_second_call_transfers() {
    let mut office = site();
    office.dial(0, "1201");
    office.hook(line(1), true);
    office.flash(line(1));
    office.keys(line(1), "1002");
    assert_eq!(office.phones[1].ringing.len(), 1);
    office.hook(line(1), false);
    assert_eq!(office.phones[0].up.len(), 1, "the first party stays");
    assert_eq!(office.books.playing.len(), 1, "and hears ringback");
    office.answer(1);
    assert_eq!(office.books.bridge().len(), 2);
    assert_eq!(office.books.playing.len(), 0);
    office.hang_up(1);
    assert_eq!(office.phones[0].up.len(), 0);
    let books = office.close();
    assert_eq!(books.calls.len(), 2);
}

#[test]
fn a_held_call_rings_back_when_the_set_is_put_down() {
    let mut office = site();
    office.dial(0, "1201");
    office.hook(line(1), true);
    office.flash(line(1));
    rings(&mut office, 1);
    office.hook(line(1), false);
    assert!(rings(&mut office, 1), "rings back");
    office.hook(line(1), true);
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(0);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn call_waiting_tone_and_swap() {
    let mut office = site();
    office.dial(0, "1201");
    office.hook(line(1), true);
    office.dial(1, "1201");
    assert_eq!(office.phones[1].progress, [(180, false)]);
    assert!(hears_tone(&office, 1), "call waiting");
    office.seconds(1);
    assert!(!hears_tone(&office, 1), "a burst only");
    office.seconds(8);
    office.flash(line(1));
    assert_eq!(office.phones[1].up.len(), 1);
    assert_eq!(office.books.bridge().len(), 2);
    assert_eq!(office.books.playing.len(), 1, "the first one is on hold");
    office.flash(line(1));
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(0);
    // The second one is still there: straight back to it.
    assert_eq!(office.books.bridge().len(), 2);
    office.hook(line(1), false);
    assert_eq!(office.phones[1].up.len(), 0);
    let books = office.close();
    assert_eq!(books.statuses(user(1201)), [LegStatus::Answered, LegStatus::Answered]);
}

#[test]
fn without_call_waiting_a_second_call_is_busy() {
    let site = Site::new().phones(&[1001, 1002]).set(1201, 1).with(1201, |user| user.call_waiting = false);
    let mut office = Office::open(site.0, &["1001", "1002"]);
    office.dial(0, "1201");
    office.hook(line(1), true);
    office.dial(1, "1201");
    assert_eq!(office.phones[1].failed, [486]);
    office.hook(line(1), false);
    assert_eq!(office.close().statuses(user(1201)), [LegStatus::InCall, LegStatus::Answered]);
}

#[test]
fn a_call_waiting_when_the_set_is_put_down_rings() {
    let mut office = site();
    office.dial(0, "1201");
    office.hook(line(1), true);
    office.dial(1, "1201");
    rings(&mut office, 1);
    office.hook(line(1), false);
    assert!(rings(&mut office, 1));
    office.hook(line(1), true);
    assert_eq!(office.phones[1].up.len(), 1);
    office.hang_up(1);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn a_port_that_loses_its_hardware_ends_its_call() {
    let mut office = site();
    office.dial(0, "1201");
    office.hook(line(1), true);
    office.input(offhook_switch::exchange::Input::Fxs(line(1), fxs::Input::Present(false)));
    assert_eq!(office.phones[0].up.len(), 0);
    office.dial(0, "1201");
    assert_eq!(office.phones[0].failed, [480]);
    office.close();
}

#[test]
fn a_tap_on_the_hook_after_busy_tone_gives_dial_tone() {
    let mut office = site();
    office.dial(0, "1201");
    office.hook(line(1), true);
    office.hang_up(0);
    office.flash(line(1));
    office.keys(line(1), "1002");
    assert_eq!(office.phones[1].ringing.len(), 1);
    office.hook(line(1), false);
    assert!(office.phones[1].ringing.is_empty());
    office.close();
}

#[test]
fn a_tap_on_the_hook_after_busy_tone_answers_the_call_that_waits() {
    let mut office = site();
    office.dial(0, "1201");
    office.hook(line(1), true);
    office.dial(1, "1201");
    office.hang_up(0);
    assert!(hears_tone(&office, 1), "busy");
    office.flash(line(1));
    assert_eq!(office.phones[1].up.len(), 1);
    assert_eq!(office.books.bridge().len(), 2);
    assert!(!hears_tone(&office, 1));
    office.hook(line(1), false);
    assert!(office.phones[1].up.is_empty());
    office.close();
}

#[test]
fn a_free_port_follows_the_country_and_a_busy_one_when_it_is_free() {
    let mut office = site();
    office.hook(line(1), true);
    let mut config = office.config.clone();
    config.site.country = "US".into();
    office.input(Input::Config(std::sync::Arc::new(config)));
    office.hook(line(1), false);
    office.seconds(5);
    // Two seconds of ringing in the US, one and a half in France.
    office.dial(0, "1201");
    office.pass(Duration::from_millis(1700));
    let rung =
        |office: &Office| office.fxs[&line(1)].iter().rev().find(|o| matches!(o, fxs::Output::RingVoltage(_))).cloned();
    assert_eq!(rung(&office), Some(fxs::Output::RingVoltage(true)));
    office.pass(Duration::from_millis(400));
    assert_eq!(rung(&office), Some(fxs::Output::RingVoltage(false)));
    office.hook(line(1), true);
    office.hang_up(0);
    office.hook(line(1), false);
    office.close();
}

/// After a restart of the box in the middle of a number: the rest of it must not become another one, an emergency call least of all.
#[test]
fn a_set_that_is_off_the_hook_at_the_start_hears_congestion_until_it_is_put_down() {
    let mut office = site();
    office.input(Input::Fxs(line(1), fxs::Input::FoundOffHook));
    assert!(hears_tone(&office, 1), "congestion");
    office.keys(line(1), "1002112");
    office.seconds(10);
    assert!(office.phones[1].invites.is_empty() && office.exchange.calls().is_empty());
    // It is not rung meanwhile, and works as ever afterwards.
    office.dial(0, "1201");
    assert!(!rings(&mut office, 1));
    office.hook(line(1), false);
    office.hook(line(1), true);
    office.keys(line(1), "1002");
    assert_eq!(office.phones[1].ringing.len(), 1);
    office.hook(line(1), false);
    office.close();
}

/// The line is given another port of the box in the middle of a call: the call ends, the set on the new port is another one.
#[test]
fn a_line_on_another_port_begins_anew() {
    let mut office = site();
    office.dial(0, "1201");
    office.hook(line(1), true);
    assert_eq!(office.phones[0].up.len(), 1);
    let mut config = office.config.clone();
    config.lines.get_mut(&line(1)).unwrap().port = 9;
    office.input(Input::Config(std::sync::Arc::new(config)));
    assert!(office.phones[0].up.is_empty(), "the call is over");
    assert!(office.books.lines.values().any(|port| *port == 9));
    office.dial(0, "1201");
    assert!(rings(&mut office, 1));
    office.hook(line(1), true);
    assert_eq!(office.phones[0].up.len(), 1);
    office.hang_up(0);
    office.hook(line(1), false);
    office.close();
}
