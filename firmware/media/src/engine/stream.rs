//! A party's stream on a real-time thread: where it stands in its bridge, what plays, who listens.

use std::time::Duration;

use super::leg::RtpLeg;
use super::line::LineLeg;
use super::listener::Listener;
use super::order::{Returned, Slot};
use super::player::Player;
use super::recorder::{HEARD, Tap};
use crate::command::{Digit, Event, HeardTone, RecordingId, StreamId, StreamStatistics};
use crate::conference::Declick;
use crate::resample::Converter;
use crate::sound::{Rate, Sound};
use crate::tone::detector::DtmfDetector;
use crate::tone::dtmf::DigitTone;
use crate::{Frame, SILENCE};

/// Digits that wait to be sent.
const MAX_DIGITS: usize = 32;
/// Recordings of one stream at a time.
const MAX_TAPS: usize = 2;

/// Where the sound comes from.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a packet passed on finds its leg without another step")]
pub(super) enum Kind {
    Rtp(RtpLeg),
    Line(Box<LineLeg>),
}

/// A stream. What only sound in samples needs is boxed: hundreds of streams whose packets are passed on as they come should fit into the
/// processor's cache.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: StreamId,
    pub(super) kind: Kind,
    /// The bridge it is in.
    pub(super) bridge: Option<Slot>,
    /// The other member of its bridge, when packets pass between them as they come.
    pub(super) forward_to: Option<Slot>,
    /// Somebody needs its sound as samples.
    pub(super) decoding: bool,
    /// What the party says and hears in this tick, at its own rate ([`Stream::rate`]).
    pub(super) said: Box<Sound>,
    pub(super) heard: Box<Sound>,
    /// What it hears of what everybody hears, for recordings, when that differs.
    pub(super) public: Box<Sound>,
    pub(super) public_differs: bool,
    pub(super) converters: Box<Converters>,
    /// Joins what it hears to what it heard before.
    declick: Box<Declick>,
    source: Heard,
    /// Counts what was played.
    plays: u32,
    player: Option<Box<Player>>,
    digits: Box<[(Digit, Duration); MAX_DIGITS]>,
    digit_count: usize,
    /// An in-band digit being played.
    in_band: Option<DigitTone>,
    /// Ticks to wait after an event before the next.
    digit_pause: u8,
    taps: [Option<Box<Tap>>; MAX_TAPS],
    detector: Box<DtmfDetector>,
    /// A digit was found and goes on.
    digit_sounds: bool,
    listener: Option<Box<Listener>>,
}

/// Where what a party hears comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    Bridge(Slot),
    Played(u32),
    Digit,
}

/// Changes of rate around a stream: each goes on with the sound before.
#[derive(Debug, Default)]
pub(super) struct Converters {
    /// What the other one of a bridge of two says, to its own rate.
    pub(super) to_party: Converter,
    /// What is made at 8 kHz for it (prompts, tones, digits), to its own rate.
    made: Converter,
    /// What it says, for detectors.
    detector: Converter,
}

impl Stream {
    pub(super) fn new(id: StreamId, kind: Kind) -> Self {
        Stream {
            id,
            kind,
            bridge: None,
            forward_to: None,
            decoding: false,
            said: Box::default(),
            heard: Box::default(),
            public: Box::default(),
            public_differs: false,
            declick: Box::default(),
            source: Heard::Nothing,
            plays: 0,
            converters: Box::default(),
            player: None,
            digits: Box::new([('0', Duration::ZERO); MAX_DIGITS]),
            digit_count: 0,
            in_band: None,
            digit_pause: 0,
            taps: [None, None],
            detector: Box::default(),
            digit_sounds: false,
            listener: None,
        }
    }

    pub(super) fn rtp(&self) -> Option<&RtpLeg> {
        match &self.kind {
            Kind::Rtp(leg) => Some(leg),
            Kind::Line(_) => None,
        }
    }

    pub(super) fn rtp_mut(&mut self) -> Option<&mut RtpLeg> {
        match &mut self.kind {
            Kind::Rtp(leg) => Some(leg),
            Kind::Line(_) => None,
        }
    }

    /// The rate of what it says and hears.
    pub(super) fn rate(&self) -> Rate {
        self.rtp().map_or(Rate::Narrow, RtpLeg::rate)
    }

    pub(super) fn statistics(&self) -> StreamStatistics {
        self.rtp().map(RtpLeg::statistics).unwrap_or_default()
    }

    /// Starts playing; gives back what played before.
    pub(super) fn play(&mut self, player: Option<Box<Player>>) -> Option<Box<Player>> {
        self.plays = self.plays.wrapping_add(1);
        std::mem::replace(&mut self.player, player)
    }

    /// Queues a digit; false when too many wait.
    pub(super) fn queue_digit(&mut self, digit: Digit, duration: Duration) -> bool {
        let duration = duration.clamp(Duration::from_millis(40), Duration::from_millis(6000));
        let Some(place) = self.digits.get_mut(self.digit_count) else {
            return false;
        };
        *place = (digit, duration);
        self.digit_count += 1;
        true
    }

    /// Attaches a recording; gives it back when there are too many.
    pub(super) fn record(&mut self, tap: Box<Tap>) -> Option<Box<Tap>> {
        match self.taps.iter_mut().find(|t| t.is_none()) {
            Some(place) => {
                *place = Some(tap);
                None
            }
            None => Some(tap),
        }
    }

    /// Takes a recording off.
    pub(super) fn stop_recording(&mut self, recording: RecordingId) -> Option<Box<Tap>> {
        self.taps.iter_mut().find(|t| t.as_ref().is_some_and(|t| t.recording == recording)).and_then(Option::take)
    }

    /// Pauses a recording, or lets it go on.
    pub(super) fn pause_recording(&mut self, recording: RecordingId, paused: bool) {
        if let Some(tap) = self.taps.iter_mut().flatten().find(|tap| tap.recording == recording) {
            tap.pause(paused);
        }
    }

    /// Silences digits in a recording, or no longer.
    pub(super) fn mute_digits(&mut self, recording: RecordingId, muted: bool) {
        if let Some(tap) = self.taps.iter_mut().flatten().find(|tap| tap.recording == recording) {
            tap.mutes_digits = muted;
        }
    }

    /// A digit is in what is said. `found`: it was found in this tick, 35 to 40 ms after it began.
    pub(super) fn silences(&mut self, found: bool) -> bool {
        self.digit_sounds = found || (self.digit_sounds && self.detector.is_sounding());
        self.digit_sounds
    }

    /// Silences a digit that sounds now, its beginning and its end, where recordings want that.
    pub(super) fn mute_taps(&mut self, channel: u8) {
        self.taps.iter_mut().flatten().for_each(|tap| tap.mute(channel, 5, 3));
    }

    pub(super) fn is_recorded(&self) -> bool {
        self.taps.iter().any(Option::is_some)
    }

    /// Listens for other tones from now on; gives back what listened before.
    pub(super) fn listen_for(&mut self, listener: Option<Box<Listener>>) -> Option<Box<Listener>> {
        std::mem::replace(&mut self.listener, listener)
    }

    /// Its sound must be heard, for digits or other tones.
    pub(super) fn detects(&self) -> bool {
        self.detects_digits() || self.listener.is_some()
    }

    /// Digits must be found in the sound: no telephone events were agreed, or it is a line.
    fn detects_digits(&self) -> bool {
        match &self.kind {
            Kind::Line(line) => !line.carries_fax(),
            Kind::Rtp(leg) => leg.parameters.as_ref().is_some_and(|p| p.receive && p.receive_telephone_event.is_none()),
        }
    }

    /// Its party hears something else than its bridge: packets of the peer are not passed on to it.
    pub(super) fn is_overridden(&self) -> bool {
        self.player.is_some() || self.in_band.is_some()
    }

    /// Nothing plays, nobody listens, packets are passed on as they come: the tick has nothing to do.
    pub(super) fn rests(&self) -> bool {
        self.forward_to.is_some()
            && !self.decoding
            && !self.is_overridden()
            && !self.is_recorded()
            && self.digit_count == 0
            && self.digit_pause == 0
            && self.rtp().is_some_and(|leg| !leg.is_sending_event())
    }

    /// Takes 20 ms of what the party says.
    pub(super) fn listen(&mut self, now: u64) {
        match &mut self.kind {
            Kind::Line(line) => *self.said.frame_mut() = line.take(),
            Kind::Rtp(leg) if self.decoding => leg.hear(now, &mut self.said),
            Kind::Rtp(_) => {}
        }
    }

    /// Finds a digit and other tones in what was said.
    pub(super) fn detect(&mut self) -> (Option<Digit>, [Option<HeardTone>; 2]) {
        if !self.detects() {
            return (None, [None; 2]);
        }
        let mut narrow = SILENCE;
        if let Some(frame) = self.said.frame() {
            narrow = *frame;
        } else {
            self.converters.detector.samples(self.said.rate(), self.said.samples(), Rate::Narrow, &mut narrow);
        }
        let digit = if self.detects_digits() { self.detector.samples(&narrow) } else { None };
        let tones = self.listener.as_mut().map_or([None; 2], |listener| listener.frame(&narrow));
        (digit, tones)
    }

    /// Plays what is to be played instead of `heard`, sends it, records. `bridged`: `heard` holds the mix of a bridge.
    pub(super) fn speak(&mut self, bridged: bool, now: u64, mut tell: impl FnMut(Returned)) {
        let mut generates = bridged && self.forward_to.is_none();
        let rate = self.rate();
        let mut source = self.bridge.filter(|_| bridged).map_or(Heard::Nothing, Heard::Bridge);
        if let Some(player) = &mut self.player {
            if write_narrow(&mut self.heard, rate, &mut self.converters.made, |frame| player.frame(frame)) {
                generates = true;
                source = Heard::Played(self.plays);
            } else if let Some(player) = self.player.take() {
                tell(Returned::Player(player));
                tell(Returned::Event(Event::PlayEnded { stream: self.id }));
            }
        }
        let event_runs = self.digit_tick(now);
        if let Some(digit) = &mut self.in_band {
            generates = true;
            source = Heard::Digit;
            if !write_narrow(&mut self.heard, rate, &mut self.converters.made, |frame| digit.frame(frame)) {
                self.in_band = None;
            }
        }
        self.join(source, generates || matches!(self.kind, Kind::Line(_)));
        match &mut self.kind {
            Kind::Line(line) => {
                line.give(self.heard.frame().unwrap_or(&SILENCE));
            }
            Kind::Rtp(leg) if generates && !event_runs => leg.send_sound(&self.heard, now),
            Kind::Rtp(_) => {}
        }
        if source == Heard::Digit {
            self.mute_taps(HEARD);
        }
        for tap in self.taps.iter_mut().flatten() {
            let public = self.public_differs && matches!(source, Heard::Bridge(_));
            tap.give(&self.said, if public { &self.public } else { &self.heard });
        }
    }

    /// Joins what it hears now to what it heard before. Digits begin and end as they are.
    fn join(&mut self, source: Heard, generates: bool) {
        let before = std::mem::replace(&mut self.source, source);
        let digit = source == Heard::Digit || before == Heard::Digit;
        if generates {
            self.declick.frame(&mut self.heard, source != before && !digit);
        } else {
            self.declick.silence();
        }
    }

    /// Goes on with digits; true while an event is being sent.
    fn digit_tick(&mut self, now: u64) -> bool {
        if let Kind::Rtp(leg) = &mut self.kind
            && leg.event_tick(now)
        {
            self.digit_pause = 3; // 60 ms
            return true;
        }
        self.digit_pause = self.digit_pause.saturating_sub(1);
        if self.digit_count == 0 || self.digit_pause > 0 || self.in_band.is_some() {
            return false;
        }
        let (digit, duration) = self.digits[0];
        self.digits.copy_within(1.., 0);
        self.digit_count -= 1;
        if let Kind::Rtp(leg) = &mut self.kind
            && leg.begin_event(digit, duration, now)
        {
            return leg.event_tick(now);
        }
        self.in_band = DigitTone::new(digit, duration);
        false
    }
}

/// Lets `make` write 20 ms at 8 kHz and brings them to `rate`; gives what `make` does.
fn write_narrow(out: &mut Sound, rate: Rate, converter: &mut Converter, make: impl FnOnce(&mut Frame) -> bool) -> bool {
    if rate == Rate::Narrow {
        return make(out.frame_mut());
    }
    let mut narrow = SILENCE;
    let goes_on = make(&mut narrow);
    converter.samples(Rate::Narrow, &narrow, rate, out.at(rate));
    goes_on
}
