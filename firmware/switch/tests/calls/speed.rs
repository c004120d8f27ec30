//! Processor time of whole calls, digest and SIP included. Run with
//! `cargo test --release -p offhook-switch --test calls -- --ignored --nocapture speed`.

use crate::office::{Office, Script, Site};

#[test]
#[ignore = "a measurement"]
fn speed_of_a_call() {
    let mut office = Office::open(Site::new().phones(&[1001, 1002]).0, &["1001", "1002"]);
    office.phones[1].script = Script::Answer;
    office.spent = std::time::Duration::ZERO;
    let calls = 2000;
    for _ in 0..calls {
        office.dial(0, "1002");
        office.hang_up(0);
        office.phones[1].invites.clear();
        office.books.legs.clear();
        office.books.calls.clear();
        office.books.order.clear();
        office.books.offered.clear();
        office.pass(std::time::Duration::from_millis(20));
    }
    println!("{:?} a call", office.spent / calls);
}
