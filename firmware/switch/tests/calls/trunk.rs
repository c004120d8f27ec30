//! Numbers outside: permits, trunks in order, early media, emergency, calls from outside.

use crate::office::{Office, Phone, Script, Site, line, trunk_id, user};
use offhook_lines::fxo;
use offhook_media::command as media;
use offhook_switch::config::AnswerSupervision;
use offhook_switch::exchange::Input;
use offhook_switch::record::{Direction, LegStatus};

const CARRIER: &str = "198.51.100.1:5060";

fn carrier(office: &mut Office, address: &str) -> usize {
    office.phones.push(Phone::at("carrier", address.parse().unwrap()));
    office.phones.len() - 1
}

fn dialled(office: &mut Office, port: u128) -> String {
    let outputs = std::mem::take(office.fxo.entry(line(port)).or_default());
    outputs.iter().filter_map(|o| if let fxo::Output::SendDigit(d) = o { Some(*d) } else { None }).collect()
}

#[test]
fn over_a_sip_trunk_with_early_media() {
    let site = Site::new().phones(&[1001]).sip_trunk(1, CARRIER, 10).route(&[1]);
    let mut office = Office::open(site.0, &["1001"]);
    let carrier = carrier(&mut office, CARRIER);
    office.phones[carrier].script = Script::EarlyMedia;
    office.dial(0, "00123456789");
    assert!(office.phones[carrier].invites[0].request_uri().starts_with("sip:0123456789@198.51.100.1"));
    assert_eq!(office.phones[0].progress, [(183, true)]);
    assert_eq!(office.books.bridge().len(), 2, "the caller hears the network");
    office.seconds(3);
    office.answer(carrier);
    assert_eq!(office.phones[0].up.len(), 1);
    office.seconds(5);
    office.hang_up(carrier);
    let books = office.close();
    let call = books.call(0);
    assert_eq!(call.direction, Direction::Outbound);
    assert_eq!(call.trunk, Some(trunk_id(1)));
    assert!(call.ended_by_callee);
    assert_eq!(books.legs.len(), 1, "one OUT and nothing else");
    assert_eq!(books.legs[0].status, LegStatus::Out);
    assert_eq!(books.legs[0].trunk, Some(trunk_id(1)));
}

#[test]
fn the_next_trunk_takes_what_the_first_cannot() {
    let site = Site::new()
        .phones(&[1001])
        .sip_trunk(1, CARRIER, 10)
        .sip_trunk(2, "198.51.100.2:5060", 10)
        .outside_line(3, 9)
        .route(&[1, 2, 3]);
    let mut office = Office::open(site.0, &["1001"]);
    let (first, second) = (carrier(&mut office, CARRIER), carrier(&mut office, "198.51.100.2:5060"));
    office.phones[first].script = Script::Reject(503);
    office.dial(0, "0012");
    assert_eq!(office.phones[second].ringing.len(), 1);
    office.reject(second, 486);
    assert_eq!(office.phones[0].failed, [486], "busy is about the callee: no other trunk is tried");
    office.phones[second].script = Script::Reject(403);
    office.dial(0, "0012");
    office.seconds(3);
    assert_eq!(
        dialled(&mut office, 9),
        "",
        "the box has just started: the line is watched for a ring before it is taken"
    );
    office.seconds(5);
    assert_eq!(dialled(&mut office, 9), "012");
    office.seconds(20);
    office.input(Input::Fxo(line(9), fxo::Input::DisconnectTone));
    let books = office.close();
    assert_eq!(books.statuses(user(1001)), [LegStatus::Out, LegStatus::Out]);
}

#[test]
fn a_silent_trunk_is_given_up_for_the_next() {
    let site =
        Site::new().phones(&[1001]).sip_trunk(1, CARRIER, 10).sip_trunk(2, "198.51.100.2:5060", 10).route(&[1, 2]);
    let mut office = Office::open(site.0, &["1001"]);
    let second = carrier(&mut office, "198.51.100.2:5060");
    office.dial(0, "0012");
    office.seconds(25);
    assert_eq!(office.phones[second].ringing.len(), 1);
    office.answer(second);
    office.hang_up(0);
    office.close();
}

#[test]
fn over_a_line_and_its_end() {
    let site = Site::new().set(1201, 1).outside_line(1, 9).route(&[1]);
    let mut office = Office::open(site.0, &[]);
    office.hook(line(1), true);
    office.keys(line(1), "0123456#");
    office.seconds(6);
    assert_eq!(dialled(&mut office, 9), "123456");
    assert_eq!(office.books.bridge().len(), 2);
    office.seconds(30);
    office.input(Input::Fxo(line(9), fxo::Input::DisconnectTone));
    assert!(office.books.bridge().is_empty());
    office.hook(line(1), false);
    let books = office.close();
    assert_eq!(books.call(0).direction, Direction::Outbound);
}

#[test]
fn busy_tone_heard_on_a_line_ends_its_call() {
    let site = Site::new().set(1201, 1).outside_line(1, 9).route(&[1]);
    let mut office = Office::open(site.0, &[]);
    let listening: Vec<_> = office.books.listening.clone().into_iter().collect();
    let [(stream, tones)] = listening.as_slice() else { panic!("{listening:?}") };
    assert_eq!(office.books.lines.get(stream), Some(&9));
    assert_eq!(tones, &["440.0: 500/500", "440.0: 250/250"], "busy and congestion of France");
    office.hook(line(1), true);
    office.keys(line(1), "0123456#");
    office.seconds(36);
    assert_eq!(office.books.bridge().len(), 2);
    office.media_event(media::Event::Tone { stream: *stream, tone: media::HeardTone::HangUp });
    assert!(office.books.bridge().is_empty());
    office.hook(line(1), false);
    office.close();
}

#[test]
fn who_may_not_call_outside_does_not() {
    let site = Site::new()
        .phones(&[1001, 1002])
        .sip_trunk(1, CARRIER, 10)
        .route(&[1])
        .with(1001, |user| user.outside_calls = false)
        .with(1002, |user| user.forward_always = Some("0012".into()));
    let mut office = Office::open(site.0, &["1001", "1002"]);
    let carrier = carrier(&mut office, CARRIER);
    office.dial(0, "0012");
    assert_eq!(office.phones[0].failed, [403]);
    assert_eq!(office.phones[carrier].invites.len(), 0);
    // A forward goes out on the account of who forwards.
    office.dial(0, "1002");
    assert_eq!(office.phones[carrier].ringing.len(), 1);
    office.answer(carrier);
    office.hang_up(0);
    let books = office.close();
    assert_eq!(books.statuses(user(1002)), [LegStatus::Out]);
}

#[test]
fn an_emergency_call_needs_no_permission_and_takes_a_busy_line() {
    let site = Site::new().phones(&[1001, 1002]).outside_line(1, 9).route(&[1]).with(1002, |user| {
        user.outside_calls = false;
        user.do_not_disturb = true;
        user.max_calls = 1;
    });
    let mut office = Office::open(site.0, &["1001", "1002"]);
    office.dial(0, "0012345");
    office.seconds(20);
    assert_eq!(dialled(&mut office, 9), "012345");
    office.dial(1, "112");
    let reason =
        office.phones[0].ended.first().cloned().flatten().or_else(|| office.phones[0].cancelled.pop().flatten());
    assert!(office.phones[0].up.is_empty(), "the other call gave way");
    if let Some(reason) = reason {
        assert_eq!((reason.protocol.as_str(), reason.cause), ("Q.850", 8));
    }
    office.seconds(6);
    assert_eq!(dialled(&mut office, 9), "112");
    office.seconds(30);
    // A second emergency call does not take the line from the first.
    office.dial(0, "15");
    assert_eq!(office.phones[0].failed.last(), Some(&503));
    office.hang_up(1);
    let books = office.close();
    assert_eq!(books.call(0).cause, Some(8));
    assert_eq!(books.statuses(user(1002)), [LegStatus::Out]);
}

#[test]
fn an_emergency_call_passes_every_limit() {
    let mut site = Site::new().phones(&[1001, 1002]).sip_trunk(1, CARRIER, 1).route(&[1]);
    site.0.limits.calls = 1;
    site.0.network.rtp_last = site.0.network.rtp_first + 12;
    let mut office = Office::open(site.0, &["1001", "1002"]);
    let carrier = carrier(&mut office, CARRIER);
    office.dial(0, "0012");
    office.answer(carrier);
    office.dial(1, "0012");
    assert_eq!(office.phones[1].failed, [503]);
    office.dial(1, "0112");
    assert_eq!(office.phones[carrier].ringing.len(), 1, "with the digit for an outside line in front");
    assert!(office.phones[carrier].invites[1].request_uri().starts_with("sip:112@"));
    office.answer(carrier);
    assert_eq!(office.phones[1].up.len(), 1);
    office.hang_up(0);
    office.hang_up(1);
    office.close();
}

#[test]
fn a_call_from_a_sip_trunk_goes_where_its_number_leads() {
    let site = Site::new()
        .phones(&[1001, 1002])
        .sip_trunk(1, CARRIER, 10)
        .inbound(Some(1), Some("0140000001"), "1001")
        .inbound(None, Some("0140000002"), "1002");
    let mut office = Office::open(site.0, &["1001", "1002"]);
    let carrier = carrier(&mut office, CARRIER);
    office.dial(carrier, "0140000002");
    office.answer(1);
    office.hang_up(carrier);
    office.dial(carrier, "0140000009");
    assert_eq!(office.phones[carrier].failed, [404]);
    let books = office.close();
    let call = books.call(0);
    assert_eq!((call.direction, call.trunk, call.caller.as_str()), (Direction::Inbound, Some(trunk_id(1)), "carrier"));
    assert!(call.ended_by_callee, "the outside party hung up");
    assert_eq!(books.legs.len(), 1);
    assert_eq!(books.calls.len(), 1);
}

#[test]
fn a_call_from_a_trunk_cannot_go_out_again() {
    let site = Site::new().phones(&[1001]).sip_trunk(1, CARRIER, 10).route(&[1]).inbound(None, None, "0012");
    let mut office = Office::open(site.0, &["1001"]);
    let carrier = carrier(&mut office, CARRIER);
    office.dial(carrier, "0140000002");
    assert_eq!(office.phones[carrier].failed, [403]);
    assert_eq!(office.phones[carrier].invites.len(), 0);
    office.close();
}

#[test]
fn a_line_rings_a_set() {
    let site = Site::new().set(1201, 1).outside_line(1, 9).inbound(Some(1), None, "1201");
    let mut office = Office::open(site.0, &[]);
    for _ in 0..2 {
        office.input(Input::Fxo(line(9), fxo::Input::Ring(true)));
        office.pass(std::time::Duration::from_millis(1500));
        office.input(Input::Fxo(line(9), fxo::Input::Ring(false)));
        office.pass(std::time::Duration::from_millis(1000));
    }
    office.hook(line(1), true);
    assert!(office.fxo[&line(9)].contains(&fxo::Output::Hook(true)), "the line is answered");
    assert_eq!(office.books.bridge().len(), 2);
    office.hook(line(1), false);
    assert!(office.fxo[&line(9)].contains(&fxo::Output::Hook(false)));
    let books = office.close();
    assert_eq!(books.call(0).direction, Direction::Inbound);
    assert_eq!(books.statuses(user(1201)), [LegStatus::Answered]);
}

#[test]
fn we_register_with_a_trunk_refresh_and_try_again() {
    let mut site = Site::new().phones(&[1001]).sip_trunk(1, CARRIER, 10).route(&[1]);
    if let Some(offhook_switch::config::TrunkKind::Sip { register, username, password, .. }) =
        site.0.trunks.get_mut(&trunk_id(1)).map(|trunk| &mut trunk.kind)
    {
        (*register, *username, *password) = (true, Some("acme".into()), Some("pass".into()));
    }
    let mut office = Office::open(site.0, &["1001"]);
    // Nobody there at first: 408 after 32 s, again after 30 s.
    office.seconds(40);
    let carrier = carrier(&mut office, CARRIER);
    office.seconds(40);
    assert_eq!(office.phones[carrier].requests.len(), 1);
    let request = office.phones[carrier].requests[0].clone();
    assert!(
        request.contacts()[0].uri.text.starts_with("sip:acme@192.0.2.1:5060"),
        "{}",
        request.contacts()[0].uri.text
    );
    office.seconds(3300);
    assert_eq!(office.phones[carrier].requests.len(), 2, "refreshed before it lapses");
    office.dial(0, "0012");
    assert_eq!(office.phones[carrier].invites[0].from().unwrap().uri.user.as_deref(), Some("acme"));
    office.answer(carrier);
    office.hang_up(0);
}

#[test]
fn the_number_called_from_outside_is_kept_as_dialled() {
    let site = Site::new().phones(&[1001]).sip_trunk(1, CARRIER, 1).inbound(Some(1), None, "1001");
    let mut office = Office::open(site.0, &["1001"]);
    let carrier = carrier(&mut office, CARRIER);
    office.dial(carrier, "0140000001");
    office.answer(0);
    office.dial(carrier, "0140000001");
    assert_eq!(office.phones[carrier].failed, [503], "one call at once");
    office.hang_up(0);
    let books = office.close();
    assert_eq!(books.call(0).called, "0140000001");
    assert_eq!(books.legs[0].number, "1001");
}

#[test]
fn a_line_that_reverses_tells_the_moment_of_the_answer() {
    let mut office = Office::open(Site::new().phones(&[1001]).outside_line(1, 9).route(&[1]).0, &["1001"]);
    // The setting comes while the line is in use: it holds from the next call.
    office.dial(0, "0012");
    office.seconds(60);
    let mut config = office.config.clone();
    config.lines.get_mut(&line(9)).unwrap().answer_supervision = AnswerSupervision::Reversal;
    office.input(Input::Config(std::sync::Arc::new(config)));
    assert_eq!(office.phones[0].up.len(), 1, "the call goes on");
    office.hang_up(0);
    office.seconds(10);
    office.dial(0, "0012");
    office.seconds(60);
    assert_eq!(office.phones[0].up.len(), 0, "it rings");
    let at = office.now().wall;
    office.input(Input::Fxo(line(9), fxo::Input::Reversal));
    assert_eq!(office.phones[0].up.len(), 1);
    office.seconds(5);
    office.hang_up(0);
    assert_eq!(office.close().call(1).answered, Some(at));
}
