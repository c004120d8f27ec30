//! Digits pressed in a conversation reach the other parties once, whatever kinds of legs they are.

use std::time::Duration;

use crate::office::{Office, Site, line};
use offhook_lines::fxs;
use offhook_media::command::{Event, StreamId};
use offhook_switch::exchange::Input;

fn office() -> Office {
    let site = Site::new().phones(&[1001, 1002]).set(1201, 1).set(1202, 2).outside_line(1, 9).route(&[1]);
    let mut office = Office::open(site.0, &["1001", "1002"]);
    for port in [1, 2] {
        office.input(Input::Fxs(line(port), fxs::Input::Present(true)));
    }
    office
}

/// The engine hears a digit.
fn heard(office: &mut Office, stream: StreamId, digit: char) {
    office.media_event(Event::Digit { stream, digit });
}

/// What was sent to whom since the last time.
fn sent(office: &mut Office) -> Vec<(StreamId, char)> {
    std::mem::take(&mut office.books.digits)
}

/// The RTP stream of the only phone in the call.
fn phone_stream(office: &Office) -> StreamId {
    *office.books.bridge().iter().find(|stream| office.books.rtp.contains_key(stream)).expect("a phone")
}

/// A set calls a phone.
fn set_and_phone() -> (Office, StreamId, StreamId) {
    let mut office = office();
    office.hook(line(1), true);
    office.keys(line(1), "1001");
    office.answer(0);
    let (set, phone) = (office.books.line_stream(1), phone_stream(&office));
    (office, set, phone)
}

#[test]
fn keys_heard_by_the_hardware_and_by_the_engine_are_one_event() {
    let (mut office, set, phone) = set_and_phone();
    office.input(Input::Fxs(line(1), fxs::Input::Dtmf('5')));
    heard(&mut office, set, '5');
    office.pass(Duration::from_millis(120));
    office.input(Input::Fxs(line(1), fxs::Input::Dtmf('5')));
    heard(&mut office, set, '5');
    assert_eq!(sent(&mut office), [(phone, '5'), (phone, '5')]);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn a_port_whose_hardware_hears_no_keys_dials_and_signals_by_the_engine() {
    let mut office = office();
    let set = office.books.line_stream(1);
    office.hook(line(1), true);
    for digit in "1001".chars() {
        heard(&mut office, set, digit);
    }
    assert_eq!(office.phones[0].ringing.len(), 1);
    office.answer(0);
    let phone = phone_stream(&office);
    heard(&mut office, set, '#');
    assert_eq!(sent(&mut office), [(phone, '#')]);
    // The hardware is late with the same key: from here on it has the word.
    office.pass(Duration::from_millis(50));
    office.input(Input::Fxs(line(1), fxs::Input::Dtmf('#')));
    assert_eq!(sent(&mut office), []);
    heard(&mut office, set, '1');
    office.input(Input::Fxs(line(1), fxs::Input::Dtmf('1')));
    assert_eq!(sent(&mut office), [(phone, '1')]);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn a_digit_dialled_by_pulses_becomes_an_event() {
    let (mut office, _, phone) = set_and_phone();
    office.hook(line(1), false);
    office.seconds(5);
    // A set with a dial: it has sent no tones since it was lifted.
    office.dial(0, "1201");
    office.hook(line(1), true);
    let after = phone_stream(&office);
    assert_ne!(after, phone);
    for _ in 0..3 {
        office.input(Input::Fxs(line(1), fxs::Input::Hook(false)));
        office.pass(Duration::from_millis(60));
        office.input(Input::Fxs(line(1), fxs::Input::Hook(true)));
        office.pass(Duration::from_millis(40));
    }
    office.seconds(1);
    assert_eq!(sent(&mut office), [(after, '3')]);
    assert_eq!(office.books.bridge().len(), 2, "no flash");
    office.hang_up(0);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn a_phone_without_events_hears_the_tone_itself() {
    let mut office = office();
    let offer =
        "v=0\r\no=- 7 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n";
    let now = office.now().instant;
    office.phones[0].call_with(now, "1201", Some(offer.into()), Vec::new());
    office.run();
    office.hook(line(1), true);
    let (set, phone) = (office.books.line_stream(1), phone_stream(&office));
    office.input(Input::Fxs(line(1), fxs::Input::Dtmf('5')));
    // And its own tones are in what the set hears.
    heard(&mut office, phone, '7');
    assert_eq!(sent(&mut office), []);
    // What it sends by INFO is not.
    let (session, now) = (office.phones[0].up[0], office.now().instant);
    office.phones[0].info(now, session, "application/dtmf-relay", "Signal=8\r\n");
    office.seconds(1);
    assert_eq!(sent(&mut office), [(set, '8')]);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn a_phone_steers_a_machine_behind_an_outside_line() {
    let mut office = office();
    let session = office.dial(0, "0012");
    office.seconds(60);
    assert_eq!(office.phones[0].up.len(), 1, "answered, as far as the line can tell");
    office.fxo.clear();
    let (outside, phone) = (office.books.line_stream(9), phone_stream(&office));
    let now = office.now().instant;
    office.phones[0].info(now, session, "application/dtmf-relay", "Signal=4\r\n");
    office.seconds(1);
    assert_eq!(sent(&mut office), [(outside, '4')]);
    // Events are made tones by the engine, tones from outside are made events by us.
    heard(&mut office, phone, '5');
    assert_eq!(sent(&mut office), []);
    heard(&mut office, outside, '6');
    assert_eq!(sent(&mut office), [(phone, '6')]);
    assert!(office.fxo.is_empty(), "nothing is dialled besides: {:?}", office.fxo);
    office.hang_up(0);
    office.close();
}

#[test]
fn in_a_call_of_three_everybody_gets_the_digit() {
    let (mut office, set, first) = set_and_phone();
    office.flash(line(1));
    office.keys(line(1), "1002");
    office.answer(1);
    office.flash(line(1));
    let members = office.books.bridge();
    assert_eq!(members.len(), 3);
    let second = *members.iter().find(|stream| **stream != set && **stream != first).expect("a third");
    office.books.digits.clear();
    heard(&mut office, first, '9');
    let mut got = sent(&mut office);
    got.sort_unstable();
    let mut wanted = [(set, '9'), (second, '9')];
    wanted.sort_unstable();
    assert_eq!(got, wanted);
    office.keys(line(1), "2");
    assert_eq!(sent(&mut office).len(), 2);
    office.hook(line(1), false);
    office.hang_up(0);
    office.close();
}

#[test]
fn nobody_on_hold_gets_digits() {
    let (mut office, set, phone) = set_and_phone();
    office.flash(line(1));
    heard(&mut office, phone, '1');
    assert_eq!(sent(&mut office), []);
    let (session, now) = (office.phones[0].up[0], office.now().instant);
    office.phones[0].info(now, session, "application/dtmf-relay", "Signal=4\r\n");
    office.seconds(1);
    assert_eq!(sent(&mut office), [] as [(StreamId, char); 0]);
    office.flash(line(1));
    heard(&mut office, set, '1');
    assert_eq!(sent(&mut office), [], "the hardware of this port hears keys by itself");
    office.hook(line(1), false);
    office.close();
}
