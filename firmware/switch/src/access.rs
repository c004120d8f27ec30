//! Who a request comes from: a device by digest, a trunk by its address. And who is not listened to for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use offhook_sip::digest::{Ha1, Secret, Verdict};
use offhook_sip::endpoint::Flow;
use offhook_sip::message::{Message, Uri};

use crate::config::{DeviceKind, TrunkKind};
use crate::exchange::{Exchange, Now};
use crate::id::{DeviceId, TrunkId, UserId};

/// Wrong answers from one address before it is banned.
const MOST_FAILURES: u32 = 20;
/// How long failures are remembered, and how long a ban lasts.
const MEMORY: Duration = Duration::from_secs(600);
/// Addresses remembered.
const MOST_ADDRESSES: usize = 4096;

/// Failure counters by address, bounded: the oldest is forgotten first.
#[derive(Debug, Default)]
pub(crate) struct Bans {
    by_address: BTreeMap<IpAddr, Failures>,
    by_age: BTreeSet<(Instant, IpAddr)>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    last: Instant,
    count: u32,
}

impl Bans {
    /// Nothing is heard from this address now.
    pub(crate) fn banned(&self, now: Instant, address: IpAddr) -> bool {
        self.by_address
            .get(&address)
            .is_some_and(|failures| failures.count >= MOST_FAILURES && now < failures.last + MEMORY)
    }

    /// Wrong credentials from this address.
    pub(crate) fn failure(&mut self, now: Instant, address: IpAddr) {
        let old = self.by_address.get(&address).copied();
        let count = match old {
            Some(old) => {
                self.by_age.remove(&(old.last, address));
                if now < old.last + MEMORY {
                    old.count.saturating_add(1)
                } else {
                    1
                }
            }
            None => 1,
        };
        if old.is_none()
            && self.by_address.len() >= MOST_ADDRESSES
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_address.remove(&oldest);
        }
        self.by_address
            .insert(address, Failures { last: now, count });
        self.by_age.insert((now, address));
    }

    /// Right credentials from this address: earlier failures were typing errors.
    pub(crate) fn success(&mut self, address: IpAddr) {
        if let Some(failures) = self.by_address.remove(&address) {
            self.by_age.remove(&(failures.last, address));
        }
    }
}

/// Who sent a request.
pub(crate) enum Identity {
    Device(DeviceId, UserId),
    Trunk(TrunkId),
    /// Not known (yet): answer with these challenges. The same for a missing, a wrong and an unknown user's answer.
    Challenge(Vec<String>),
}

impl Exchange {
    /// Nothing is heard from the sender.
    pub(crate) fn is_banned(&mut self, now: Now, flow: &Flow) -> bool {
        let banned = self.bans.banned(now.instant, flow.remote.ip());
        if banned {
            self.totals.banned_messages += 1;
        }
        banned
    }

    /// The device that proves itself by digest.
    pub(crate) fn authenticate(
        &mut self,
        now: Now,
        request: &Message,
        flow: &Flow,
    ) -> Result<String, Vec<String>> {
        let (config, index) = (&self.config, &self.index);
        let lookup = |username: &str| -> Option<Secret> {
            let (device, _) = index.usernames.get(username)?;
            match &config.devices.get(device)?.kind {
                DeviceKind::Sip {
                    ha1_md5,
                    ha1_sha256,
                    ..
                } => Some(Secret {
                    md5: Ha1(ha1_md5.clone()),
                    sha256: Ha1(ha1_sha256.clone()),
                }),
                DeviceKind::Analog { .. } => None,
            }
        };
        let verdict = self.authenticator.verify(now.instant, request, &lookup);
        let address = flow.remote.ip();
        match verdict {
            Verdict::Accepted(username) => {
                self.bans.success(address);
                Ok(username)
            }
            Verdict::Missing => Err(self.authenticator.challenges(now.instant, false)),
            Verdict::Stale => Err(self.authenticator.challenges(now.instant, true)),
            Verdict::Refused => {
                self.totals.authentication_failures += 1;
                if !address.is_loopback() || self.config.network.ban_loopback {
                    self.bans.failure(now.instant, address);
                }
                Err(self.authenticator.challenges(now.instant, false))
            }
        }
    }

    /// Who sent an INVITE.
    pub(crate) fn identify(&mut self, now: Now, request: &Message, flow: &Flow) -> Identity {
        let credentials = request.header("Proxy-Authorization").is_some()
            || request.header("Authorization").is_some();
        if !credentials && let Some(trunk) = self.trunk_of(request, flow) {
            return Identity::Trunk(trunk);
        }
        match self.authenticate(now, request, flow) {
            Ok(username) => match self.index.usernames.get(&username) {
                Some((device, user)) => Identity::Device(*device, *user),
                None => Identity::Challenge(self.authenticator.challenges(now.instant, false)),
            },
            Err(challenges) => Identity::Challenge(challenges),
        }
    }

    /// The trunk a request without credentials comes from. Phones may share a trunk's address (a proxy, one machine): who names
    /// itself as one of our devices is asked to prove it.
    fn trunk_of(&self, request: &Message, flow: &Flow) -> Option<TrunkId> {
        let remote = flow.remote;
        let mut by_address = None;
        for (id, trunk) in &self.config.trunks {
            let TrunkKind::Sip { uri, addresses, .. } = &trunk.kind else {
                continue;
            };
            if !addresses.contains(&remote.ip()) {
                continue;
            }
            let port = Uri::parse(uri)
                .ok()
                .and_then(|uri| uri.port)
                .unwrap_or(5060);
            if port == remote.port() {
                return Some(*id);
            }
            by_address = by_address.or(Some(*id));
        }
        let trunk = by_address?;
        let named = request.from().and_then(|from| from.uri.user);
        let is_device = named.is_some_and(|user| self.index.usernames.contains_key(&user));
        (!is_device).then_some(trunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_ban_and_time_forgives() {
        let mut bans = Bans::default();
        let start = Instant::now();
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..MOST_FAILURES {
            assert!(!bans.banned(start, address));
            bans.failure(start, address);
        }
        assert!(bans.banned(start, address));
        assert!(!bans.banned(start + MEMORY, address));
    }

    #[test]
    fn memory_is_bounded() {
        let mut bans = Bans::default();
        let start = Instant::now();
        for n in 0..20_000_u32 {
            bans.failure(
                start + Duration::from_millis(u64::from(n)),
                IpAddr::V4(n.into()),
            );
        }
        assert_eq!(bans.by_address.len(), MOST_ADDRESSES);
        assert_eq!(bans.by_age.len(), MOST_ADDRESSES);
    }
}
