//! Failed attempts to sign in: the more, the longer the wait.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Failures that cost nothing.
const FREE: u32 = 5;
/// The first wait, milliseconds; it doubles with each failure.
const FIRST_WAIT: i64 = 2_000;
/// The longest wait, milliseconds.
const LONGEST_WAIT: i64 = 15 * 60 * 1000;
/// Failures are forgotten after this long without one, milliseconds.
const FORGOTTEN: i64 = 60 * 60 * 1000;
/// Most addresses remembered.
const MOST: usize = 4096;

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: i64,
}

impl Failures {
    fn wait_until(self) -> i64 {
        match self.count.checked_sub(FREE) {
            None => self.last,
            Some(beyond) => self.last + (FIRST_WAIT << beyond.min(16)).min(LONGEST_WAIT),
        }
    }
}

/// Failed attempts by address. An IPv6 network of 64 bits counts as one address: a person has all of it.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<BTreeMap<IpAddr, Failures>>);

impl Attempts {
    /// The milliseconds to wait before the next attempt; `None`: it may be made, and counts as failed until
    /// [`Attempts::succeeded`].
    pub(crate) fn begin(&self, address: IpAddr, now: i64) -> Option<i64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = network(address);
        if all.get(&address).is_some_and(|failures| failures.last <= now - FORGOTTEN) {
            all.remove(&address);
        }
        if all.len() >= MOST && !all.contains_key(&address) {
            all.retain(|_, failures| failures.last > now - FORGOTTEN);
        }
        if all.len() >= MOST && !all.contains_key(&address) {
            // Full of attackers: forgetting the oldest keeps the door usable.
            let oldest = all.iter().min_by_key(|(_, failures)| failures.last).map(|(address, _)| *address);
            if let Some(oldest) = oldest {
                all.remove(&oldest);
            }
        }
        let failures = all.entry(address).or_insert(Failures { count: 0, last: now });
        let wait = failures.wait_until() - now;
        if wait > 0 {
            return Some(wait);
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        None
    }

    /// The attempt was right.
    pub(crate) fn succeeded(&self, address: IpAddr) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&network(address));
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6((v6.to_bits() & (u128::MAX << 64)).into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let attempts = Attempts::default();
        let address: IpAddr = "192.0.2.1".parse().expect("address");
        let mut now = 1_000_000;
        for _ in 0..FREE {
            assert_eq!(attempts.begin(address, now), None);
        }
        assert_eq!(attempts.begin(address, now), Some(2000));
        now += 2000;
        assert_eq!(attempts.begin(address, now), None);
        assert_eq!(attempts.begin(address, now), Some(4000));
        assert_eq!(attempts.begin("192.0.2.2".parse().expect("address"), now), None, "others are not held up");
        now += FORGOTTEN + 1;
        assert_eq!(attempts.begin(address, now), None);
        attempts.succeeded(address);
        for _ in 0..FREE {
            assert_eq!(attempts.begin(address, now), None);
        }
    }

    #[test]
    fn a_network_is_one_address_and_memory_is_bounded() {
        let attempts = Attempts::default();
        for host in 0..FREE {
            let address = format!("2001:db8::{host:x}").parse().expect("address");
            assert_eq!(attempts.begin(address, 0), None);
        }
        assert!(attempts.begin("2001:db8::ffff".parse().expect("address"), 0).is_some());
        for number in 0..4_500u32 {
            attempts.begin(IpAddr::V4(number.into()), 1);
        }
        assert!(attempts.0.lock().expect("whole").len() <= MOST);
    }
}
