//! The same inputs at the same times with the same seed give the same outputs, byte for byte.

use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_lines::fxs;
use offhook_sip::endpoint::{self as sip, EndpointConfig, Flow, Transport};
use offhook_switch::exchange::{Exchange, Input, Now};

use crate::office::{Site, line};

fn outputs(start: Instant) -> Vec<String> {
    let mut site = Site::new().phones(&[1001, 1002]).set(1201, 1).set(1202, 2);
    site.0.announcements.push(crate::office::announcement("7000"));
    let now = |milliseconds: u64| Now {
        instant: start + Duration::from_millis(milliseconds),
        wall: 1_700_000_000_000 + i64::try_from(milliseconds).unwrap(),
    };
    let mut exchange = Exchange::new(site.0.into(), EndpointConfig::default(), "/data".into(), [9; 32], now(0));
    let flow = Flow {
        transport: Transport::Udp,
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: "192.0.2.10:5060".parse().unwrap(),
        connection: None,
    };
    let register = "REGISTER sip:office.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKa\r\n\
        From: <sip:1001@office.example>;tag=1\r\nTo: <sip:1001@office.example>\r\nCall-ID: a\r\nCSeq: 1 REGISTER\r\n\
        Max-Forwards: 70\r\nContact: <sip:1001@192.0.2.10>\r\nContent-Length: 0\r\n\r\n";
    let mut inputs = vec![
        Input::Sip(sip::Input::Received { flow, bytes: Bytes::from_static(register.as_bytes()) }),
        Input::Fxs(line(1), fxs::Input::Hook(true)),
    ];
    inputs.extend("1202".chars().map(|digit| Input::Fxs(line(1), fxs::Input::Dtmf(digit))));
    inputs.push(Input::Fxs(line(2), fxs::Input::Hook(true)));
    inputs.push(Input::Fxs(line(1), fxs::Input::Hook(false)));
    let mut all = Vec::new();
    for (n, input) in inputs.into_iter().enumerate() {
        let at = now(n as u64 * 1000);
        exchange.handle_timeout(at);
        exchange.handle(at, input);
        while let Some(output) = exchange.poll_output() {
            all.push(match output {
                offhook_switch::exchange::Output::Sip(sip::Output::Send { bytes, .. }) => {
                    String::from_utf8_lossy(&bytes).into_owned()
                }
                output => format!("{output:?}"),
            });
        }
    }
    all
}

#[test]
fn the_same_day_twice() {
    let start = Instant::now();
    let once = outputs(start);
    assert!(once.len() > 20);
    assert_eq!(once, outputs(start));
}
