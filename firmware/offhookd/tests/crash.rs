//! Kill -9 in the middle of calls: nothing that was known is lost.

mod office;

use office::Office;
use office::sipp::{Run, Sipp, user};

#[test]
fn fifty_calls_killed_in_the_middle_are_each_on_record_once_closed_and_marked() {
    let mut office = Office::open("crash", "");
    let callee = office::free_port();
    let callees: Vec<u32> = (1051..=1100).collect();
    office.register(&callees, callee);
    let users: Vec<String> = (0..50).map(|i| user(1001 + i, 1051 + i)).collect();
    let box_port = office.sip;
    let run = |scenario, users, port| Run { scenario, users, calls: 50, rate: 100, port, box_port, transport: "u1" };
    let answering = Sipp::start(&office.directory, &run("answer.xml", &[], callee));
    let calling = Sipp::start(&office.directory, &run("call_open.xml", &users, office::free_port()));
    office::wait_until("50 calls up", || {
        let live = office.get("/api/v1/live/calls");
        live.as_array().is_some_and(|calls| calls.iter().filter(|c| !c["answered"].is_null()).count() == 50)
    });
    // What the box shows as on record is what must not be lost.
    office::wait_until("50 records", || office.calls().len() == 50);
    let bindings = office.get("/api/v1/status")["registrations"].clone();
    assert_eq!(bindings, 50);
    office.kill();
    drop((answering, calling));
    office.start();
    let calls = office.calls();
    assert_eq!(calls.len(), 50);
    for call in &calls {
        assert!(!call["ended"].is_null() && call["interrupted"] == true, "{call}");
        let legs = call["legs"].as_array().unwrap();
        let mut statuses: Vec<&str> = legs.iter().filter_map(|leg| leg["status"].as_str()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, ["ANSWERED", "OUT"], "{call}");
        for leg in legs {
            assert!(!leg["answered"].is_null() && leg["ended"] == call["ended"], "{call}");
        }
    }
    assert_eq!(office.get("/api/v1/status")["registrations"], bindings);
    // And it serves: a phone registered before the crash is reached without registering again.
    let answering = Sipp::start(&office.directory, &Run { calls: 1, ..run("answer.xml", &[], callee) });
    let caller = [users[0].clone()];
    Sipp::start(&office.directory, &Run { calls: 1, ..run("call.xml", &caller, office::free_port()) }).finish();
    answering.finish();
    office.wait_for_quiet();
    assert_eq!(office.calls().len(), 51);
}
