//! Digits by SIP INFO: sent where the mode of the telephone or the trunk says so, or where the peer says that it reads them; and
//! counted once from telephones that send each digit twice.

use std::time::Duration;

use crate::office::{Office, Phone, Script, Site, line, trunk_id};
use offhook_lines::fxs;
use offhook_media::command::{Event, StreamId};
use offhook_switch::config::{DigitMode, TrunkKind};
use offhook_switch::exchange::Input;

const RELAY: &str = "application/dtmf-relay";
const NOTHING: [(StreamId, char); 0] = [];

/// Two phones, the second told digits in this way.
fn office(mode: DigitMode) -> Office {
    let mut site = Site::new().phones(&[1001, 1002]).set(1201, 1);
    for device in site.0.devices.values_mut().filter(|device| device.label == "1002") {
        device.sound.digits = mode;
    }
    let mut office = Office::open(site.0, &["1001", "1002"]);
    office.input(Input::Fxs(line(1), fxs::Input::Present(true)));
    office
}

fn stream_of(office: &Office, phone: usize) -> StreamId {
    let ip = office.phones[phone].address.ip();
    let of = |p: &offhook_media::command::RtpParameters| p.remote.is_some_and(|remote| remote.ip() == ip);
    *office.books.parameters.iter().rev().find(|(_, parameters)| of(parameters)).expect("a stream").0
}

fn sent(office: &mut Office) -> Vec<(StreamId, char)> {
    std::mem::take(&mut office.books.digits)
}

fn infos(office: &mut Office, phone: usize) -> Vec<(String, String)> {
    std::mem::take(&mut office.phones[phone].infos)
}

fn press_event(office: &mut Office, phone: usize, digit: char) {
    let stream = stream_of(office, phone);
    office.media_event(Event::Digit { stream, digit });
}

fn press_info(office: &mut Office, phone: usize, content_type: &str, body: &str) {
    let (session, now) = (office.phones[phone].up[0], office.now().instant);
    office.phones[phone].info(now, session, content_type, body);
    office.run();
}

fn relay(digit: char) -> (String, String) {
    (RELAY.into(), format!("Signal={digit}\r\nDuration=160\r\n"))
}

/// The second phone calls the first, which answers.
fn call(office: &mut Office) {
    office.dial(1, "1001");
    office.answer(0);
}

fn close(mut office: Office) {
    office.hang_up(0);
    office.close();
}

#[test]
fn a_telephone_told_by_info_gets_each_digit_once_in_order_and_no_events() {
    for (mode, wanted) in [
        (DigitMode::InfoRelay, [relay('1'), relay('#'), relay('A')]),
        (DigitMode::Info, ['1', '#', 'A'].map(|digit| ("application/dtmf".into(), digit.to_string()))),
    ] {
        let mut office = office(mode);
        call(&mut office);
        let told = stream_of(&office, 1);
        let parameters = &office.books.parameters[&told];
        assert_eq!((parameters.telephone_event, parameters.receive_telephone_event), (None, None));
        assert!(!parameters.digit_tones, "or the engine would tell it a second time");
        assert!(office.phones[1].negotiated.as_ref().is_some_and(|agreed| agreed.telephone_event.is_none()));
        for digit in "1#A".chars() {
            press_event(&mut office, 0, digit);
        }
        assert_eq!(infos(&mut office, 1), wanted);
        assert_eq!(sent(&mut office), NOTHING);
        close(office);
    }
}

#[test]
fn digits_wait_for_the_answer_to_the_one_before() {
    let mut office = office(DigitMode::InfoRelay);
    call(&mut office);
    office.seconds(60);
    let before = office.exchange.counters().transactions;
    office.phones[1].dead = true;
    for digit in "123".chars() {
        press_event(&mut office, 0, digit);
    }
    assert_eq!(office.exchange.counters().transactions, before + 1, "one under way");
    office.phones[1].dead = false;
    office.seconds(3);
    assert_eq!(infos(&mut office, 1), [relay('1'), relay('2'), relay('3')]);
    close(office);
}

#[test]
fn a_peer_that_refuses_info_gets_tones_from_then_on() {
    let mut office = office(DigitMode::InfoRelay);
    office.phones[1].refuses_info = Some(415);
    call(&mut office);
    let told = stream_of(&office, 1);
    press_event(&mut office, 0, '1');
    assert_eq!(sent(&mut office), [(told, '1')]);
    assert!(office.books.parameters[&told].digit_tones, "from now on the engine tells it");
    press_event(&mut office, 0, '2');
    assert_eq!((sent(&mut office), infos(&mut office, 1)), (Vec::new(), Vec::new()));
    close(office);
}

#[test]
fn automatic_is_info_only_for_a_peer_that_says_it_reads_it() {
    let accepts: &[(&str, Option<(String, String)>)] = &[
        ("application/sdp, application/dtmf-relay", Some(relay('5'))),
        ("application/dtmf", Some(("application/dtmf".into(), "5".into()))),
        ("application/sdp", None),
    ];
    for (accept, wanted) in accepts {
        for codec in ["no events", "PCMA"] {
            let mut office = office(DigitMode::Auto);
            office.phones[1].codec = codec;
            office.phones[1].answers_with = vec![("Accept", accept)];
            office.dial(0, "1002");
            office.answer(1);
            press_event(&mut office, 0, '5');
            let wanted = wanted.clone().filter(|_| codec == "no events");
            assert_eq!(infos(&mut office, 1), Vec::from_iter(wanted.clone()), "{accept} {codec}");
            // Events or tones: the engine's business.
            assert_eq!(office.books.parameters[&stream_of(&office, 1)].digit_tones, wanted.is_none());
            assert_eq!(sent(&mut office), NOTHING);
            close(office);
        }
    }
}

#[test]
fn a_telephone_told_by_tones_is_offered_no_events() {
    let mut office = office(DigitMode::Tones);
    office.dial(0, "1002");
    office.answer(1);
    let told = stream_of(&office, 1);
    assert_eq!(office.books.parameters[&told].telephone_event, None);
    press_event(&mut office, 0, '5');
    assert_eq!(sent(&mut office), NOTHING, "the engine passes it on as a tone");
    press_info(&mut office, 0, RELAY, "Signal=6\r\n");
    office.seconds(1);
    assert_eq!(sent(&mut office), NOTHING, "its habit is to send events");
    close(office);
}

#[test]
fn tones_of_a_set_reach_a_telephone_told_by_info() {
    let mut office = office(DigitMode::InfoRelay);
    office.hook(line(1), true);
    office.keys(line(1), "1002");
    office.answer(1);
    office.keys(line(1), "42");
    assert_eq!(infos(&mut office, 1), [relay('4'), relay('2')]);
    assert_eq!(sent(&mut office), NOTHING);
    // And back: what it sends by INFO becomes a tone for the set.
    press_info(&mut office, 1, "application/dtmf", "7");
    office.seconds(1);
    let set = office.books.line_stream(1);
    assert_eq!(sent(&mut office), [(set, '7')]);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn a_trunk_has_a_mode_of_its_own() {
    let mut site = Site::new().phones(&[1001]).sip_trunk(1, "192.0.2.50:5060", 4).route(&[1]);
    match &mut site.0.trunks.get_mut(&trunk_id(1)).expect("the trunk").kind {
        TrunkKind::Sip { sound, .. } => sound.digits = DigitMode::Info,
        TrunkKind::Line { .. } => unreachable!("it is a SIP trunk"),
    }
    let mut office = Office::open(site.0, &["1001"]);
    office.phones.push(Phone::at("carrier", "192.0.2.50:5060".parse().expect("an address")));
    office.phones[1].script = Script::Answer;
    office.dial(0, "00123");
    office.seconds(1);
    assert_eq!(office.phones[0].up.len(), 1);
    press_event(&mut office, 0, '9');
    assert_eq!(infos(&mut office, 1), [("application/dtmf".to_owned(), "9".to_owned())]);
    close(office);
}

#[test]
fn a_telephone_that_sends_info_and_events_presses_each_key_once() {
    for info_first in [true, false] {
        let mut office = office(DigitMode::Auto);
        office.hook(line(1), true);
        office.keys(line(1), "1001");
        office.answer(0);
        for digit in "55".chars() {
            let body = format!("Signal={digit}\r\n");
            if info_first {
                press_info(&mut office, 0, RELAY, &body);
                office.pass(Duration::from_millis(60));
                press_event(&mut office, 0, digit);
            } else {
                press_event(&mut office, 0, digit);
                office.pass(Duration::from_millis(60));
                press_info(&mut office, 0, RELAY, &body);
            }
            office.seconds(1);
        }
        // The engine makes tones of the events, we add nothing.
        assert_eq!(sent(&mut office), NOTHING, "INFO first: {info_first}");
        office.hook(line(1), false);
        office.close();
    }
}

#[test]
fn a_telephone_that_sends_info_and_tones_presses_each_key_once() {
    let mut office = office(DigitMode::Auto);
    office.phones[0].codec = "no events";
    office.hook(line(1), true);
    office.keys(line(1), "1001");
    office.answer(0);
    let set = office.books.line_stream(1);
    // The set hears the tone itself.
    press_info(&mut office, 0, RELAY, "Signal=5\r\n");
    office.pass(Duration::from_millis(80));
    press_event(&mut office, 0, '5');
    office.seconds(1);
    press_event(&mut office, 0, '5');
    office.pass(Duration::from_millis(500));
    press_info(&mut office, 0, RELAY, "Signal=5\r\n");
    office.seconds(1);
    assert_eq!(sent(&mut office), NOTHING);
    // A digit that was in the INFO alone counts, and from then on without delay.
    press_info(&mut office, 0, RELAY, "Signal=6\r\n");
    assert_eq!(sent(&mut office), NOTHING);
    office.pass(Duration::from_millis(300));
    assert_eq!(sent(&mut office), [(set, '6')]);
    press_info(&mut office, 0, RELAY, "Signal=7\r\n");
    assert_eq!(sent(&mut office), [(set, '7')]);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn a_telephone_that_hangs_up_with_a_digit_held_leaves_nothing() {
    let mut office = office(DigitMode::Auto);
    call(&mut office);
    press_info(&mut office, 0, RELAY, "Signal=5\r\n");
    close(office);
}
