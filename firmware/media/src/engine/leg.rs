//! One RTP stream pair on its sockets: what comes in, and one continuous stream out.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::Duration;

use super::guard::Guard;
use super::sockets::SocketPair;
use crate::codec::Coder;
use crate::codec::g711::{ALAW_TO_ULAW, ULAW_TO_ALAW};
use crate::command::{Codec, Digit, PeerStatistics, RtpParameters, StreamStatistics};
use crate::jitter::playout::Playout;
use crate::jitter::{Arriving, Content, Mode};
use crate::quality::{self, Path};
use crate::rtp::latch::{Latch, Verdict};
use crate::rtp::outbound::Outbound;
use crate::rtp::packet::{HEADER, Header, MAX_PACKET, Packet};
use crate::rtp::rtcp::{self, Item, NtpTime, ReportBlock, SenderInfo};
use crate::rtp::statistics::{Arrival, Reception};
use crate::rtp::telephone_event::{EventReceiver, EventSender, Payload};
use crate::rtp::xr::VoipMetrics;
use crate::sound::{MAX_FRAME, Rate, Sound};

/// Time between RTCP reports: 5 s, in units of [`Now::clock`].
const RTCP_INTERVAL: u64 = 40_000;
/// Times our SSRC gives way to the peer's.
const MAX_COLLISIONS: u8 = 2;
/// Most samples of one packet we send: 60 ms at 48 kHz.
const MAX_SAMPLES: usize = 3 * MAX_FRAME;

/// The moment something happens: since the engine started, and wall time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Eighths of a millisecond since the engine started. A leg counts timestamps in the clock of its codec: [`RtpLeg::at`].
    pub(super) clock: u64,
    /// For reports and round-trip times.
    pub(super) ntp: NtpTime,
}

/// A packet that is the peer's and means something.
#[derive(Clone, Copy, Debug)]
pub(super) enum Incoming<'a> {
    /// Sound.
    Audio { header: Header, codec: Codec, payload: &'a [u8] },
    /// A telephone event, and the digits it completes.
    Event { header: Header, payload: &'a [u8], digits: [Option<Digit>; 2] },
    /// The description of the noise behind a silence (RFC 3389).
    ComfortNoise { header: Header, payload: &'a [u8] },
}

/// What a packet was.
#[derive(Debug)]
pub(super) struct Received<'a> {
    /// The first media of the party.
    pub(super) first: bool,
    /// What it carries, unless we do not take what the peer sends.
    pub(super) incoming: Option<Incoming<'a>>,
}

/// An RTP stream pair. What only sound in samples needs is boxed, as in [`super::stream::Stream`].
pub(super) struct RtpLeg {
    pub(super) sockets: SocketPair,
    pub(super) parameters: Option<RtpParameters>,
    pub(super) playout: Box<Playout>,
    /// What it encodes and decodes with, and its codec.
    coder: Box<Coder>,
    codec: Codec,
    /// Opens what comes, protects what goes.
    pub(super) guard: Guard,
    latch: Latch,
    rtcp_latch: Latch,
    reception: Reception,
    events: EventReceiver,
    outbound: Outbound,
    event_out: Option<EventSender>,
    /// Samples that wait for a whole packet.
    pending: Box<[i16; MAX_SAMPLES]>,
    pending_count: usize,
    started: bool,
    /// When the peer last gave a sign of life, or its silence was told.
    alive: u64,
    next_report: u64,
    /// Middle of the peer's last sender report, and when it came.
    last_sr: Option<(u32, u64)>,
    round_trip_us: u32,
    peer: PeerStatistics,
    /// State of the generator that spreads reports; never 0.
    spread: u32,
    /// Times our SSRC was the peer's too.
    collisions: u8,
    cname: [u8; 16],
}

impl std::fmt::Debug for RtpLeg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RtpLeg").field("local", &self.sockets.local).finish_non_exhaustive()
    }
}

impl RtpLeg {
    /// A pair with random identifiers. `coder` serves until it has parameters.
    pub(super) fn new(sockets: SocketPair, coder: Box<Coder>, random: [u8; 16], cname: [u8; 16], now: u64) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, ..] = random;
        RtpLeg {
            sockets,
            parameters: None,
            playout: Box::new(Playout::new(coder.codec().clock_rate(), coder.codec().rate(), Mode::SPEECH)),
            codec: coder.codec(),
            coder,
            guard: Guard::default(),
            latch: Latch::default(),
            rtcp_latch: Latch::default(),
            reception: Reception::default(),
            events: EventReceiver::default(),
            outbound: Outbound::new(
                u32::from_be_bytes([a, b, c, d]),
                u16::from_be_bytes([e, f]),
                u32::from_be_bytes([g, h, i, j]),
            ),
            event_out: None,
            pending: Box::new([0; MAX_SAMPLES]),
            pending_count: 0,
            started: false,
            alive: now,
            // Spread over the interval, so that a hundred calls do not report in one tick.
            next_report: now + RTCP_INTERVAL / 2 + u64::from(a) * 64,
            last_sr: None,
            round_trip_us: 0,
            peer: PeerStatistics::default(),
            spread: u32::from_be_bytes([k, l, m, n]) | 1,
            collisions: 0,
            cname,
        }
    }

    /// Runs by these parameters, with this coder unless its own does the same; gives back the one that is not needed.
    pub(super) fn set_parameters(&mut self, parameters: RtpParameters, coder: Box<Coder>, now: u64) -> Box<Coder> {
        let unneeded = self.set_coder(coder, now);
        self.events.set_clock(parameters.telephone_event_clock);
        let before = self.parameters.as_ref();
        if before.is_none_or(|p| p.remote != parameters.remote) {
            self.playout.reset();
            self.events.reset();
        }
        if before.is_none_or(|p| !p.receive) && parameters.receive {
            self.playout.reset();
        }
        // Who negotiates is there; who resumes after a long hold gets the whole time-out.
        self.alive = now;
        self.latch.signal(self.guard.remote(parameters.remote));
        let next_port = |mut remote: SocketAddr| {
            remote.set_port(remote.port().saturating_add(1));
            remote
        };
        let rtcp = parameters.remote_rtcp.or(parameters.remote.map(next_port));
        self.rtcp_latch.signal(if parameters.rtcp_mux { None } else { rtcp });
        self.pending_count = 0;
        self.parameters = Some(parameters);
        unneeded
    }

    /// The peer nominated its address by ICE: from now on it is that one.
    pub(super) fn nominate(&mut self, remote: SocketAddr) {
        let remote = canonical(remote);
        self.guard.nominate(remote);
        self.latch.signal(self.guard.remote(Some(remote)));
    }

    fn set_coder(&mut self, coder: Box<Coder>, now: u64) -> Box<Coder> {
        if self.coder.is_like(&coder) {
            return coder;
        }
        let before = self.at(now);
        self.codec = coder.codec();
        let unneeded = std::mem::replace(&mut self.coder, coder);
        let clock = self.codec.clock_rate();
        self.outbound.set_clock(clock, before, self.at(now));
        self.reception.set_clock(clock);
        self.playout.set_rates(clock, self.codec.rate());
        self.playout.reset();
        unneeded
    }

    /// The rate of what it says and hears.
    pub(super) fn rate(&self) -> Rate {
        self.codec.rate()
    }

    /// The codec it runs.
    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    /// A moment in units of the codec's clock, which is a multiple of 8000 Hz for every codec.
    fn at(&self, now: u64) -> u64 {
        now * u64::from(self.codec.clock_rate() / 8000)
    }

    /// Reads what a packet that is passed on needs, so that it is in the processor's cache then. The result means nothing.
    pub(super) fn touch(&self) -> u64 {
        let parameters = self.parameters.as_ref().map_or(0, |p| u64::from(p.payload_type));
        let latch = self.latch.remote().map_or(0, |remote| u64::from(remote.port()));
        let socket = self.sockets.rtp.as_raw_fd() as u64;
        parameters ^ latch ^ socket ^ self.outbound.packets() ^ self.reception.received() ^ self.alive
    }

    /// We send to the peer and know where it is.
    pub(super) fn sends(&self) -> bool {
        self.parameters.as_ref().is_some_and(|p| p.send) && self.latch.remote().is_some()
    }

    /// Takes a packet from the RTP port. `None` when it is nobody's: garbage, another party's, before parameters.
    pub(super) fn receive<'a>(&mut self, bytes: &'a [u8], from: SocketAddr, now: Now) -> Option<Received<'a>> {
        let from = canonical(from);
        if crate::rtp::is_rtcp(bytes) {
            let ours = self.parameters.as_ref().is_some_and(|p| p.rtcp_mux) && self.latch.remote() == Some(from);
            if ours {
                self.reports(bytes, now);
            }
            return None;
        }
        let packet = Packet::parse(bytes).ok()?;
        let parameters = self.parameters.as_ref()?;
        let payload_type = packet.header.payload_type;
        let is_event = parameters.receive_telephone_event == Some(payload_type);
        let codec = if payload_type == parameters.receive_payload_type {
            Some(parameters.codec)
        } else {
            // A phone that answers in the other G.711 law is understood all the same.
            Codec::of_static_payload_type(payload_type).filter(|c| c.is_g711() && parameters.codec.is_g711())
        };
        // RFC 3389 comfort noise keeps the stream alive; anything else is not what was agreed.
        if !is_event && codec.is_none() && payload_type != 13 {
            return None;
        }
        if matches!(self.latch.judge(from), Verdict::Refuse | Verdict::Probation) {
            return None;
        }
        let header = packet.header;
        self.avoid_collision(header.ssrc);
        let arrival = self.at(now.clock) as u32;
        match self.reception.packet(header.ssrc, header.sequence, header.timestamp, arrival) {
            Arrival::Suspect => return None,
            Arrival::Restart => self.playout.reset(),
            Arrival::InOrder | Arrival::Behind => {}
        }
        self.alive = now.clock;
        let first = !std::mem::replace(&mut self.started, true);
        if !self.parameters.as_ref().is_some_and(|p| p.receive) {
            return Some(Received { first, incoming: None });
        }
        let incoming = if is_event {
            Payload::parse(packet.payload).map(|event| {
                let digits = self.events.packet(header.timestamp, header.marker, event, now.clock);
                Incoming::Event { header, payload: packet.payload, digits }
            })
        } else if codec.is_none() {
            Some(Incoming::ComfortNoise { header, payload: packet.payload })
        } else {
            codec
                .filter(|_| !packet.payload.is_empty() && packet.payload.len() <= MAX_PACKET - HEADER)
                .map(|codec| Incoming::Audio { header, codec, payload: packet.payload })
        };
        Some(Received { first, incoming })
    }

    /// The peer uses our SSRC: we take another one (RFC 3550 §8.2). A peer that only echoes what we send would follow for ever: so not often.
    fn avoid_collision(&mut self, theirs: u32) {
        if theirs == self.outbound.ssrc() && self.collisions < MAX_COLLISIONS {
            self.collisions += 1;
            self.report_interval();
            self.outbound.set_ssrc(self.outbound.ssrc() ^ self.spread);
        }
    }

    /// Gives a packet to those who want samples.
    pub(super) fn keep(&mut self, incoming: &Incoming<'_>, now: u64) {
        let (header, content, duration, payload) = match *incoming {
            Incoming::Audio { header, codec, payload } => {
                (header, Content::Audio(codec), codec.duration(payload), payload)
            }
            Incoming::Event { header, .. } => (header, Content::Other, 0, [].as_slice()),
            Incoming::ComfortNoise { header, payload } => (header, Content::ComfortNoise, 0, payload),
        };
        let Header { sequence, timestamp, marker, .. } = header;
        self.playout.insert(&Arriving { sequence, timestamp, duration, marker, content, payload }, time(now));
    }

    /// The next 20 ms of what the party says, at the rate of its codec.
    pub(super) fn hear(&mut self, now: u64, said: &mut Sound) {
        let rate = self.codec.rate();
        self.playout.frame(time(now), &mut self.coder.decoder, said.at(rate));
    }

    /// Takes a packet from the RTCP port.
    pub(super) fn receive_rtcp(&mut self, bytes: &[u8], from: SocketAddr, now: Now) {
        let from = canonical(from);
        if crate::rtp::is_rtcp(bytes) && matches!(self.rtcp_latch.judge(from), Verdict::Accept | Verdict::Latched) {
            self.reports(bytes, now);
        }
    }

    fn reports(&mut self, bytes: &[u8], now: Now) {
        // A phone that is muted may send no sound at all: its reports tell that it is there.
        self.alive = now.clock;
        let (ours, theirs) = (self.outbound.ssrc(), self.reception.ssrc());
        let (last_sr, round_trip_us, peer) = (&mut self.last_sr, &mut self.round_trip_us, &mut self.peer);
        let clock = u64::from(self.codec.clock_rate());
        let mut left = false;
        let encoder = &mut self.coder.encoder;
        rtcp::parse(bytes, |item| match item {
            Item::Sender { ssrc, info } if theirs.is_none_or(|t| t == ssrc) => {
                *last_sr = Some((info.ntp.middle(), now.clock));
            }
            Item::Report { block, .. } if block.figures.ssrc == ours => {
                encoder.expect_loss(block.figures.fraction_lost);
                if let Some(time) = block.round_trip(now.ntp) {
                    *round_trip_us = ((u64::from(time) * 1_000_000) >> 16) as u32;
                }
                peer.reported = true;
                peer.lost = block.figures.cumulative_lost.max(0) as u32;
                peer.jitter_us = (u64::from(block.figures.jitter) * 1_000_000 / clock).min(u64::from(u32::MAX)) as u32;
            }
            Item::Metrics { metrics, .. } if metrics.ssrc == ours => {
                peer.reported = true;
                (peer.rating, peer.mos_tenths) = (metrics.rating, metrics.mos_tenths);
                peer.delay_ms = Some(metrics.buffer_ms[0]);
            }
            Item::Bye { ssrc } if theirs == Some(ssrc) => left = true,
            Item::Sender { .. } | Item::Report { .. } | Item::Metrics { .. } | Item::Bye { .. } => {}
        });
        if left {
            // What it does not send any more is not lost (RFC 3550 §6.6).
            self.playout.reset();
            self.last_sr = None;
        }
    }

    /// Passes a peer's sound on, in the other law of G.711 when need be.
    pub(super) fn forward_audio(&mut self, header: &Header, codec: Codec, payload: &[u8], now: u64) {
        let Some((to_codec, payload_type)) = self.parameters.as_ref().map(|p| (p.codec, p.payload_type)) else {
            return;
        };
        if !self.sends() || self.event_out.is_some() {
            return;
        }
        let duration = codec.duration(payload);
        let Some(header) = self.outbound.forwarded(header, payload_type, duration, self.at(now)) else {
            return;
        };
        let mut out = [0; MAX_PACKET];
        let Some(length) = header.write(payload, &mut out) else {
            return;
        };
        let table = match (codec, to_codec) {
            (Codec::Pcma, Codec::Pcmu) => Some(&ALAW_TO_ULAW),
            (Codec::Pcmu, Codec::Pcma) => Some(&ULAW_TO_ALAW),
            _ => None,
        };
        if let (Some(table), Some(body)) = (table, out.get_mut(HEADER..length)) {
            body.iter_mut().for_each(|code| *code = table[usize::from(*code)]);
        }
        self.send(out.get(..length));
    }

    /// Passes a peer's telephone event on; false when this party agreed to none.
    pub(super) fn forward_event(&mut self, header: &Header, payload: &[u8], now: u64) -> bool {
        let Some(payload_type) = self.parameters.as_ref().and_then(|p| p.telephone_event) else {
            return false;
        };
        let at = self.at(now);
        if self.sends()
            && self.event_out.is_none()
            && let Some(header) = self.outbound.forwarded(header, payload_type, 0, at)
        {
            let mut out = [0; MAX_PACKET];
            let length = header.write(payload, &mut out);
            self.send(length.and_then(|length| out.get(..length)));
        }
        true
    }

    /// Sends 20 ms of our own making at the leg's rate, in packets of the agreed time.
    pub(super) fn send_sound(&mut self, sound: &Sound, now: u64) {
        let Some(parameters) = &self.parameters else {
            return;
        };
        let (codec, payload_type) = (self.codec, parameters.payload_type);
        let milliseconds = codec.packet_time(parameters.ptime.as_millis() as u32);
        let size = milliseconds as usize * codec.rate().per_millisecond();
        let duration = milliseconds * (codec.clock_rate() / 1000);
        let at_clock = self.at(now);
        if !self.sends() || sound.rate() != codec.rate() {
            self.pending_count = 0;
            return;
        }
        let samples = sound.samples();
        if self.pending_count == 0 && samples.len() == size {
            return self.send_packet(samples, payload_type, duration, at_clock);
        }
        if let Some(room) = self.pending.get_mut(self.pending_count..self.pending_count + samples.len()) {
            room.copy_from_slice(samples);
            self.pending_count += samples.len();
        }
        let mut at = 0;
        let mut packet = [0; MAX_SAMPLES];
        while self.pending_count - at >= size {
            let packet = packet.get_mut(..size).unwrap_or_default();
            packet.copy_from_slice(self.pending.get(at..at + size).unwrap_or_default());
            at += size;
            self.send_packet(packet, payload_type, duration, at_clock);
        }
        self.pending.copy_within(at..self.pending_count, 0);
        self.pending_count -= at;
    }

    /// Encodes a packet of sound and sends it, unless its codec says that it need not be.
    fn send_packet(&mut self, samples: &[i16], payload_type: u8, duration: u32, at: u64) {
        let mut out = [0; MAX_PACKET];
        let (head, body) = out.split_at_mut(HEADER);
        let length = self.coder.encoder.encode(samples, body);
        if length > 0 {
            let header = self.outbound.generated(payload_type, duration, at);
            head.copy_from_slice(&header.to_bytes());
            self.send(out.get(..HEADER + length));
        }
    }

    /// Begins a digit as an event; false when none was agreed.
    pub(super) fn begin_event(&mut self, digit: Digit, duration: Duration, now: u64) -> bool {
        let Some(parameters) = self.parameters.as_ref().filter(|p| p.telephone_event.is_some()) else {
            return false;
        };
        let units = (duration.as_millis() as u32).saturating_mul(parameters.telephone_event_clock / 1000);
        self.event_out = EventSender::new(digit, units, self.outbound.timestamp_at(self.at(now)));
        self.event_out.is_some()
    }

    /// Digits of the other party are to be passed on: as events, or as tones.
    pub(super) fn takes_digits(&self) -> bool {
        self.parameters.as_ref().is_none_or(|p| p.telephone_event.is_some() || p.digit_tones)
    }

    /// An event of ours is under way.
    pub(super) fn is_sending_event(&self) -> bool {
        self.event_out.is_some()
    }

    /// Sends the tick's packet of a running event; false when none runs.
    pub(super) fn event_tick(&mut self, now: u64) -> bool {
        let at = self.at(now);
        let Some(sender) = &mut self.event_out else {
            return false;
        };
        let packet = sender.next(self.parameters.as_ref().map_or(8000, |p| p.telephone_event_clock) / 50);
        let payload_type = self.parameters.as_ref().and_then(|p| p.telephone_event);
        let (Some(packet), Some(payload_type)) = (packet, payload_type) else {
            self.event_out = None;
            return false;
        };
        if self.sends() {
            let header = self.outbound.event(payload_type, packet.marker, packet.timestamp, at);
            let mut out = [0; HEADER + 4];
            let length = header.write(&packet.payload.to_bytes(), &mut out);
            self.send(length.and_then(|length| out.get(..length)));
        }
        true
    }

    fn send(&mut self, packet: Option<&[u8]>) {
        if let (Some(packet), Some(remote)) = (packet, self.latch.remote())
            && self.guard.send(&self.sockets.rtp, packet, remote)
        {
            self.outbound.count_octets(packet.len() - HEADER);
        }
    }

    /// Time to the next report: half to one and a half of the interval, by chance, so that reports of many calls do not fall
    /// together; divided by e − 3/2 as there is one other member (RFC 3550 §6.3.1).
    fn report_interval(&mut self) -> u64 {
        // Xorshift: any spread will do.
        self.spread ^= self.spread << 13;
        self.spread ^= self.spread >> 17;
        self.spread ^= self.spread << 5;
        let chance = u64::from(self.spread >> 16); // 0–65535
        (RTCP_INTERVAL / 2 + RTCP_INTERVAL * chance / 65_536) * 100_000 / 121_828
    }

    /// Sends reports when they are due.
    pub(super) fn report_tick(&mut self, now: Now) {
        if now.clock >= self.next_report {
            self.next_report = now.clock + self.report_interval();
            self.report(now, false);
        }
    }

    /// Sends a report, with a goodbye at the end.
    pub(super) fn report(&mut self, now: Now, bye: bool) {
        let Some(parameters) = &self.parameters else {
            return;
        };
        let to = if parameters.rtcp_mux { self.latch.remote() } else { self.rtcp_latch.remote() };
        let Some(to) = to else { return };
        if self.outbound.packets() == 0 && self.reception.ssrc().is_none() {
            return;
        }
        let sender = (self.outbound.packets() > 0).then(|| SenderInfo {
            ntp: now.ntp,
            rtp_timestamp: self.outbound.timestamp_at(self.at(now.clock)),
            packets: self.outbound.packets() as u32,
            octets: self.outbound.octets() as u32,
        });
        let last_sr = self.last_sr;
        let block = self.reception.report().map(|figures| ReportBlock {
            figures,
            last_sr: last_sr.map_or(0, |(middle, _)| middle),
            delay_since_last_sr: last_sr.map_or(0, |(_, at)| ((now.clock.saturating_sub(at) << 16) / 8000) as u32),
        });
        let cname = str::from_utf8(&self.cname).unwrap_or("offhook");
        let metrics = parameters.rtcp_xr.then(|| self.metrics()).flatten();
        let mut out = [0; 200];
        let length =
            rtcp::write(self.outbound.ssrc(), sender.as_ref(), block.as_ref(), cname, metrics.as_ref(), bye, &mut out);
        if let Some(packet) = length.and_then(|length| out.get(..length)) {
            let socket = if parameters.rtcp_mux { &*self.sockets.rtp } else { &self.sockets.rtcp };
            let _lost = self.guard.send(socket, packet, to);
        }
    }

    /// A digit whose end never came.
    pub(super) fn expired_digit(&mut self, now: u64) -> Option<Digit> {
        self.events.expire(now)
    }

    /// True when nothing was received for so long (units of [`Now::clock`]) although we expect to; again each time it has lasted as
    /// long again.
    pub(super) fn went_silent(&mut self, now: u64, timeout: u64) -> bool {
        let expecting = self.parameters.as_ref().is_some_and(|p| p.receive) && self.latch.remote().is_some();
        let silent = expecting && now.saturating_sub(self.alive) >= timeout;
        if silent {
            self.alive = now;
        }
        silent
    }

    pub(super) fn statistics(&self) -> StreamStatistics {
        let figures = self.playout.figures();
        let received = self.reception.received();
        StreamStatistics {
            received,
            lost: self.reception.lost(),
            sent: self.outbound.packets(),
            jitter_us: self.reception.jitter_us(),
            round_trip_us: self.round_trip_us,
            unauthentic: self.guard.refused().0,
            replayed: self.guard.refused().1,
            discarded: figures.late + figures.discarded,
            mean_delay_us: figures.mean_delay_us,
            max_delay_us: figures.max_delay_us,
            concealed_ppm: per(figures.concealed_us, figures.played_us, 1_000_000) as u32,
            burst_ratio_permille: (self.reception.bursts().burst_ratio() * 1000.0) as u32,
            rating_tenths: (received > 0).then(|| (self.rating() * 10.0) as u16),
            peer: self.peer,
        }
    }

    /// E-model rating of what the party sends, as it arrives here.
    fn rating(&self) -> f64 {
        let figures = self.playout.figures();
        let (received, lost) = (self.reception.received(), self.reception.lost());
        let codec = self.codec;
        let (ie, bpl) = quality::impairment(codec);
        // When the sound is only passed on, what is lost is lost; when it is played, what was not there in time is.
        let gone = per(lost, lost + received, 1_000_000).max(per(figures.concealed_us, figures.played_us, 1_000_000));
        let packet_ms = self.parameters.as_ref().map_or(20.0, |p| p.ptime.as_secs_f64() * 1000.0);
        quality::rating(&Path {
            one_way_ms: f64::from(self.round_trip_us / 2 + figures.mean_delay_us) / 1000.0 + packet_ms,
            ie,
            bpl,
            loss_percent: gone as f64 / 10_000.0,
            burst_ratio: self.reception.bursts().burst_ratio(),
        })
    }

    /// What an extended report says of the party's sound; `None` when none came.
    fn metrics(&self) -> Option<VoipMetrics> {
        let ssrc = self.reception.ssrc()?;
        let figures = self.playout.figures();
        let (received, lost) = (self.reception.received(), self.reception.lost());
        let rate = |part: u64| per(part, lost + received, 256).min(255) as u8;
        let ms = |us: u32| (us / 1000).min(u32::from(u16::MAX)) as u16;
        let rating = self.rating();
        let ptime = self.parameters.as_ref().map_or(20, |p| p.ptime.as_millis() as u64);
        let most = match self.playout.buffer().mode() {
            Mode::Adaptive { max, .. } => max,
            Mode::Fixed(delay) => delay,
        };
        Some(VoipMetrics {
            ssrc,
            loss_rate: rate(lost),
            discard_rate: rate(figures.late + figures.discarded),
            bursts: self.reception.bursts().figures(ptime),
            round_trip_ms: ms(self.round_trip_us),
            end_system_ms: ms(figures.mean_delay_us).saturating_add(ptime as u16),
            rating: Some(rating as u8),
            mos_tenths: Some((quality::mean_opinion(rating) * 10.0) as u8),
            buffer_ms: [ms(figures.target_us), ms(figures.max_delay_us), most.as_millis() as u16],
        })
    }
}

/// A part of a whole in parts of `of`; 0 of nothing.
fn per(part: u64, whole: u64, of: u64) -> u64 {
    (u128::from(part) * u128::from(of)).checked_div(u128::from(whole)).unwrap_or(0) as u64
}

/// The media clock as a time.
fn time(now: u64) -> Duration {
    Duration::from_micros(now.saturating_mul(125))
}

/// An IPv4 peer seen through an IPv6 socket is the IPv4 address that was signalled.
fn canonical(from: SocketAddr) -> SocketAddr {
    match from.ip() {
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => SocketAddr::new(from.ip().to_canonical(), from.port()),
        _ => from,
    }
}

/// One datagram, `None` when none waits.
pub(super) fn read_one<'a>(
    socket: &std::net::UdpSocket,
    buffer: &'a mut [u8; MAX_PACKET + 1],
) -> Option<(&'a mut [u8], SocketAddr)> {
    loop {
        match socket.recv_from(buffer) {
            Ok((length, from)) => return buffer.get_mut(..length).map(|bytes| (bytes, from)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}
