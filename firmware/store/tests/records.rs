//! Call records: written once, found again, closed after a crash, never lost to a full disk.

mod support;

use std::time::{Duration, Instant};

use offhook_store::calls::{CAUSE_INTERRUPTED, Filter};
use offhook_store::{Options, Store, StoreError};
use offhook_switch::exchange::StoredBinding;
use offhook_switch::id::{CallId, DeviceId, LegId, UserId};
use offhook_switch::record::{Direction, LegQuality, LegRecord, LegStatus, OpenLeg, PeerQuality};
use support::{Directory, call, ended, leg, open_leg};
use uuid::Uuid;

#[test]
fn the_last_state_of_a_call_wins_and_legs_come_with_it() {
    let directory = Directory::new();
    let store = Store::open(&directory.0).expect("opened");
    let begun = call(7, 1000);
    let over = ended(begun.clone(), Some(2000), 9000);
    let writer = store.writer();
    writer.put_call(begun.clone()).expect("taken");
    writer.flush().expect("written");
    assert_eq!(store.call(begun.id).expect("read").expect("there").call, begun);
    let legs = vec![leg(1, &over, 1, LegStatus::Out), leg(2, &over, 2, LegStatus::Answered)];
    for leg in &legs {
        writer.put_leg(leg.clone()).expect("taken");
    }
    writer.put_call(over.clone()).expect("taken");
    writer.flush().expect("written");
    let found = store.call(begun.id).expect("read").expect("there");
    assert_eq!((found.call, found.legs), (over, legs));
    drop(store);
    let store = Store::open(&directory.0).expect("opened again");
    assert_eq!(store.calls(&Filter::default(), 10).expect("read").len(), 1);
}

#[test]
fn the_sound_of_a_leg_is_kept_with_it_in_whatever_order_they_come() {
    let directory = Directory::new();
    let store = Store::open(&directory.0).expect("opened");
    let record = ended(call(7, 1000), Some(2000), 9000);
    let legs = [
        leg(1, &record, 1, LegStatus::Out),
        leg(2, &record, 2, LegStatus::Answered),
        leg(3, &record, 3, LegStatus::CallAnswered),
    ];
    let writer = store.writer();
    let peer = PeerQuality { lost: 9, jitter_us: 1500, rating: Some(82), mos_tenths: Some(40), delay_ms: Some(60) };
    let (told, silent) = (quality(1, Some(peer)), quality(2, None));
    writer.put_leg_quality(told).expect("taken");
    writer.flush().expect("written before its leg");
    writer.put_call(record.clone()).expect("taken");
    for leg in &legs {
        writer.put_leg(leg.clone()).expect("taken");
    }
    writer.put_leg_quality(silent).expect("taken");
    writer.flush().expect("written");
    // The record is written again: its figures stay.
    writer.put_leg(legs[0].clone()).expect("taken");
    writer.flush().expect("written");
    let mut found = store.call(record.id).expect("read").expect("there").qualities;
    found.sort_by_key(|quality| quality.leg);
    assert_eq!(found, [told, silent]);
    assert!(store.calls(&Filter::default(), 10).expect("read")[0].qualities.is_empty(), "only with the details");

    // It goes with its leg.
    drop(store);
    let connection = rusqlite::Connection::open(directory.0.join(offhook_store::DATABASE_FILE)).expect("opened");
    let count =
        || connection.query_row("SELECT count(*) FROM leg_quality", (), |row| row.get::<_, i64>(0)).expect("read");
    assert_eq!(count(), 2);
    connection.execute("DELETE FROM legs WHERE id = ?1", [legs[0].id.0.as_bytes().as_slice()]).expect("deleted");
    assert_eq!(count(), 1);
}

fn quality(leg: u128, peer: Option<PeerQuality>) -> LegQuality {
    LegQuality {
        leg: LegId(Uuid::from_u128(leg)),
        received: 5000,
        lost: 12,
        sent: 5010,
        discarded: 1,
        jitter_us: 2400,
        round_trip_us: peer.map(|_| 31_000),
        mean_delay_us: 42_000,
        max_delay_us: 80_000,
        concealed_ppm: 2400,
        burst_ratio_permille: 1000,
        rating_tenths: Some(871),
        peer,
    }
}

#[test]
fn filters_and_pages() {
    let directory = Directory::new();
    let store = Store::open(&directory.0).expect("opened");
    for number in 0..25u128 {
        // Several begin in the same millisecond: the page must not lose or repeat them.
        let started = 1000 + i64::try_from(number / 4).expect("small");
        let mut record = ended(call(100 + number, started), (number % 2 == 0).then_some(started + 5), started + 9);
        record.direction = if number % 5 == 0 { Direction::Inbound } else { Direction::Internal };
        record.caller = format!("+3312345{number:02}");
        record.caller_user = None;
        store.writer().put_leg(leg(500 + number, &record, number % 3, LegStatus::NoAnswer)).expect("taken");
        store.writer().put_call(record).expect("taken");
    }
    store.writer().flush().expect("written");
    let count = |filter: Filter| store.calls(&filter, 1000).expect("read").len();
    assert_eq!(count(Filter { direction: Some(Direction::Inbound), ..Filter::default() }), 5);
    assert_eq!(count(Filter { answered: Some(true), ..Filter::default() }), 13);
    assert_eq!(count(Filter { answered: Some(false), ..Filter::default() }), 12);
    assert_eq!(count(Filter { search: Some("34507".into()), ..Filter::default() }), 1);
    assert_eq!(count(Filter { search: Some("RECEP".into()), ..Filter::default() }), 25);
    assert_eq!(count(Filter { search: Some("%".into()), ..Filter::default() }), 0);
    assert_eq!(count(Filter { from: Some(1001), to: Some(1003), ..Filter::default() }), 8);
    let user = Some(UserId(Uuid::from_u128(1)));
    assert_eq!(count(Filter { user, answered: Some(false), ..Filter::default() }), 4);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.calls(&Filter { after, ..Filter::default() }, 4).expect("read");
        let Some(last) = page.last() else { break };
        after = Some((last.call.started, last.call.id));
        seen.extend(page.iter().map(|call| (call.call.started, call.call.id)));
    }
    let mut sorted = seen.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (25, &sorted));
}

#[test]
fn calls_cut_by_a_crash_are_closed_at_the_last_known_moment() {
    let directory = Directory::new();
    let store = Store::open(&directory.0).expect("opened");
    let writer = store.writer();
    let ringing = call(1, 1000);
    let mut talking = call(2, 1000);
    talking.answered = Some(3000);
    talking.answered_by = Some(UserId(Uuid::from_u128(2)));
    let late = call(3, 60_000);
    let over = ended(call(4, 1000), None, 2000);
    for record in [&ringing, &talking, &late, &over] {
        writer.put_call(record.clone()).expect("taken");
    }
    let out = |number, call| OpenLeg { outgoing: true, ..open_leg(number, call, 1, 0) };
    let mut answered = open_leg(22, &talking, 2, 10);
    writer.put_open_leg(answered.clone()).expect("taken");
    writer.flush().expect("written");
    answered.answered = Some(3000);
    answered.device = Some(DeviceId(Uuid::from_u128(5)));
    let open = [
        out(11, &ringing),
        open_leg(12, &ringing, 2, 10),
        out(21, &talking),
        answered.clone(),
        // It rang before another answered; the next is being asked since by a transfer.
        open_leg(23, &talking, 3, 5),
        open_leg(24, &talking, 4, 20_000),
        // Its CANCEL was under way when its call was over already.
        open_leg(41, &over, 4, 10),
        // Of a call that never reached the disk.
        open_leg(51, &call(5, 1000), 4, 10),
    ];
    for leg in open {
        writer.put_open_leg(leg).expect("taken");
    }
    // One leg of the talking call is written already: it stays as it is.
    let mut known = leg(21, &talking, 1, LegStatus::Out);
    known.ended = 3500;
    writer.put_leg(known.clone()).expect("taken");
    writer.heartbeat(45_000).expect("taken");
    writer.flush().expect("written");
    drop(store);

    let store = Store::open(&directory.0).expect("opened again");
    assert_eq!(store.close_interrupted(100_000).expect("closed"), 3);
    let find = |id: CallId| store.call(id).expect("read").expect("there");
    let closed = find(ringing.id);
    assert_eq!(
        (closed.call.ended, closed.call.interrupted, closed.call.cause),
        (Some(45_000), true, Some(CAUSE_INTERRUPTED))
    );
    let statuses = |id| find(id).legs.iter().map(|leg| leg.status).collect::<Vec<_>>();
    assert_eq!(statuses(ringing.id), [LegStatus::Out, LegStatus::NoAnswer]);
    assert_eq!(
        statuses(talking.id),
        [LegStatus::Out, LegStatus::CallAnswered, LegStatus::Answered, LegStatus::NoAnswer]
    );
    let legs = find(talking.id).legs;
    assert_eq!(legs[0], known);
    let spoke = LegRecord {
        id: answered.id,
        call: talking.id,
        user: answered.user,
        device: answered.device,
        trunk: None,
        number: answered.number,
        interface: None,
        status: LegStatus::Answered,
        started: 1010,
        answered: Some(3000),
        ended: 45_000,
        cause: CAUSE_INTERRUPTED,
    };
    assert_eq!(legs[2], spoke);
    let after = find(over.id);
    assert_eq!((after.legs[0].status, after.legs[0].ended), (LegStatus::NoAnswer, 2000));
    assert_eq!(find(late.id).call.ended, Some(60_000), "not before it began");
    assert_eq!(find(over.id).call, over, "a call that was over is not touched");
    assert_eq!(store.close_interrupted(100_000).expect("closed"), 0, "once");
    assert_eq!(find(talking.id).legs.len(), 4);
}

#[test]
fn a_clock_that_went_back_does_not_lengthen_calls() {
    let directory = Directory::new();
    let store = Store::open(&directory.0).expect("opened");
    store.writer().put_call(call(1, 1000)).expect("taken");
    store.writer().heartbeat(9_999_999).expect("taken");
    store.writer().flush().expect("written");
    store.close_interrupted(5000).expect("closed");
    let closed = store.call(CallId(Uuid::from_u128(1))).expect("read").expect("there");
    assert_eq!(closed.call.ended, Some(1000));
}

fn binding(expires: i64) -> StoredBinding {
    StoredBinding {
        contact: "sip:1001@192.0.2.7:5060".into(),
        transport: "udp".into(),
        local: "192.0.2.1:5060".parse().expect("address"),
        remote: "192.0.2.7:5060".parse().expect("address"),
        path: vec![],
        q: 1000,
        instance: Some("<urn:uuid:f81d4fae>".into()),
        reg_id: Some(1),
        call_id: "a@b".into(),
        cseq: 2,
        user_agent: Some("Phone".into()),
        expires,
    }
}

#[test]
fn bindings_come_back_until_they_lapse() {
    let directory = Directory::new();
    let store = Store::open(&directory.0).expect("opened");
    let writer = store.writer();
    writer.put_bindings("1001".into(), vec![binding(5000), binding(9000)]).expect("taken");
    writer.put_bindings("1002".into(), vec![binding(5000)]).expect("taken");
    writer.put_bindings("1003".into(), vec![binding(9000)]).expect("taken");
    writer.put_bindings("1003".into(), vec![]).expect("taken");
    drop(store);
    let store = Store::open(&directory.0).expect("opened again");
    wait(|| store.bindings(0).expect("read").len() == 2);
    assert_eq!(store.bindings(6000).expect("read"), [("1001".to_owned(), vec![binding(9000)])]);
    assert_eq!(store.bindings_of("1002", 4000).expect("read").len(), 1);
}

/// The former store's thread may still be writing its last batch.
fn wait(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(30), "it never came");
        std::thread::yield_now();
    }
}

#[test]
fn a_full_disk_keeps_records_in_memory_and_says_so() {
    let directory = Directory::new();
    let options = Options { backlog: 5, ..Options::default() };
    let store = Store::open_with(&directory.0, options).expect("opened");
    store.limit_size_for_tests(Some(0)).expect("limited");
    let big = |number| {
        let mut record = call(number, 1000);
        record.caller_name = Some("x".repeat(20_000));
        record
    };
    for number in 0..4 {
        store.writer().put_call(big(number)).expect("taken");
    }
    assert!(matches!(store.writer().flush(), Err(StoreError::DiskFull)));
    let health = store.writer().health();
    assert_eq!((health.lost, health.waiting), (0, 4), "{health:?}");
    assert!(health.error.is_some());
    for number in 4..20 {
        store.writer().put_call(big(number)).expect("taken");
    }
    assert!(store.writer().flush().is_err());
    let health = store.writer().health();
    assert_eq!((health.lost, health.waiting), (15, 5), "bounded: {health:?}");
    store.limit_size_for_tests(None).expect("space again");
    store.writer().flush().expect("written");
    let health = store.writer().health();
    assert_eq!((health.waiting, health.error), (0, None));
    assert_eq!(store.calls(&Filter::default(), 100).expect("read").len(), 5);
}
