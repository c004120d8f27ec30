//! A network that delays, loses, doubles and reorders datagrams.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::chance::Chance;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Lost, per cent.
    pub loss: u64,
    /// Doubled, per cent.
    pub double: u64,
    /// Longest delay in milliseconds (the shortest is 1): different delays reorder.
    pub delay: u64,
}

impl Weather {
    /// Everything arrives, soon and in order of sending within a millisecond.
    pub const CALM: Weather = Weather { loss: 0, double: 0, delay: 1 };
}

/// A datagram under way.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// Sender.
    pub from: SocketAddr,
    /// Receiver.
    pub to: SocketAddr,
    /// Payload.
    pub bytes: Vec<u8>,
}

/// The network.
#[derive(Debug)]
pub struct Network {
    /// How bad it is now.
    pub weather: Weather,
    chance: Chance,
    sequence: u64,
    under_way: BTreeMap<(u64, u64), Datagram>,
}

impl Network {
    /// A network without a datagram.
    pub fn new(chance: Chance) -> Self {
        Network { weather: Weather::CALM, chance, sequence: 0, under_way: BTreeMap::new() }
    }

    /// Sends at `now` (milliseconds).
    pub fn send(&mut self, now: u64, datagram: Datagram) {
        let copies = match (self.chance.percent(self.weather.loss), self.chance.percent(self.weather.double)) {
            (true, _) => 0,
            (false, true) => 2,
            (false, false) => 1,
        };
        for _ in 0..copies {
            self.sequence += 1;
            let at = now + self.chance.between(1, self.weather.delay.max(1));
            self.under_way.insert((at, self.sequence), datagram.clone());
        }
    }

    /// When the next arrives.
    pub fn next(&self) -> Option<u64> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next that has arrived.
    pub fn take(&mut self, now: u64) -> Option<Datagram> {
        let entry = self.under_way.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}
