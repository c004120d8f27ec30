//! Reading an INVITE with SDP, by our parser and by rsip in the same run, so that the machine is the same for both.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use offhook_sip::message::Message;

use super::allocations;

/// The INVITE of a desk phone, with SDP.
const INVITE: &[u8] = include_bytes!("../../../../firmware/sip/tests/messages/invite.sip");
/// Messages per round.
const MESSAGES: u32 = 20_000;
/// Rounds: the median counts. Both parsers take turns, so that a slow moment of the machine hits both.
const ROUNDS: usize = 15;

/// One parser's results: nanoseconds per message of each round, and allocations per message.
struct Results {
    name: &'static str,
    nanoseconds: Vec<f64>,
    allocations: f64,
}

impl Results {
    fn new(name: &'static str) -> Results {
        Results { name, nanoseconds: Vec::with_capacity(ROUNDS), allocations: 0.0 }
    }

    fn round(&mut self, mut work: impl FnMut()) {
        let allocated = allocations::count();
        let start = Instant::now();
        for _ in 0..MESSAGES {
            work();
        }
        let elapsed = start.elapsed();
        self.allocations = (allocations::count() - allocated) as f64 / f64::from(MESSAGES);
        self.nanoseconds.push(elapsed.as_secs_f64() * 1e9 / f64::from(MESSAGES));
    }

    /// The median of the rounds, and the fastest: the one the rest of the machine disturbed least.
    fn median_and_fastest(&mut self) -> (f64, f64) {
        self.nanoseconds.sort_by(f64::total_cmp);
        let round = |at: usize| self.nanoseconds.get(at).copied().unwrap_or_default();
        (round(self.nanoseconds.len() / 2), round(0))
    }
}

/// Measures and prints.
#[expect(clippy::print_stdout, reason = "a benchmark prints its result")]
pub(crate) fn run() -> anyhow::Result<()> {
    let bytes = Bytes::from_static(INVITE);
    let message = Message::parse_datagram(bytes.clone()).context("our parser refuses the message")?;
    message.validate().context("our parser finds the message invalid")?;
    let other = rsip::SipMessage::try_from(INVITE).context("rsip refuses the message")?;
    ensure!(other.is_request(), "rsip reads something else");

    let mut parse = Results::new("offhook: parse");
    let mut handle = Results::new("offhook: parse, read Via, From, To, CSeq, Contact");
    let mut check = Results::new("offhook: validate alone");
    let mut validate = Results::new("offhook: parse, validate");
    let mut rsip = Results::new("rsip 0.4: parse");
    for _ in 0..ROUNDS {
        parse.round(|| {
            let message = Message::parse_datagram(black_box(&bytes).clone());
            black_box(message.is_ok());
        });
        handle.round(|| {
            if let Ok(message) = Message::parse_datagram(black_box(&bytes).clone()) {
                black_box((message.top_via(), message.from(), message.to(), message.cseq(), message.contacts()));
            }
        });
        check.round(|| {
            black_box(black_box(&message).validate().is_ok());
        });
        validate.round(|| {
            let message = Message::parse_datagram(black_box(&bytes).clone());
            black_box(message.and_then(|message| message.validate()).is_ok());
        });
        rsip.round(|| {
            let message = rsip::SipMessage::try_from(black_box(INVITE));
            black_box(message.is_ok());
        });
    }
    println!("INVITE with SDP, {} bytes; {ROUNDS} rounds of {MESSAGES} messages", INVITE.len());
    println!("{:<50} {:>12} {:>12} {:>12}", "per message", "median ns", "fastest ns", "allocations");
    for results in [&mut parse, &mut check, &mut validate, &mut handle, &mut rsip] {
        let (median, fastest) = results.median_and_fastest();
        println!("{:<50} {median:>12.0} {fastest:>12.0} {:>12.1}", results.name, results.allocations);
    }
    Ok(())
}
