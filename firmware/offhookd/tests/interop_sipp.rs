//! The box with SIPp: registration, calls, cancel, forking, transfer.

mod office;

use office::Office;
use office::sipp::{Run, Sipp, user};

fn run<'a>(office: &Office, scenario: &'a str, users: &'a [String], calls: u32, port: u16) -> Run<'a> {
    Run { scenario, users, calls, rate: 50, port, box_port: office.sip, transport: "u1" }
}

fn statuses(office: &Office, wanted: usize) -> Vec<String> {
    let mut found = Vec::new();
    office::wait_until(&format!("{wanted} legs on record"), || {
        found = office
            .calls()
            .iter()
            .flat_map(|c| c["legs"].as_array().cloned().unwrap_or_default())
            .filter_map(|l| l["status"].as_str().map(String::from))
            .collect();
        found.len() >= wanted
    });
    found.sort();
    found
}

#[test]
fn a_hundred_calls_between_registered_phones_are_answered_and_on_record() {
    let office = Office::open("sipp-calls", "");
    let callee = office::free_port();
    let callees: Vec<u32> = (1031..=1060).collect();
    office.register(&callees, callee);
    let answering = Sipp::start(&office.directory, &run(&office, "answer.xml", &[], 100, callee));
    let pairs: Vec<String> = (0..30).map(|i| user(1001 + i, 1031 + i)).collect();
    Sipp::start(&office.directory, &run(&office, "call.xml", &pairs, 100, office::free_port())).finish();
    answering.finish();
    office.wait_for_quiet();
    let calls = office.calls();
    assert_eq!(calls.len(), 100);
    for call in &calls {
        assert!(call["answered"].is_number() || call["answered"].is_string(), "{call}");
        assert!(!call["ended"].is_null(), "{call}");
    }
}

#[test]
fn a_call_given_up_while_ringing_is_missed() {
    let office = Office::open("sipp-cancel", "");
    let callee = office::free_port();
    office.register(&[1002], callee);
    let ringing = Sipp::start(&office.directory, &run(&office, "ring.xml", &[], 1, callee));
    let caller = [user(1001, 1002)];
    Sipp::start(&office.directory, &run(&office, "cancel.xml", &caller, 1, office::free_port())).finish();
    ringing.finish();
    office.wait_for_quiet();
    assert!(statuses(&office, 2).contains(&"NO_ANSWER".to_string()));
}

#[test]
fn two_phones_of_one_person_ring_together_and_one_wins() {
    let office = Office::open("sipp-fork", "");
    let (first, second) = (office::free_port(), office::free_port());
    office.register(&[1002], first);
    office.register(&[1002], second);
    let ringing = Sipp::start(&office.directory, &run(&office, "ring.xml", &[], 1, first));
    let answering = Sipp::start(&office.directory, &run(&office, "answer.xml", &[], 1, second));
    let caller = [user(1001, 1002)];
    Sipp::start(&office.directory, &run(&office, "call.xml", &caller, 1, office::free_port())).finish();
    ringing.finish();
    answering.finish();
    office.wait_for_quiet();
    let found = statuses(&office, 2);
    assert_eq!(found.iter().filter(|s| *s == "ANSWERED").count(), 1, "{found:?}");
}

#[test]
fn a_blind_transfer_reaches_the_third_phone() {
    let office = Office::open("sipp-transfer", "");
    let (second, third) = (office::free_port(), office::free_port());
    office.register(&[1002], second);
    office.register(&[1003], third);
    // The phone transferred to answers and is hung up on by the other: SIPp's answer scenario waits for BYE.
    let two = Sipp::start(&office.directory, &run(&office, "answer.xml", &[], 1, second));
    let three = Sipp::start(&office.directory, &run(&office, "answer.xml", &[], 1, third));
    let caller = [user(1001, "1002;1003")];
    Sipp::start(&office.directory, &run(&office, "transfer.xml", &caller, 1, office::free_port())).finish();
    let mut joined = false;
    office::wait_until("the two to be joined", || {
        let calls = office.get("/api/v1/live/calls");
        let calls = calls.as_array().cloned().unwrap_or_default();
        joined = calls.iter().any(|c| {
            let legs = c["legs"].as_array().cloned().unwrap_or_default();
            legs.len() == 2 && legs.iter().all(|l| l["state"] == "talking")
        });
        joined
    });
    for call in office.get("/api/v1/live/calls").as_array().cloned().unwrap_or_default() {
        office.send("DELETE", &format!("/api/v1/live/calls/{}", call["id"].as_str().unwrap()), &serde_json::json!({}));
    }
    two.finish();
    three.finish();
    office.wait_for_quiet();
}
