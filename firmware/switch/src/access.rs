//! Who a request comes from: a device by digest, a trunk by its address. And who is not listened to for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use offhook_sip::digest::{Authenticator, AuthenticatorConfig, Ha1, Secret, Verdict};
use offhook_sip::endpoint::Flow;
use offhook_sip::message::{Message, Uri};

use crate::config::{Config, DeviceKind, TrunkKind};
use crate::exchange::{Exchange, Now};
use crate::id::{DeviceId, TrunkId, UserId};

/// Wrong answers from one address before it is banned.
const MOST_FAILURES: u32 = 20;
/// The same for an address that has proved itself within [`TRUST`]: an office behind one address is not cut off because one
/// phone in it has a wrong password.
const MOST_FAILURES_TRUSTED: u32 = 500;
/// How long failures are remembered, and how long a ban lasts.
const MEMORY: Duration = Duration::from_secs(600);
/// How long right credentials speak for an address: a little longer than a registration lives.
const TRUST: Duration = Duration::from_secs(4000);
/// Addresses remembered.
const MOST_ADDRESSES: usize = 4096;

/// What is known of addresses, bounded: the oldest is forgotten first.
#[derive(Debug, Default)]
pub(crate) struct Bans {
    by_address: BTreeMap<IpAddr, Known>,
    by_age: BTreeSet<(Instant, IpAddr)>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    last: Instant,
    failures: u32,
    proved: Option<Instant>,
}

impl Bans {
    /// Nothing is heard from this address now.
    pub(crate) fn banned(&self, now: Instant, address: IpAddr) -> bool {
        self.by_address.get(&address).is_some_and(|known| {
            let trusted = known.proved.is_some_and(|at| now < at + TRUST);
            let most = if trusted { MOST_FAILURES_TRUSTED } else { MOST_FAILURES };
            known.failures >= most && now < known.last + MEMORY
        })
    }

    /// Wrong credentials from this address.
    pub(crate) fn failure(&mut self, now: Instant, address: IpAddr) {
        self.touch(now, address, |known, fresh| {
            known.failures = if fresh { known.failures.saturating_add(1) } else { 1 };
        });
    }

    /// Right credentials from this address: earlier failures were typing errors.
    pub(crate) fn success(&mut self, now: Instant, address: IpAddr) {
        self.touch(now, address, |known, _| {
            known.failures = 0;
            known.proved = Some(now);
        });
    }

    fn touch(&mut self, now: Instant, address: IpAddr, change: impl FnOnce(&mut Known, bool)) {
        let old = self.by_address.get(&address).copied();
        match old {
            Some(old) => {
                self.by_age.remove(&(old.last, address));
            }
            None if self.by_address.len() >= MOST_ADDRESSES => {
                if let Some((_, oldest)) = self.by_age.pop_first() {
                    self.by_address.remove(&oldest);
                }
            }
            None => {}
        }
        let mut known = old.unwrap_or(Known { last: now, failures: 0, proved: None });
        let fresh = now < known.last + MEMORY;
        change(&mut known, fresh);
        known.last = now;
        self.by_address.insert(address, known);
        self.by_age.insert((now, address));
    }
}

/// Challenges telephones as the configuration says.
pub(crate) fn authenticator(config: &Config, seed: [u8; 32], now: Instant) -> Authenticator {
    let settings = AuthenticatorConfig {
        algorithms: config.sip.digest.iter().copied().map(Into::into).collect(),
        accept_server_uri: config.sip.accept_server_uri,
        ..AuthenticatorConfig::default()
    };
    Authenticator::with_config(&config.site.realm, seed, now, settings)
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
    pub(crate) fn authenticate(&mut self, now: Now, request: &Message, flow: &Flow) -> Result<String, Vec<String>> {
        let (config, index) = (&self.config, &self.index);
        let lookup = |username: &str| -> Option<Secret> {
            let (device, _) = index.usernames.get(username)?;
            match &config.devices.get(device)?.kind {
                DeviceKind::Sip { ha1_md5, ha1_sha256, .. } => {
                    Some(Secret { md5: Ha1(ha1_md5.clone()), sha256: Ha1(ha1_sha256.clone()) })
                }
                DeviceKind::Analog { .. } => None,
            }
        };
        let verdict = self.authenticator.verify(now.instant, request, &lookup);
        let address = flow.remote.ip();
        match verdict {
            Verdict::Accepted(username) => {
                self.bans.success(now.instant, address);
                Ok(username)
            }
            Verdict::Missing => Err(self.authenticator.challenges(now.instant, false)),
            Verdict::Stale => Err(self.authenticator.challenges(now.instant, true)),
            Verdict::Refused => {
                self.totals.authentication_failures += 1;
                // A trunk is never cut off: anybody can write its address on a datagram.
                let exempt = (address.is_loopback() && !self.config.network.ban_loopback) || self.is_trunk(address);
                if !exempt {
                    self.bans.failure(now.instant, address);
                }
                Err(self.authenticator.challenges(now.instant, false))
            }
        }
    }

    fn is_trunk(&self, address: IpAddr) -> bool {
        self.config
            .trunks
            .values()
            .any(|trunk| matches!(&trunk.kind, TrunkKind::Sip { addresses, .. } if addresses.contains(&address)))
    }

    /// Who sent an INVITE.
    pub(crate) fn identify(&mut self, now: Now, request: &Message, flow: &Flow) -> Identity {
        let credentials = request.header("Proxy-Authorization").is_some() || request.header("Authorization").is_some();
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
            let port = Uri::parse(uri).ok().and_then(|uri| uri.port).unwrap_or(5060);
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
    fn one_wrong_phone_does_not_cut_off_an_office() {
        let mut bans = Bans::default();
        let start = Instant::now();
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        bans.success(start, address);
        for n in 0..100 {
            bans.failure(start + Duration::from_secs(n), address);
        }
        assert!(!bans.banned(start + Duration::from_secs(100), address));
        for _ in 0..MOST_FAILURES_TRUSTED {
            bans.failure(start + Duration::from_secs(100), address);
        }
        assert!(bans.banned(start + Duration::from_secs(100), address));
    }

    #[test]
    fn memory_is_bounded() {
        let mut bans = Bans::default();
        let start = Instant::now();
        for n in 0..20_000_u32 {
            bans.failure(start + Duration::from_millis(u64::from(n)), IpAddr::V4(n.into()));
        }
        assert_eq!(bans.by_address.len(), MOST_ADDRESSES);
        assert_eq!(bans.by_age.len(), MOST_ADDRESSES);
    }
}
