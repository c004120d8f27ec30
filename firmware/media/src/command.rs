//! What call control asks of the engine, and what the engine tells. Plain data: no socket, no handle.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::echo::EchoConfig;
use crate::ice::Credentials;
pub use crate::tone::fax::FaxTone;
use crate::tone::hang_up::ToneProfile;

use crate::sound::Rate;
use crate::srtp::MasterKey;

/// One party's media: an RTP stream pair or the audio of an analog line. Numbered by call control, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// A set of streams that hear each other. Numbered by call control, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BridgeId(pub u64);

/// One recording. Numbered by call control, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordingId(pub u64);

/// An analog port, numbered as on the box: the audio of a line is connected to the engine by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinePort(pub u16);

/// How the sound of an analog port is treated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineAudio {
    /// The echo canceller; `None` for none.
    pub echo: Option<EchoConfig>,
    /// Gain of what the line says in dB, -12 to +12.
    pub from_line_db: f32,
    /// Gain of what the line hears in dB, -12 to +12.
    pub to_line_db: f32,
    /// What the line says is brought to a common level, slowly.
    pub automatic_level: bool,
}

impl Default for LineAudio {
    /// Echo is cancelled, over 128 ms: the queues between engine and line and a driver's buffers take up to 80 ms of it. Levels are
    /// left as they are.
    fn default() -> Self {
        LineAudio { echo: Some(EchoConfig::default()), from_line_db: 0.0, to_line_db: 0.0, automatic_level: false }
    }
}

/// A codec the engine can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// G.711 µ-law, 8 kHz.
    Pcmu,
    /// G.711 A-law, 8 kHz.
    Pcma,
    /// G.722 at 64 kbit/s: 16 kHz, whose RTP clock is 8000 Hz all the same (RFC 3551 §4.5.2).
    G722,
    /// Opus at 48 kHz, mono (RFC 7587).
    Opus,
    /// Linear samples as they are, big-endian (RFC 3551 §4.5.11), at 8 or 16 kHz: what is 48 kHz does not fit into a packet.
    L16(Rate),
}

/// What the peer wants of the Opus it receives (RFC 7587 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpusSettings {
    /// `maxplaybackrate`, Hz: more it cannot play.
    pub max_playback_rate: u32,
    /// `maxaveragebitrate`, bits per second; 0 when it does not say.
    pub max_average_bitrate: u32,
    /// `useinbandfec`: it makes use of redundancy.
    pub fec: bool,
    /// `usedtx`: pauses need not be sent.
    pub dtx: bool,
    /// `cbr`: packets of one size.
    pub constant_bitrate: bool,
}

impl Default for OpusSettings {
    /// What holds when the peer says nothing.
    fn default() -> Self {
        OpusSettings {
            max_playback_rate: 48_000,
            max_average_bitrate: 0,
            fec: false,
            dtx: false,
            constant_bitrate: false,
        }
    }
}

/// How one RTP stream pair is to run. Sent again as a whole after each re-negotiation.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub struct RtpParameters {
    /// Where the peer said it listens. Real packets may come from elsewhere: symmetric RTP latches once.
    #[debug("…")]
    pub remote: Option<SocketAddr>,
    /// Where the peer listens for RTCP.
    #[debug("…")]
    pub remote_rtcp: Option<SocketAddr>,
    /// Codec to send.
    pub codec: Codec,
    /// For Opus: how to send it.
    pub opus: OpusSettings,
    /// Payload type to send it with.
    pub payload_type: u8,
    /// Payload type to receive it with.
    pub receive_payload_type: u8,
    /// RFC 4733 payload type to send.
    pub telephone_event: Option<u8>,
    /// RFC 4733 payload type to receive.
    pub receive_telephone_event: Option<u8>,
    /// The clock durations of telephone events count in, Hz: that of the codec, unless the peer knows 8000 only (RFC 4733 §2.1).
    pub telephone_event_clock: u32,
    /// Events of the other party become tones for this one when it takes none. False: call control tells it digits by another way.
    pub digit_tones: bool,
    /// Packet time to send, 10–60 ms; the nearest shorter one the codec can make is used.
    pub ptime: Duration,
    /// We send to the peer.
    pub send: bool,
    /// We take what the peer sends.
    pub receive: bool,
    /// RTP and RTCP on one port.
    pub rtcp_mux: bool,
    /// The peer reads extended reports with VoIP metrics (RFC 3611 §5).
    pub rtcp_xr: bool,
}

/// A certificate's fingerprint (RFC 8122).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// `sha-256`, `sha-384` or `sha-512`.
    pub hash: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Where the keys of a stream come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// None: it is not protected.
    Plain,
    /// From the descriptions (RFC 4568).
    Sdes {
        /// What we protect with.
        send: MasterKey,
        /// What the peer protects with.
        receive: MasterKey,
    },
    /// From a DTLS handshake on the stream's port (RFC 5764).
    Dtls {
        /// We are its client.
        active: bool,
        /// The peer's certificate must have it.
        fingerprint: Fingerprint,
    },
}

/// How a stream is protected and finds its path. While nothing is said, it is plain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// The keys. With others than [`Keys::Plain`] no packet passes unprotected, either way.
    pub keys: Keys,
    /// Answer checks of ICE; the path is the one the peer nominates.
    pub ice: Option<Credentials>,
}

/// One segment of a tone: the frequencies are summed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToneSegment {
    /// Frequencies in Hz; empty is silence.
    pub hz: Vec<f32>,
    /// Their amplitude is modulated with this frequency, wholly (written f1×f2 in ITU-T E.180); the level stays the same.
    pub modulation_hz: Option<f32>,
    /// Length; `None` for ever.
    pub duration: Option<Duration>,
    /// Played the first time only, not in repeats.
    pub once: bool,
}

/// What to play into a stream (towards its party).
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A cadence of tones, repeated.
    Tone {
        /// The cadence.
        segments: Vec<ToneSegment>,
        /// Level of each frequency in dBm0.
        level_dbm0: f32,
    },
    /// A file of the box: MP3, Ogg Opus or WAV (PCM 16 bit or G.711, 8 or 16 kHz), read ahead of time, never on the tick.
    File {
        /// The file.
        path: PathBuf,
        /// Times to play; `None` without end.
        repeat: Option<u32>,
    },
    /// The built-in prompt: three soft notes and a pause, three seconds in all.
    Chime {
        /// Times to play; `None` without end.
        repeat: Option<u32>,
    },
}

/// A member of a conference: who hears it, and how loud. A stream alone is a member who talks.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The stream.
    pub stream: StreamId,
    /// Who hears it.
    pub role: Role,
    /// Nobody hears what it says, whatever its role.
    pub muted: bool,
    /// Gain of what it says, in dB, −60 to +20.
    pub gain_db: f32,
    /// Whom this member hears otherwise than the others do.
    pub hears: Vec<Hears>,
}

/// How one member hears another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hears {
    /// The one who speaks.
    pub from: StreamId,
    /// Gain in dB on top of the speaker's own, −60 to +20; `None`: not at all.
    pub gain_db: Option<f32>,
}

/// What a member may do. Every member hears all who talk. To barge in is to change from [`Role::Listen`] to [`Role::Talk`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Everybody hears it.
    #[default]
    Talk,
    /// Nobody hears it.
    Listen,
    /// Only this member hears it. Recordings do not: they hold what everybody hears.
    Whisper(StreamId),
}

impl From<StreamId> for Member {
    fn from(stream: StreamId) -> Self {
        Member { stream, role: Role::Talk, muted: false, gain_db: 0.0, hears: Vec::new() }
    }
}

/// A DTMF digit: `0`–`9`, `*`, `#`, `A`–`D`.
pub type Digit = char;

/// A tone of the far side that means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeardTone {
    /// The line's busy or congestion tone: nobody is there any more.
    HangUp,
    /// A fax machine or modem.
    Fax(FaxTone),
}

/// What call control asks.
#[derive(Clone, derive_more::Debug, PartialEq)]
pub enum Command {
    /// Opens the RTP port (and the next one for RTCP) and starts the stream pair once it has parameters.
    OpenRtp {
        /// The stream.
        stream: StreamId,
        /// Local RTP address, even port, chosen by call control.
        local: SocketAddr,
    },
    /// Sets or changes how the stream pair runs.
    SetRtp {
        /// The stream.
        stream: StreamId,
        /// All of it.
        parameters: RtpParameters,
    },
    /// Protects the stream pair from now on; sent before the [`Command::SetRtp`] of the same negotiation. Keys that are the same as
    /// before go on with their counters.
    Protect {
        /// The stream.
        stream: StreamId,
        /// How.
        protection: Box<Protection>,
    },
    /// The audio of an analog port.
    OpenLine {
        /// The stream.
        stream: StreamId,
        /// The port.
        port: LinePort,
    },
    /// Ends a stream: out of its bridge, its sockets closed, its players and detectors gone. [`Event::Closed`] follows with its
    /// figures.
    Close {
        /// The stream.
        stream: StreamId,
    },
    /// Makes these streams, and no others, the members of the bridge (each hears the sum of the others). An empty list ends it.
    /// A stream is in one bridge at most: joining one leaves the other.
    Bridge {
        /// The bridge.
        bridge: BridgeId,
        /// Its members, at most 32.
        members: Vec<StreamId>,
    },
    /// The same with roles. Sent again as a whole for each change; gains go to their new values within 10 ms, without a click.
    Conference {
        /// The bridge.
        bridge: BridgeId,
        /// Its members, at most 32.
        members: Vec<Member>,
    },
    /// Plays towards the stream's party, instead of what its bridge gives, until it ends or [`Command::Stop`].
    Play {
        /// The stream.
        stream: StreamId,
        /// What.
        source: Source,
    },
    /// Stops playing.
    Stop {
        /// The stream.
        stream: StreamId,
    },
    /// Sends a DTMF digit to the party: RFC 4733 when agreed, else in-band tones. Digits queue up.
    SendDigit {
        /// The stream.
        stream: StreamId,
        /// Which.
        #[debug("…")]
        digit: Digit,
        /// How long, 40–6000 ms.
        duration: Duration,
    },
    /// Listens for tones in what the party says, instead of those listened for before. With neither kind it listens no more.
    Listen {
        /// The stream.
        stream: StreamId,
        /// Tones of a hang-up, four at most.
        hang_up: Vec<ToneProfile>,
        /// Tones of fax machines and modems too.
        fax: bool,
    },
    /// Starts a two-channel recording of a party: left what it says, right what it hears, without whispers to it. Ogg Opus, or WAV
    /// when the file's name ends in `.wav`.
    Record {
        /// The recording.
        recording: RecordingId,
        /// The party.
        stream: StreamId,
        /// The file, written to a temporary name beside it and renamed when closed.
        path: PathBuf,
    },
    /// Leaves out what comes, or goes on. The place is marked in the file, [`Event::RecordingPaused`] follows.
    PauseRecording {
        /// The recording.
        recording: RecordingId,
        /// To be left out.
        paused: bool,
    },
    /// Silences digits heard in the sound of a recording, on both channels: card numbers are not kept. Digits that come as events make
    /// no sound.
    MuteDigits {
        /// The recording.
        recording: RecordingId,
        /// To be silenced.
        muted: bool,
    },
    /// Ends a recording. [`Event::Recorded`] follows.
    StopRecording {
        /// The recording.
        recording: RecordingId,
    },
}

/// Figures of a stream's life.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StreamStatistics {
    /// RTP packets received.
    pub received: u64,
    /// Packets that never came.
    pub lost: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Interarrival jitter, microseconds (RFC 3550 §6.4.1).
    pub jitter_us: u32,
    /// Round-trip time from RTCP, microseconds; 0 when unknown.
    pub round_trip_us: u32,
    /// Packets refused because their protection is wrong: another key, or changed on their way.
    pub unauthentic: u64,
    /// Protected packets refused because they came before.
    pub replayed: u64,
    /// Packets that came too late to be played, or were dropped because too much was in store.
    pub discarded: u64,
    /// Mean and longest delay in the jitter buffer, microseconds; 0 when the sound was only passed on.
    pub mean_delay_us: u32,
    /// See `mean_delay_us`.
    pub max_delay_us: u32,
    /// Share of the sound that was made up, in millionths; 0 when the sound was only passed on.
    pub concealed_ppm: u32,
    /// Burst ratio of the losses, in thousandths: 1000 is random (ITU-T G.107 §7.5).
    pub burst_ratio_permille: u32,
    /// E-model rating of what the party sends, as it arrives, in tenths; `None` when nothing came (ITU-T G.107).
    pub rating_tenths: Option<u16>,
    /// What the party's reports say of the sound we send.
    pub peer: PeerStatistics,
}

impl StreamStatistics {
    /// The mean opinion score that goes with the rating, 1–4.5.
    pub fn mean_opinion(&self) -> Option<f64> {
        self.rating_tenths.map(|tenths| crate::quality::mean_opinion(f64::from(tenths) / 10.0))
    }
}

/// What a party says of the sound it gets from us: the last of its reports.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PeerStatistics {
    /// It sent reports.
    pub reported: bool,
    /// Packets that never came.
    pub lost: u32,
    /// Interarrival jitter, microseconds.
    pub jitter_us: u32,
    /// Its E-model rating (RFC 3611 §4.7.5).
    pub rating: Option<u8>,
    /// Its mean opinion score for a conversation, in tenths.
    pub mos_tenths: Option<u8>,
    /// Delay of its jitter buffer, milliseconds.
    pub delay_ms: Option<u16>,
}

/// What the engine tells.
#[derive(Clone, derive_more::Debug, PartialEq)]
pub enum Event {
    /// The party pressed a key (RFC 4733 or in-band), told once, at its end or after 40 ms.
    Digit {
        /// The stream.
        stream: StreamId,
        /// Which.
        #[debug("…")]
        digit: Digit,
    },
    /// A tone that [`Command::Listen`] asked for was heard.
    Tone {
        /// The stream.
        stream: StreamId,
        /// Which.
        tone: HeardTone,
    },
    /// A line carries a fax or a modem (2100 Hz, or flags in V.21). The engine has done what passes it through: no echo canceller, no
    /// level control and no search for digits on the line, a fixed delay for those in its bridge.
    FaxDetected {
        /// The line's stream.
        stream: StreamId,
    },
    /// The source given to [`Command::Play`] came to its end.
    PlayEnded {
        /// The stream.
        stream: StreamId,
    },
    /// The source given to [`Command::Play`] cannot be played (no such file, not a sound we know). [`Event::PlayEnded`] follows, so
    /// that who only waits for the end goes on.
    PlayFailed {
        /// The stream.
        stream: StreamId,
        /// In words.
        reason: String,
    },
    /// First media of the party arrived.
    MediaStarted {
        /// The stream.
        stream: StreamId,
    },
    /// Neither sound nor a report (RTCP) was received for [`crate::engine::EngineConfig::media_timeout`] although we expect to. Told
    /// again each time it has lasted as long again.
    MediaLost {
        /// The stream.
        stream: StreamId,
    },
    /// The stream could not be opened (port in use, no such line) or broke.
    Failed {
        /// The stream.
        stream: StreamId,
        /// In words.
        reason: String,
    },
    /// The stream is closed.
    Closed {
        /// The stream.
        stream: StreamId,
        /// Its figures.
        statistics: StreamStatistics,
    },
    /// Another member of a conference speaks: the loudest for 300 ms, or nobody for two seconds.
    ActiveSpeaker {
        /// The bridge.
        bridge: BridgeId,
        /// Who; `None`: nobody.
        stream: Option<StreamId>,
    },
    /// A recording is paused, or goes on.
    RecordingPaused {
        /// The recording.
        recording: RecordingId,
        /// Paused.
        paused: bool,
        /// Its length so far.
        at: Duration,
    },
    /// A recording was closed.
    Recorded {
        /// The recording.
        recording: RecordingId,
        /// Its length.
        duration: Duration,
        /// `None` when all went well.
        error: Option<String>,
    },
}
