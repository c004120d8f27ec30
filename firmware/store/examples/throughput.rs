//! How much processor time a call costs to keep: `cargo run --release -p offhook-store --example throughput`.
//!
//! Each call is what call control hands over: its record at start, answer and end, two legs when offered and when
//! answered, two leg records.

use std::time::{Duration, Instant};

use offhook_store::Store;
use offhook_switch::id::{CallId, LegId};
use offhook_switch::record::{CallRecord, Direction, LegRecord, LegStatus, OpenLeg};
use uuid::Uuid;

const CALLS_PER_SECOND: u32 = 600;
const SECONDS: u32 = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::temp_dir().join(format!("offhook-throughput-{}", Uuid::now_v7()));
    let store = Store::open(&directory)?;
    let (ticks, begin) = (processor_ticks()?, Instant::now());
    for number in 0..CALLS_PER_SECOND * SECONDS {
        one_call(&store)?;
        let due = begin + Duration::from_secs(1) * (number + 1) / CALLS_PER_SECOND;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    store.writer().flush()?;
    // A tick is a hundredth of a second.
    let spent = (processor_ticks()? - ticks) as f64 * 10.0 / f64::from(CALLS_PER_SECOND * SECONDS);
    let text =
        format!("{CALLS_PER_SECOND} calls/s for {SECONDS} s: {spent:.3} ms each, {:?}\n", store.writer().health());
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(std::fs::remove_dir_all(&directory)?)
}

fn one_call(store: &Store) -> Result<(), Box<dyn std::error::Error>> {
    let writer = store.writer();
    let mut call = CallRecord {
        id: CallId(Uuid::now_v7()),
        direction: Direction::Internal,
        caller: "1001".into(),
        caller_name: Some("Bench 1001".into()),
        called: "1002".into(),
        caller_user: None,
        answered_by: None,
        trunk: None,
        started: 1_700_000_000_000,
        answered: None,
        ended: None,
        cause: None,
        ended_by_callee: false,
        interrupted: false,
        recording: None,
    };
    let mut legs = [true, false].map(|outgoing| OpenLeg {
        id: LegId(Uuid::now_v7()),
        call: call.id,
        user: None,
        device: None,
        trunk: None,
        number: "1001".into(),
        interface: Some("SIPp".into()),
        outgoing,
        started: call.started,
        answered: None,
    });
    for answered in [None, Some(call.started + 10)] {
        call.answered = answered;
        writer.put_call(call.clone())?;
        for leg in &mut legs {
            leg.answered = answered;
            writer.put_open_leg(leg.clone())?;
        }
    }
    for leg in legs {
        writer.put_leg(LegRecord {
            id: leg.id,
            call: call.id,
            user: None,
            device: None,
            trunk: None,
            number: leg.number,
            interface: leg.interface,
            status: if leg.outgoing { LegStatus::Out } else { LegStatus::Answered },
            started: call.started,
            answered: call.answered,
            ended: call.started + 20,
            cause: 16,
        })?;
    }
    call.ended = Some(call.started + 20);
    call.cause = Some(16);
    Ok(writer.put_call(call)?)
}

/// Processor time of this process, user and system: fields 14 and 15 of `/proc/self/stat` (proc(5)).
fn processor_ticks() -> Result<u64, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let mut ticks = 0;
    for field in fields.skip(12 - 1).take(2) {
        ticks += field.parse::<u64>()?;
    }
    Ok(ticks)
}
