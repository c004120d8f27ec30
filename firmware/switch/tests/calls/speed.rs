//! Processor time of whole calls, digest and SIP included, both legs, timers too. Run with
//! `cargo test --release -p offhook-switch --test calls -- --ignored --nocapture speed`.

use std::time::Duration;

use crate::office::{Office, Script, Site};

/// Time for a call from 1001 to 1002 in an office with so many phones, of which all others are in calls.
fn measure(phones: u128, calls: u32) {
    let extensions: Vec<u128> = (1001..1001 + phones).collect();
    let names: Vec<String> = extensions.iter().map(u128::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut office = Office::open(Site::new().phones(&extensions).0, &names);
    for phone in &mut office.phones {
        phone.script = Script::Answer;
    }
    for pair in (2..names.len()).step_by(2) {
        office.dial(pair, names[pair + 1]);
    }
    let busy = office.exchange.counters().calls;
    office.seconds(40);
    office.spent = Duration::ZERO;
    for _ in 0..calls {
        office.dial(0, "1002");
        office.hang_up(0);
        office.phones[1].invites.clear();
        office.books.legs.clear();
        office.books.calls.clear();
        office.books.order.clear();
        office.books.offered.clear();
        office.pass(Duration::from_millis(20));
    }
    println!("{:?} a call, with {busy} others up", office.spent / calls);
}

#[test]
#[ignore = "a measurement"]
fn speed_of_a_call() {
    measure(2, 2000);
    measure(240, 2000);
}
