//! Random days in the office: whatever people do, with or without loss on the network, each call has one record, each leg
//! offered one status, and nothing is left in the end.

use offhook_lines::{fxo, fxs};
use offhook_media::command::Event;
use offhook_sip::sdp::Direction;
use offhook_switch::config::RecordingRule;
use offhook_switch::exchange::{Command, Input};

use crate::office::{Office, Phone, Script, Site, announcement, line, user};

const NUMBERS: [&str; 12] =
    ["1001", "1002", "1003", "1004", "1201", "1202", "7000", "0012", "112", "9999", "1002", "1003"];

fn open(seed: u64) -> Office {
    let mut site = Site::new()
        .phones(&[1001, 1002, 1003, 1004])
        .sip(1003, "1003b")
        .set(1201, 1)
        .set(1202, 2)
        .sip_trunk(1, "198.51.100.1:5060", 2)
        .outside_line(2, 9)
        .route(&[2, 1])
        .inbound(None, None, "1003")
        .with(1001, |user| user.forward_busy = Some("1002".into()))
        .with(1002, |user| user.forward_no_answer = Some("1003".into()))
        .with(1004, |user| user.call_waiting = false)
        .with(1202, |user| user.forward_no_answer = Some("0012".into()));
    site.0.announcements.push(announcement("7000"));
    site.0.recording.push(RecordingRule { caller: Some("1001".into()), callee: None });
    let mut office = Office::open(site.0, &["1001", "1002", "1003", "1004", "1003b"]);
    office.phones.push(Phone::at("carrier", "198.51.100.1:5060".parse().unwrap()));
    office.seed(seed);
    office
}

fn step(office: &mut Office) {
    let phone = office.random(6) as usize;
    let port = u128::from(office.random(2)) + 1;
    let now = office.now().instant;
    match office.random(24) {
        0..=3 => {
            let number = NUMBERS[office.random(12) as usize];
            office.dial(phone, number);
        }
        4..=6 if !office.phones[phone].ringing.is_empty() => office.answer(phone),
        7 if !office.phones[phone].ringing.is_empty() => {
            let status = [486, 603, 480, 500, 302][office.random(5) as usize];
            office.reject(phone, status);
        }
        8 | 9 if !office.phones[phone].up.is_empty() => office.hang_up(phone),
        10 if !office.phones[phone].up.is_empty() => {
            let session = office.phones[phone].up[0];
            let direction = [Direction::SendOnly, Direction::SendRecv, Direction::Inactive][office.random(3) as usize];
            office.phones[phone].try_reoffer(now, session, direction);
        }
        11 if !office.phones[phone].up.is_empty() => {
            let number = NUMBERS[office.random(12) as usize];
            let session = office.phones[phone].up[0];
            office.phones[phone].refer(now, session, &format!("<sip:{number}@office.example>"));
        }
        12 if office.phones[phone].up.len() > 1 => {
            let (first, second) = (office.phones[phone].up[0], office.phones[phone].up[1]);
            if let Some(refer_to) = office.phones[phone].refer_to(second) {
                office.phones[phone].refer(now, first, &refer_to);
            }
        }
        13 => office.input(Input::Fxs(line(port), fxs::Input::Hook(true))),
        14 => office.input(Input::Fxs(line(port), fxs::Input::Hook(false))),
        15 => {
            let number = NUMBERS[office.random(12) as usize];
            office.keys(line(port), number);
        }
        16 => office.flash(line(port)),
        17 => {
            let on = office.random(2) == 0;
            office.input(Input::Fxo(line(9), fxo::Input::Ring(on)));
        }
        18 => office.input(Input::Fxo(line(9), fxo::Input::DisconnectTone)),
        19 => {
            let script = [Script::Ring, Script::Silent, Script::Answer, Script::Reject(486), Script::BadSdp]
                [office.random(5) as usize];
            office.phones[phone].script = script;
        }
        20 => {
            let stream = office.books.rtp.keys().next().copied();
            if let Some(stream) = stream {
                office.media_event(Event::Digit { stream, digit: '9' });
            }
        }
        21 => {
            let call = office.exchange.calls().first().map(|call| call.id);
            if let (Some(call), 0) = (call, office.random(3)) {
                office.input(Input::Command(Command::HangUp(call)));
            }
        }
        22 => {
            let on = office.random(2) == 0;
            let waiting = office.random(2) == 0;
            if let Some(user) = office.config.users.get_mut(&user(1003)) {
                (user.do_not_disturb, user.call_waiting) = (on, waiting);
            }
            let config = office.config.clone();
            office.input(Input::Config(config.into()));
        }
        _ => {}
    }
    office.run();
    let milliseconds = u64::from(office.random(8000));
    office.pass(std::time::Duration::from_millis(milliseconds));
}

fn day(seed: u64, loss: u32) {
    let mut office = open(seed);
    office.loss = loss;
    for _ in 0..80 {
        step(&mut office);
    }
    office.loss = 0;
    // Everybody goes home.
    for _ in 0..4 {
        for phone in 0..office.phones.len() {
            office.phones[phone].script = Script::Reject(486);
            while !office.phones[phone].ringing.is_empty() {
                office.reject(phone, 486);
            }
            while !office.phones[phone].up.is_empty() {
                office.hang_up(phone);
            }
        }
        for port in [1, 2] {
            office.input(Input::Fxs(line(port), fxs::Input::Hook(false)));
        }
        office.input(Input::Fxo(line(9), fxo::Input::Ring(false)));
        office.input(Input::Fxo(line(9), fxo::Input::Present(false)));
        office.seconds(60);
    }
    office.close();
}

/// Days to play; more with `OFFHOOK_SEEDS=n`.
fn days(usual: u64) -> std::ops::Range<u64> {
    0..std::env::var("OFFHOOK_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(usual)
}

#[test]
fn days_without_loss() {
    for seed in days(60) {
        println!("seed {seed}");
        day(seed, 0);
    }
}

#[test]
fn days_with_loss() {
    for seed in days(40) {
        println!("seed {seed}");
        day(seed, 8);
    }
}
