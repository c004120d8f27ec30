//! Everything in one place and one time: the exchange, its phones, sets and trunks, the network, the media, the store.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_lines::country::Country;
use offhook_lines::simulated::{self, ExchangeOutput, LineFeatures, Set, SetOutput};
use offhook_lines::{fxo, fxs};
use offhook_media::command::StreamId;
use offhook_sip::endpoint::{self as sip, EndpointConfig, Flow, Transport};
use offhook_switch::config::Config;
use offhook_switch::exchange::{Exchange, Input, Now, Output, PortOpening};

use crate::chance::Chance;
use crate::media::{Media, Party};
use crate::network::{Datagram, Network, Weather};
use crate::phone::{Phone, Settings};
use crate::site;
use crate::store::Store;

/// 2026-01-05 08:00 UTC, a Monday.
const WALL: i64 = 1_767_600_000_000;
/// Most outputs of one input: beyond, the exchange is in a loop.
const MOST_OUTPUTS: usize = 10_000;

/// Something that left the office over a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkDial {
    /// When, in milliseconds.
    pub at: u64,
    /// `FXO 5` or `SIP`.
    pub trunk: String,
    /// What was dialled.
    pub number: String,
}

/// The office.
pub struct Office {
    /// Milliseconds since the start.
    pub now: u64,
    base: Instant,
    pub(crate) chance: Chance,
    pub(crate) config: Config,
    pub(crate) exchange: Exchange,
    /// SIP phones.
    pub phones: Vec<Phone>,
    /// The carrier of the SIP trunk.
    pub carrier: Phone,
    /// Analog sets by port.
    pub sets: BTreeMap<u16, Set>,
    /// The telephone company behind FXO ports.
    pub lines: BTreeMap<u16, simulated::Exchange>,
    /// The network.
    pub network: Network,
    /// The media engine.
    pub media: Media,
    /// The records.
    pub store: Store,
    /// What went out over trunks.
    pub dialled: Vec<TrunkDial>,
    carrier_seen: u64,
    faults: Vec<String>,
    /// The last things that happened, for failures.
    pub trace: VecDeque<String>,
    pub(crate) tracing: bool,
}

impl Office {
    /// An office in the morning: nothing is registered yet. `base` is the origin of virtual time.
    pub fn new(seed: u64, base: Instant) -> Self {
        let mut chance = Chance::new(seed, 0);
        let config = site::config();
        let exchange = new_exchange(&config, &mut chance, Now { instant: base, wall: WALL });
        let phones = site::sip_phones()
            .into_iter()
            .enumerate()
            .map(|(index, (_, username, address))| {
                let settings = Settings {
                    password: site::password(&username),
                    address,
                    server: site::BOX,
                    domain: site::REALM.into(),
                    user_agent: format!("Phone/{username}"),
                    username,
                    registers: true,
                };
                Phone::new(settings, Chance::new(seed, 10 + index as u64))
            })
            .collect();
        let carrier = Settings {
            username: "0612345678".into(),
            password: String::new(),
            address: site::CARRIER,
            server: site::BOX,
            domain: site::BOX.to_string(),
            user_agent: "Carrier/1".into(),
            registers: false,
        };
        let country =
            Country::find("FR").unwrap_or_else(|| unreachable!("FR is in the tables: a test of lines reads them"));
        let features = LineFeatures { reversal: false, loop_drop: true, disconnect_tone: true };
        let mut office = Office {
            now: 0,
            base,
            config,
            exchange,
            phones,
            carrier: Phone::new(carrier, Chance::new(seed, 1)),
            sets: site::SETS.into_iter().map(|(port, _)| (port, Set::new())).collect(),
            lines: site::OFFICES.into_iter().map(|port| (port, simulated::Exchange::new(country, features))).collect(),
            network: Network::new(Chance::new(seed, 2)),
            media: Media::default(),
            store: Store::default(),
            dialled: Vec::new(),
            carrier_seen: 0,
            faults: Vec::new(),
            trace: VecDeque::new(),
            tracing: false,
            chance,
        };
        office.drain();
        for index in 0..office.phones.len() {
            office.with_phone(index, |phone, now| phone.register(now));
        }
        office
    }

    /// Both clocks.
    pub fn clock(&self) -> Now {
        Now { instant: self.base + Duration::from_millis(self.now), wall: WALL + self.now as i64 }
    }

    fn millis(&self, at: Instant) -> u64 {
        // Rounded up: a timer never fires early.
        at.saturating_duration_since(self.base).as_micros().div_ceil(1000) as u64
    }

    fn instant(&self, at: u64) -> Instant {
        self.base + Duration::from_millis(at)
    }

    /// Notes what happens.
    pub fn note(&mut self, text: impl FnOnce() -> String) {
        if self.trace.len() >= 400 {
            self.trace.pop_front();
        }
        let line = format!("{:>9} {}", self.now, text());
        #[allow(clippy::print_stdout, reason = "asked for by the caller: a failing seed is looked at")]
        if self.tracing {
            println!("{line}");
        }
        self.trace.push_back(line);
    }

    /// A person does something at a SIP phone.
    pub fn with_phone<T>(&mut self, index: usize, action: impl FnOnce(&mut Phone, u64) -> T) -> Option<T> {
        let now = self.now;
        let result = self.phones.get_mut(index).map(|phone| action(phone, now));
        self.collect_phones();
        result
    }

    /// Something happens at the carrier.
    pub fn with_carrier<T>(&mut self, action: impl FnOnce(&mut Phone, u64) -> T) -> T {
        let now = self.now;
        let result = action(&mut self.carrier, now);
        self.collect_phones();
        result
    }

    /// A person does something at an analog set.
    pub fn with_set(&mut self, port: u16, action: simulated::SetAction) -> bool {
        let at = self.instant(self.now);
        let done = self.sets.get_mut(&port).is_some_and(|set| set.handle(at, action));
        self.collect_sets();
        done
    }

    /// Something happens at the telephone company.
    pub fn with_line(&mut self, port: u16, action: simulated::ExchangeAction) -> bool {
        let at = self.instant(self.now);
        let done = self.lines.get_mut(&port).is_some_and(|line| line.handle(at, action));
        self.collect_lines();
        done
    }

    /// The administrator changes something.
    pub fn reconfigure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        let config = Arc::new(self.config.clone());
        self.input(Input::Config(config));
    }

    /// Gives the exchange an input.
    pub fn input(&mut self, input: Input) {
        let now = self.clock();
        self.exchange.handle(now, input);
        self.drain();
    }

    /// The daemon is killed and starts again.
    pub fn crash(&mut self) {
        self.note(|| "the daemon is killed and starts again".into());
        let now = self.clock();
        self.store.interrupted(now.wall);
        self.media = Media::default();
        self.exchange = new_exchange(&self.config, &mut self.chance, now);
        for (aor, bindings) in self.store.bindings.clone() {
            self.exchange.restore_bindings(now, &aor, bindings);
        }
        self.drain();
        let at = now.instant;
        for port in site::OFFICES {
            // The driver opens the loop when it starts, and tells what it finds.
            if let Some(line) = self.lines.get_mut(&port) {
                line.hardware(at, &fxo::Output::Hook(false));
                if line.shows().state == simulated::ExchangeState::Unplugged {
                    self.input(Input::Fxo(site::line_id(port), fxo::Input::Present(false)));
                }
            }
        }
        self.collect_lines();
        let lifted: Vec<u16> = self.sets.iter().filter(|(_, set)| set.shows().lifted).map(|(port, _)| *port).collect();
        for (port, set) in &mut self.sets {
            let _ = port;
            set.hardware(at, &fxs::Output::RingVoltage(false));
            set.hardware(at, &fxs::Output::Tone(None));
        }
        for port in lifted {
            self.input(Input::Fxs(site::line_id(port), fxs::Input::FoundOffHook));
        }
        self.collect_sets();
    }

    /// Lets time pass until `end` (milliseconds since the start).
    pub fn pass_until(&mut self, end: u64) {
        let mut same = 0;
        while let Some(at) = self.next().filter(|at| *at <= end) {
            same = if at > self.now { 0 } else { same + 1 };
            if same > 1000 {
                self.faults.push("a deadline is due again and again".into());
                return;
            }
            self.now = self.now.max(at);
            self.run_due();
            if !self.faults.is_empty() {
                return;
            }
        }
        self.now = self.now.max(end);
    }

    /// Lets time pass.
    pub fn pass(&mut self, millis: u64) {
        self.pass_until(self.now + millis);
    }

    /// What went wrong since the last call.
    pub fn take_faults(&mut self) -> Vec<String> {
        let mut faults = std::mem::take(&mut self.faults);
        faults.extend(self.media.take_faults());
        faults.extend(self.store.take_faults());
        faults
    }

    /// RTP streams whose far end does not know them.
    pub(crate) fn abandoned_streams(&self) -> Vec<StreamId> {
        let phones = || self.phones.iter().chain(std::iter::once(&self.carrier));
        let known = |party: &Party| match party {
            Party::Rtp(address) => phones().flat_map(Phone::dialogs).any(|dialog| dialog.rtp == *address),
            Party::Line(_) => true,
            Party::Unknown => false,
        };
        self.media.parties().into_iter().filter(|(_, party)| !known(party)).map(|(stream, _)| stream).collect()
    }

    /// The weather from now on.
    pub fn weather(&mut self, weather: Weather) {
        self.network.weather = weather;
    }

    fn next(&self) -> Option<u64> {
        let exchange = self.exchange.poll_timeout().map(|(at, _)| self.millis(at));
        let sets = self.sets.values().filter_map(|set| set.poll_timeout()).map(|(at, _)| self.millis(at));
        let lines = self.lines.values().filter_map(|line| line.poll_timeout()).map(|(at, _)| self.millis(at));
        let phones = self.phones.iter().filter_map(Phone::poll_timeout).chain(self.carrier.poll_timeout());
        let others = [exchange, self.network.next(), self.media.next()].into_iter().flatten();
        others.chain(sets).chain(lines).chain(phones).min()
    }

    fn run_due(&mut self) {
        let (now, at) = (self.now, self.instant(self.now));
        while let Some(datagram) = self.network.take(now) {
            self.deliver(datagram);
        }
        while let Some(event) = self.media.take(now) {
            self.input(Input::Media(event));
        }
        for phone in &mut self.phones {
            phone.handle_timeout(now);
        }
        self.carrier.handle_timeout(now);
        self.collect_phones();
        for set in self.sets.values_mut() {
            set.handle_timeout(at);
        }
        self.collect_sets();
        for line in self.lines.values_mut() {
            line.handle_timeout(at);
        }
        self.collect_lines();
        let due = |exchange: &Exchange| exchange.poll_timeout().filter(|(due, _)| *due <= at);
        if let Some((_, name)) = due(&self.exchange) {
            let clock = self.clock();
            for _ in 0..100 {
                self.exchange.handle_timeout(clock);
                self.drain();
                if due(&self.exchange).is_none() {
                    return;
                }
            }
            self.faults.push(format!("timer {name} is due again and again"));
        }
    }

    fn deliver(&mut self, datagram: Datagram) {
        if datagram.to == site::BOX {
            let flow = Flow { transport: Transport::Udp, local: site::BOX, remote: datagram.from, connection: None };
            self.input(Input::Sip(sip::Input::Received { flow, bytes: Bytes::from(datagram.bytes) }));
            return;
        }
        let now = self.now;
        let mut phones = self.phones.iter_mut().chain(std::iter::once(&mut self.carrier));
        if let Some(phone) = phones.find(|phone| phone.address() == datagram.to) {
            phone.receive(now, &datagram.bytes);
        }
        self.collect_phones();
    }

    fn collect_phones(&mut self) {
        let mut datagrams = Vec::new();
        for phone in self.phones.iter_mut().chain(std::iter::once(&mut self.carrier)) {
            while let Some(bytes) = phone.poll_output() {
                datagrams.push(Datagram { from: phone.address(), to: site::BOX, bytes });
            }
        }
        for datagram in datagrams {
            let line = first_line(&datagram.bytes);
            if !line.ends_with("REGISTER") {
                self.note(|| format!("{} > box: {line}", datagram.from));
            }
            self.network.send(self.now, datagram);
        }
        let seen = self.carrier_seen;
        let calls: Vec<(u64, String)> =
            self.carrier.incoming().filter(|(id, _)| *id > seen).map(|(id, number)| (id, number.to_owned())).collect();
        for (id, number) in calls {
            self.carrier_seen = self.carrier_seen.max(id);
            self.dialled.push(TrunkDial { at: self.now, trunk: "SIP".into(), number });
        }
    }

    fn collect_sets(&mut self) {
        loop {
            let found = self.sets.iter_mut().find_map(|(port, set)| set.poll_output().map(|output| (*port, output)));
            match found {
                Some((port, SetOutput::Line(input))) => {
                    self.note(|| format!("FXS {port} > box: {input:?}"));
                    self.input(Input::Fxs(site::line_id(port), input));
                }
                Some((_, SetOutput::Shows(_))) => {}
                None => return,
            }
        }
    }

    fn collect_lines(&mut self) {
        loop {
            let found = self.lines.iter_mut().find_map(|(port, line)| line.poll_output().map(|output| (*port, output)));
            match found {
                Some((port, ExchangeOutput::Line(input))) => {
                    self.note(|| format!("FXO {port} > box: {input:?}"));
                    self.input(Input::Fxo(site::line_id(port), input));
                }
                Some((port, ExchangeOutput::Shows(shows))) => {
                    if shows.state == simulated::ExchangeState::Ringing {
                        let trunk = format!("FXO {port}");
                        self.dialled.push(TrunkDial { at: self.now, trunk, number: shows.number });
                    }
                }
                None => return,
            }
        }
    }

    /// Carries out what the exchange wants.
    fn drain(&mut self) {
        for count in 0.. {
            let Some(output) = self.exchange.poll_output() else {
                break;
            };
            if count > MOST_OUTPUTS {
                self.faults.push("the exchange gives outputs without end".into());
                return;
            }
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        let at = self.instant(self.now);
        match output {
            Output::Sip(sip::Output::Send { flow, bytes }) => {
                let line = first_line(&bytes);
                if !line.ends_with("REGISTER") {
                    self.note(|| format!("box > {}: {line}", flow.remote));
                }
                let datagram = Datagram { from: site::BOX, to: flow.remote, bytes: bytes.to_vec() };
                self.network.send(self.now, datagram);
            }
            Output::Sip(sip::Output::Resolve { id, .. }) => {
                self.input(Input::Sip(sip::Input::Resolved { id, targets: Vec::new() }));
            }
            Output::Sip(sip::Output::Event(event)) => {
                self.faults.push(format!("an event of the endpoint came out of the exchange: {event:?}"));
            }
            Output::Fxs(line, output) => {
                self.note(|| format!("box > FXS {line}: {output:?}"));
                if matches!(output, fxs::Output::Event(_)) {
                    self.faults.push(format!("an event of a port came out of the exchange: {output:?}"));
                }
                let set = self.sets.iter_mut().find(|(port, _)| site::line_id(**port) == line);
                if let Some((_, set)) = set {
                    set.hardware(at, &output);
                }
            }
            Output::Fxo(line, output) => {
                self.note(|| format!("box > FXO {line}: {output:?}"));
                let office = self.lines.iter_mut().find(|(port, _)| site::line_id(**port) == line);
                if let Some((_, office)) = office {
                    office.hardware(at, &output);
                }
            }
            Output::Media(command) => {
                self.note(|| format!("box > media: {command:?}"));
                self.media.command(self.now, command);
            }
            Output::Call(record) => {
                self.note(|| format!("record: {record:?}"));
                self.store.call(record);
            }
            Output::LegOffered(leg) => {
                self.note(|| format!("leg {} of {} offered", leg.id, leg.call));
                self.store.leg_offered(leg.id, leg.call);
            }
            Output::Leg(record) => {
                self.note(|| format!("record: {record:?}"));
                self.store.leg(record);
            }
            Output::LegQuality(quality) => {
                self.note(|| format!("record: {quality:?}"));
                self.store.leg_quality(quality.leg);
            }
            Output::Bindings { aor, bindings } => {
                if bindings.is_empty() {
                    self.store.bindings.remove(&aor);
                } else {
                    self.store.bindings.insert(aor, bindings);
                }
            }
            Output::LegAnswered(_) | Output::Live(_) => {}
        }
    }
}

fn new_exchange(config: &Config, chance: &mut Chance, now: Now) -> Exchange {
    let endpoint = EndpointConfig {
        host: site::BOX.ip().to_string(),
        ports: vec![(Transport::Udp, site::BOX.port())],
        ..EndpointConfig::default()
    };
    let mut exchange = Exchange::new(Arc::new(config.clone()), endpoint, PathBuf::from("data"), chance.seed(), now);
    // Other programs have some of the ports.
    exchange.set_port_opener(Box::new(|local| match local.port() % 14 {
        6 => PortOpening::Taken,
        _ => PortOpening::Opened,
    }));
    exchange
}

fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let id = lines.clone().find(|line| line.starts_with("Call-ID:")).unwrap_or_default();
    let cseq = lines.find(|line| line.starts_with("CSeq:")).unwrap_or_default();
    format!("{first} | {id} | {cseq}")
}
