//! RTP ports that another program has.

mod office;

use std::net::UdpSocket;

use office::Office;
use office::sipp::{Run, Sipp, user};

/// The first port of the box's range, from its site file.
fn first_port(office: &Office) -> u16 {
    let site = std::fs::read_to_string(office.directory.join("site.toml")).expect("the site file");
    let range = site.lines().find_map(|line| line.strip_prefix("rtp = \"")).expect("a range of ports");
    range.split('-').next().and_then(|first| first.parse().ok()).expect("a port")
}

#[test]
fn the_next_pair_is_offered() {
    let office = Office::open("rtp-ports", "");
    let first = first_port(&office);
    // RTP of the first pair, RTCP of the second: neither can be used.
    let others: Vec<UdpSocket> =
        [first, first + 3].iter().map(|port| UdpSocket::bind(("127.0.0.1", *port)).expect("a free port")).collect();
    let callee = office::free_port();
    office.register(&[1002], callee);
    let run =
        |scenario, users, port| Run { scenario, users, calls: 1, rate: 1, port, box_port: office.sip, transport: "u1" };
    let answering = Sipp::start(&office.directory, &run("answer.xml", &[], callee));
    let caller = [user(1001, 1002)];
    Sipp::start(&office.directory, &run("call.xml", &caller, office::free_port())).finish();
    answering.finish();
    office.wait_for_quiet();
    let calls = office.calls();
    assert_eq!(calls.len(), 1);
    assert!(!calls[0]["answered"].is_null(), "{}", calls[0]);
    let log = office.log();
    let warnings = log.lines().filter(|line| line.contains("another program has an RTP port")).count();
    assert_eq!(warnings, 2, "one for each pair that is taken:\n{log}");
    drop(others);
}
