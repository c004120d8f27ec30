//! Fake parties on real loopback sockets, and an engine between them.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test helper")]

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use offhook_media::codec::{Coder, Decoder};
use offhook_media::command::{Codec, Command, Event, OpusSettings, RtpParameters, Source, StreamId, ToneSegment};
use offhook_media::engine::{Engine, EngineConfig, EngineHandle, Time};
use offhook_media::level;
use offhook_media::rtp::packet::{Header, Packet};
use offhook_media::sound::Rate;
use offhook_media::tone::goertzel::power;

/// Longer than anything here takes on the slowest machine: a test that waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An engine and what it tells.
pub struct Running {
    pub engine: EngineHandle,
    pub events: Receiver<Event>,
}

/// An engine whose time goes on only by [`Running::step`]: nothing depends on how busy the machine is.
pub fn start_stepped() -> Running {
    start(EngineConfig { time: Time::Stepped, ..EngineConfig::default() })
}

pub fn start(config: EngineConfig) -> Running {
    let (sender, events) = unbounded();
    let config = EngineConfig { realtime_priority: None, streams: 64, ..config };
    Running { engine: Engine::start(config, sender).unwrap(), events }
}

impl Running {
    /// Lets so many ticks pass, when time is stepped.
    pub fn step(&self, ticks: u32) {
        self.engine.step(ticks).unwrap();
    }

    pub fn command(&self, command: Command) {
        self.engine.command(command).unwrap();
    }

    /// Waits for the first event that the closure maps to something; others are passed over.
    pub fn wait<T>(&self, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let event = self.events.recv_deadline(deadline).expect("the event never came");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    /// Opens a stream on a free pair of ports for a new party.
    pub fn party(&self, stream: u64, codec: Codec) -> Party {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let stream = StreamId(stream);
        let local = free_pair();
        self.command(Command::OpenRtp { stream, local });
        let party = Party {
            remote: local,
            stream,
            codec,
            ssrc: 0x1000 + stream.0 as u32,
            sequence: 65_000,
            timestamp: 1_000_000 * stream.0 as u32,
            phase: 0.0,
            coder: Coder::default(),
            socket,
        };
        let party = Party { coder: Coder::new(&party.parameters()), ..party };
        self.command(Command::SetRtp { stream, parameters: party.parameters() });
        party
    }
}

impl Running {
    /// A party that hears one packet every 20 ms: the engine's own clock for what must not be faster.
    pub fn metronome(&self, stream: u64) -> Party {
        let party = self.party(stream, Codec::Pcma);
        let segments = vec![ToneSegment { hz: vec![300.0], modulation_hz: None, duration: None, once: false }];
        self.command(Command::Play { stream: party.stream, source: Source::Tone { segments, level_dbm0: -20.0 } });
        party
    }
}

static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

/// A pair of ports nobody uses. Ports are tried from a place that differs by process, so that test programs do not meet.
fn free_pair() -> SocketAddr {
    loop {
        let n = NEXT_PORT.fetch_add(2, Ordering::Relaxed);
        let start = (std::process::id() % 100) as u16 * 120;
        let port = 20_000 + (start + n) % 12_000;
        let free = |port| UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], port))).is_ok();
        if free(port) && free(port + 1) {
            return SocketAddr::from(([127, 0, 0, 1], port));
        }
    }
}

/// A phone.
pub struct Party {
    pub socket: UdpSocket,
    pub remote: SocketAddr,
    pub stream: StreamId,
    pub codec: Codec,
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    phase: f64,
    pub coder: Coder,
}

/// What a phone got.
pub struct Got {
    pub header: Header,
    pub payload: Vec<u8>,
    pub at: Instant,
}

impl Party {
    pub fn parameters(&self) -> RtpParameters {
        let payload_type = payload_type(self.codec);
        RtpParameters {
            remote: Some(self.socket.local_addr().unwrap()),
            remote_rtcp: None,
            codec: self.codec,
            opus: OpusSettings::default(),
            payload_type,
            receive_payload_type: payload_type,
            telephone_event: Some(101),
            receive_telephone_event: Some(101),
            digit_tones: true,
            telephone_event_clock: self.codec.clock_rate(),
            ptime: Duration::from_millis(20),
            send: true,
            receive: true,
            rtcp_mux: true,
            rtcp_xr: true,
        }
    }

    /// Sends one packet of a sine at −10 dBm0: 20 ms.
    pub fn say(&mut self, hz: f64) {
        self.say_samples(hz, self.codec.rate().frame());
    }

    pub fn say_samples(&mut self, hz: f64, samples: usize) {
        self.say_at(hz, -10.0, samples);
    }

    pub fn say_at(&mut self, hz: f64, dbm0: f32, samples: usize) {
        let amplitude = f64::from(level::sine_amplitude(dbm0));
        let rate = f64::from(self.codec.rate().hz());
        let mut sound = [0i16; 2880];
        for sample in &mut sound[..samples] {
            *sample = (amplitude * (std::f64::consts::TAU * self.phase).sin()) as i16;
            self.phase = (self.phase + hz / rate).fract();
        }
        let mut payload = [0; 1400];
        let length = self.coder.encoder.encode(&sound[..samples], &mut payload);
        let duration = self.codec.duration(&payload[..length]);
        self.send(payload_type(self.codec), self.timestamp, false, &payload[..length]);
        self.timestamp = self.timestamp.wrapping_add(duration);
    }

    pub fn send(&mut self, payload_type: u8, timestamp: u32, marker: bool, payload: &[u8]) {
        let header = Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        self.sequence = self.sequence.wrapping_add(1);
        let mut out = [0; 1500];
        let length = header.write(payload, &mut out).unwrap();
        self.socket.send_to(&out[..length], self.remote).unwrap();
    }

    /// The next RTP packet.
    pub fn hear(&self) -> Got {
        let mut buffer = [0; 1600];
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (length, from) = self.socket.recv_from(&mut buffer).expect("no packet came");
            assert_eq!(from, self.remote, "only from the signalled address");
            if offhook_media::rtp::is_rtcp(&buffer[..length]) {
                assert!(Instant::now() < deadline, "nothing but RTCP came");
                continue;
            }
            let packet = Packet::parse(&buffer[..length]).unwrap();
            return Got { header: packet.header, payload: packet.payload.to_vec(), at: Instant::now() };
        }
    }

    /// Everything that waits, without waiting.
    pub fn hear_waiting(&self, got: &mut Vec<Got>) {
        self.socket.set_nonblocking(true).unwrap();
        let mut buffer = [0; 1600];
        while let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            assert_eq!(from, self.remote, "only from the signalled address");
            if !offhook_media::rtp::is_rtcp(&buffer[..length]) {
                let packet = Packet::parse(&buffer[..length]).unwrap();
                got.push(Got { header: packet.header, payload: packet.payload.to_vec(), at: Instant::now() });
            }
        }
        self.socket.set_nonblocking(false).unwrap();
    }

    /// The next sound packets of so many samples in all, decoded; checks that the stream is continuous.
    pub fn hear_samples(&self, count: usize) -> Vec<i16> {
        let mut samples: Vec<i16> = Vec::new();
        let mut last: Option<Header> = None;
        while samples.len() < count {
            let got = self.hear();
            if got.header.payload_type == 101 {
                continue;
            }
            if let Some(last) = last {
                assert_eq!(got.header.ssrc, last.ssrc);
                assert_eq!(got.header.sequence, last.sequence.wrapping_add(1), "no packet is missing");
            }
            last = Some(got.header);
            samples.extend(decode(&got));
        }
        samples
    }

    /// Waits until a tone is heard: whole packets of it.
    pub fn wait_for(&self, hz: f64) {
        let mut in_a_row = 0;
        for _ in 0..2000 {
            let samples = decode(&self.hear());
            in_a_row = if is_tone(&samples, hz) { in_a_row + 1 } else { 0 };
            if in_a_row == 3 {
                return;
            }
        }
        panic!("{hz} Hz was never heard");
    }
}

impl Party {
    /// Sound of a packet at the party's rate; packets are to be given in order.
    pub fn decode(&mut self, got: &Got) -> Vec<i16> {
        assert_eq!(got.header.payload_type, payload_type(self.codec));
        let mut out = vec![0; 5760];
        let count = self.coder.decoder.decode(self.codec, &got.payload, &mut out);
        out.truncate(count);
        out
    }
}

/// The payload type a codec is agreed with here.
pub fn payload_type(codec: Codec) -> u8 {
    codec.static_payload_type().unwrap_or(96)
}

/// Sound of a G.711 packet.
pub fn decode(got: &Got) -> Vec<i16> {
    let codec = Codec::of_static_payload_type(got.header.payload_type).expect("not sound");
    let mut out = vec![0; got.payload.len()];
    Decoder::new(codec).decode(codec, &got.payload, &mut out);
    out
}

/// Level in dBm0 of a frequency.
pub fn tone_level(samples: &[i16], hz: f64) -> f32 {
    level::mean_square_dbm0(power(samples, hz))
}

/// Level in dBm0 of a frequency in samples of another rate than 8 kHz.
pub fn level_at(samples: &[i16], hz: f64, rate: Rate) -> f32 {
    tone_level(samples, hz * 8000.0 / f64::from(rate.hz()))
}

/// The samples are mostly this tone.
pub fn is_tone(samples: &[i16], hz: f64) -> bool {
    tone_level(samples, hz) > level::dbm0(samples) - 1.0 && level::dbm0(samples) > -30.0
}

/// The samples are this tone at −10 dBm0 within 1 dB and nothing else.
pub fn assert_tone(samples: &[i16], hz: f64) {
    let (tone, all) = (tone_level(samples, hz), level::dbm0(samples));
    assert!((tone + 10.0).abs() < 1.0, "{hz} Hz at {tone} dBm0");
    assert!((all - tone).abs() < 1.0, "{hz} Hz at {tone} dBm0 among {all} dBm0");
}

/// Talks until both hear the other as it comes, and nothing waits any more.
pub fn until_bridged(a: &mut Party, c: &mut Party) {
    until_heard(a, c, 440.0);
    until_heard(c, a, 880.0);
}

fn until_heard(one: &mut Party, other: &mut Party, hz: f64) {
    other.socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut buffer = [0; 1600];
    loop {
        one.say(hz);
        if other.socket.recv_from(&mut buffer).is_ok() {
            break;
        }
        assert!(Instant::now() < deadline, "the parties never heard each other");
    }
    // More is on its way: a shorter packet marks the end of it.
    one.say_samples(hz, 80);
    other.socket.set_read_timeout(Some(PATIENCE)).unwrap();
    while other.hear().payload.len() != 80 {}
}

/// Somewhere in the samples there is a whole stretch of this tone at −10 dBm0 within 1 dB and of nothing else: no gap, no
/// click that matters. On a machine too busy to be a telephone exchange the rest may be torn.
pub fn has_clean_stretch(samples: &[i16], hz: f64, length: usize) -> bool {
    samples.windows(length).step_by(400).any(|stretch| {
        let (tone, all) = (tone_level(stretch, hz), level::dbm0(stretch));
        (tone + 10.0).abs() < 1.0 && (all - tone).abs() < 0.5
    })
}
