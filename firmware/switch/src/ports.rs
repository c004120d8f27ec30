//! RTP ports: even ones from the configured range, in turn, resting for a while after use so that late packets of the last call
//! do not reach the next. Whether a port can be had is known outside ([`PortOpener`]).

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long a port rests after use.
const QUARANTINE: Duration = Duration::from_secs(2);
/// How long a port that another program has is left alone.
const ASIDE: Duration = Duration::from_secs(60);
/// Pairs kept back for emergency calls.
const RESERVE: usize = 4;

/// Pairs tried for one leg before it is refused.
pub(crate) const MOST_TRIES: usize = 8;

/// What became of a pair of ports that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortOpening {
    /// It is ours: [`offhook_media::command::Command::OpenRtp`] follows.
    Opened,
    /// Another program has it: the next pair is tried.
    Taken,
    /// No pair can be opened (no such address, too many files).
    Impossible,
}

/// Opens a pair of RTP ports, by its even port, before it is written into a session description. Comes from outside, as chance and
/// time do; it must not wait.
pub type PortOpener = Box<dyn FnMut(SocketAddr) -> PortOpening + Send>;

/// The allocator. An even port stands for itself (RTP) and the next (RTCP).
#[derive(Debug)]
pub(crate) struct Ports {
    free: VecDeque<u16>,
    taken: BTreeSet<u16>,
    resting: VecDeque<(Instant, u16)>,
    /// Another program has them.
    aside: VecDeque<(Instant, u16)>,
    first: u16,
    last: u16,
}

impl Ports {
    /// All even ports with their odd neighbour inside `first..=last`.
    pub(crate) fn new(first: u16, last: u16) -> Self {
        let (resting, aside) = (VecDeque::new(), VecDeque::new());
        let mut ports = Ports { free: VecDeque::new(), taken: BTreeSet::new(), resting, aside, first, last };
        ports.free = ports.range().collect();
        ports
    }

    fn range(&self) -> impl Iterator<Item = u16> + use<> {
        let last = self.last;
        (self.first..=self.last).filter(move |port| port % 2 == 0 && *port != 0 && *port < last)
    }

    /// Changes the range; ports in use stay in use.
    pub(crate) fn set_range(&mut self, first: u16, last: u16) {
        if (first, last) == (self.first, self.last) {
            return;
        }
        (self.first, self.last) = (first, last);
        self.resting.clear();
        self.aside.clear();
        self.free = self.range().filter(|port| !self.taken.contains(port)).collect();
    }

    /// A port; `None` when all are taken. The last few are for emergency calls.
    pub(crate) fn take(&mut self, now: Instant, emergency: bool) -> Option<u16> {
        for waiting in [&mut self.resting, &mut self.aside] {
            while let Some(&(until, port)) = waiting.front() {
                if until > now {
                    break;
                }
                waiting.pop_front();
                self.free.push_back(port);
            }
        }
        // When everything else is taken a resting port is better than a refused call.
        let spare = self.free.len() + self.resting.len();
        if spare <= RESERVE && !emergency {
            return None;
        }
        let port = self.free.pop_front().or_else(|| self.resting.pop_front().map(|(_, port)| port))?;
        self.taken.insert(port);
        Some(port)
    }

    /// The stream on this port is closed.
    pub(crate) fn give_back(&mut self, now: Instant, port: u16) {
        if self.taken.remove(&port) && (self.first..self.last).contains(&port) {
            self.resting.push_back((now + QUARANTINE, port));
        }
    }

    /// A port just taken turned out to be another program's: it is not tried again for a while.
    pub(crate) fn set_aside(&mut self, now: Instant, port: u16) {
        if self.taken.remove(&port) {
            self.aside.push_back((now + ASIDE, port));
        }
    }

    /// Ports taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_rests_before_it_is_used_again() {
        let now = Instant::now();
        let mut ports = Ports::new(30000, 30019);
        let first = ports.take(now, false).unwrap();
        assert_eq!(first, 30000);
        ports.give_back(now, first);
        let next: Vec<u16> = (0..5).map(|_| ports.take(now, false).unwrap()).collect();
        assert!(!next.contains(&first));
    }

    #[test]
    fn a_port_of_another_program_is_left_alone_for_a_while() {
        let now = Instant::now();
        let mut ports = Ports::new(30000, 30011);
        assert_eq!(ports.take(now, true), Some(30000));
        ports.set_aside(now, 30000);
        assert_eq!(ports.taken(), 0);
        let rest: Vec<u16> = std::iter::from_fn(|| ports.take(now, true)).collect();
        assert_eq!(rest, [30002, 30004, 30006, 30008, 30010], "not even when all others are taken");
        assert_eq!(ports.take(now + ASIDE, true), Some(30000));
    }

    #[test]
    fn the_last_pairs_are_for_emergency_calls() {
        let now = Instant::now();
        let mut ports = Ports::new(30001, 30012);
        assert_eq!(ports.take(now, false), Some(30002));
        assert_eq!(ports.take(now, false), None);
        assert_eq!((0..9).filter_map(|_| ports.take(now, true)).count(), 4);
        assert_eq!(ports.taken(), 5);
    }
}
