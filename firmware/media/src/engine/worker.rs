//! A real-time thread: packets as they come, a tick every 20 ms. It takes no lock, allocates nothing and logs nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use super::guard::{Datagram, Opened};
use super::leg::{Incoming, Now, RtpLeg, read_one};
use super::mixing::{Arrangement, Table, mix};
use super::order::{Members, Order, Returned, Slot};
use super::recorder::{HEARD, SAID};
use super::stream::{Kind, Stream};
use crate::command::{Digit, Event};
use crate::jitter::Mode;
use crate::rtp::packet::MAX_PACKET;
use crate::rtp::rtcp::NtpTime;

/// The tick.
pub(super) const TICK: Duration = Duration::from_millis(20);
/// Events taken from the kernel at once.
const BATCH: usize = 256;
/// Missed ticks made up for at once; more are given up.
const MAX_CATCH_UP: u32 = 5;
/// Ticks after which a resting stream is looked after: its reports, its silence.
const LOOK_AFTER: u64 = 8;
/// Packets in a tick from which on they share wake-ups: 4000 a second, some 40 calls passed on.
const CROWD: u32 = 80;
/// Streams served on the tick before packets that came meanwhile are: they would wait for milliseconds else.
const STRIDE: usize = 32;
/// Length of a digit passed on to a party that takes no events.
const PASSED_DIGIT: Duration = Duration::from_millis(100);

/// What an epoll event is about: in the low bits of its data; the slot is above.
const RTP: u64 = 0;
const RTCP: u64 = 1;
const TIMER: u64 = 2;
const WAKE: u64 = 3;

/// What is shared with the outside.
#[derive(Debug)]
pub(super) struct Shared {
    /// Wakes the thread for orders.
    pub(super) wake: EventFd,
    /// Ticks given up because the thread was late.
    pub(super) late_ticks: AtomicU64,
    /// Things that could not be told because the queue was full.
    pub(super) untold: AtomicU64,
}

impl Shared {
    pub(super) fn new() -> std::io::Result<Self> {
        let wake = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?;
        Ok(Shared { wake, late_ticks: AtomicU64::new(0), untold: AtomicU64::new(0) })
    }
}

/// The clock all threads share.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    epoch: Instant,
    ntp: NtpTime,
    /// Ticks since the start, when time goes on only when told ([`super::Time::Stepped`]).
    stepped: Option<Arc<AtomicU64>>,
}

impl Clock {
    pub(super) fn start(time: super::Time) -> Self {
        let unix = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let stepped = (time == super::Time::Stepped).then(Arc::default);
        Clock { epoch: Instant::now(), ntp: NtpTime::from_unix(unix), stepped }
    }

    /// Time goes on only when told.
    pub(super) fn is_stepped(&self) -> bool {
        self.stepped.is_some()
    }

    /// Lets a tick pass, when time is stepped.
    pub(super) fn step(&self) {
        if let Some(ticks) = &self.stepped {
            ticks.fetch_add(1, Ordering::Release);
        }
    }

    fn elapsed(&self) -> Duration {
        match &self.stepped {
            None => self.epoch.elapsed(),
            Some(ticks) => TICK * ticks.load(Ordering::Acquire) as u32,
        }
    }

    pub(super) fn now(&self) -> Now {
        let elapsed = self.elapsed();
        let fraction = (u64::from(elapsed.subsec_nanos()) << 32) / 1_000_000_000;
        let ntp = self.ntp.0.wrapping_add((elapsed.as_secs() << 32) | fraction);
        Now { clock: units(elapsed), ntp: NtpTime(ntp) }
    }
}

/// A moment on the media clock.
fn units(elapsed: Duration) -> u64 {
    elapsed.as_micros() as u64 / 125
}

/// The thread's own state.
pub(super) struct Worker {
    epoll: Epoll,
    timer: TimerFd,
    shared: Arc<Shared>,
    orders: Receiver<Order>,
    returned: Sender<Returned>,
    datagrams: Sender<Datagram>,
    clock: Clock,
    media_timeout: u64,
    coalesce: Duration,
    /// Packets since the last tick, and whether there were many between the last two.
    packets: u32,
    crowded: bool,
    streams: Vec<Option<Box<Stream>>>,
    /// By place: nothing to do for the stream on the tick but to look after it now and then, for its packets are only passed on. Apart
    /// from the streams, because hundreds of them do not fit into the processor's cache and most rest.
    resting: Vec<bool>,
    bridges: Vec<Members>,
    /// By place of the bridge.
    tables: Vec<Option<Box<Table>>>,
    /// Conferences that end soon.
    retiring: usize,
    /// Places in use end here.
    used: usize,
    /// Since the clock began.
    next_tick: Duration,
    ticks: u64,
}

/// How a thread is made.
pub(super) struct WorkerParts {
    pub(super) shared: Arc<Shared>,
    pub(super) orders: Receiver<Order>,
    pub(super) returned: Sender<Returned>,
    pub(super) datagrams: Sender<Datagram>,
    pub(super) clock: Clock,
    pub(super) media_timeout: Duration,
    pub(super) coalesce: Duration,
    pub(super) streams: usize,
}

impl Worker {
    pub(super) fn new(parts: WorkerParts) -> std::io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        timer.set(Expiration::Interval(TimeSpec::from_duration(TICK)), TimerSetTimeFlags::empty())?;
        epoll.add(&timer, EpollEvent::new(EpollFlags::EPOLLIN, TIMER))?;
        epoll.add(&parts.shared.wake, EpollEvent::new(EpollFlags::EPOLLIN, WAKE))?;
        let next_tick = parts.clock.elapsed() + TICK;
        Ok(Worker {
            epoll,
            timer,
            shared: parts.shared,
            orders: parts.orders,
            returned: parts.returned,
            datagrams: parts.datagrams,
            clock: parts.clock,
            media_timeout: parts.media_timeout.as_millis() as u64 * 8,
            coalesce: parts.coalesce,
            packets: 0,
            crowded: false,
            streams: (0..parts.streams).map(|_| None).collect(),
            resting: vec![false; parts.streams],
            bridges: vec![Members::EMPTY; parts.streams],
            tables: (0..parts.streams).map(|_| None).collect(),
            retiring: 0,
            used: 0,
            next_tick,
            ticks: 0,
        })
    }

    /// Runs until told to end.
    pub(super) fn run(mut self) {
        if self.clock.is_stepped() {
            return self.run_stepped();
        }
        let mut events = [EpollEvent::empty(); BATCH];
        loop {
            let count = self.epoll.wait(&mut events, EpollTimeout::NONE).unwrap_or(0);
            self.warm(events.get(..count).unwrap_or_default());
            let mut woken = false;
            let before = self.packets;
            for event in events.get(..count).unwrap_or_default() {
                match event.data() & 3 {
                    TIMER => {
                        let _expired = self.timer.wait();
                    }
                    WAKE => {
                        woken = true;
                        let _count = self.shared.wake.read();
                    }
                    _ => self.read(event),
                }
            }
            let came = self.packets != before;
            if woken && !self.take_orders() {
                return;
            }
            let to_tick = self.ticks_due();
            if came && self.crowded && !self.coalesce.is_zero() {
                std::thread::sleep(self.coalesce.min(to_tick));
            }
        }
    }

    /// Runs in stepped time: packets that came since the last step are taken at the next one.
    fn run_stepped(&mut self) {
        while let Ok(order) = self.orders.recv() {
            match order {
                Order::Shutdown => return,
                Order::Step { done } => {
                    while self.read_waiting() {}
                    self.ticks_due();
                    let _nobody_waits = done.send(());
                }
                order => self.obey(order),
            }
        }
    }

    /// Reads what the packets of a crowd need. Hundreds of streams, in use every 20 ms, do not stay in the processor's cache: their memory
    /// is waited for together here, where it would be one by one between the system calls.
    fn warm(&self, events: &[EpollEvent]) {
        if !self.crowded {
            return;
        }
        let stream = |slot: usize| self.streams.get(slot).and_then(Option::as_deref);
        let touch = |stream: &Stream| stream.rtp().map_or(0, RtpLeg::touch);
        let touched = events.iter().filter(|event| event.data() & 3 == RTP).fold(0, |touched, event| {
            let one = stream((event.data() >> 2) as usize);
            let other = one.and_then(|one| stream(usize::from(one.forward_to?)));
            touched ^ one.map_or(0, touch) ^ other.map_or(0, touch)
        });
        std::hint::black_box(touched);
    }

    /// Takes the packet an event is about.
    fn read(&mut self, event: &EpollEvent) {
        let slot = (event.data() >> 2) as usize;
        match event.data() & 3 {
            RTP => {
                self.packets += 1;
                self.read_rtp(slot);
            }
            RTCP => self.read_rtcp(slot),
            _ => {}
        }
    }

    /// Takes the packets that wait, one from each socket; false when there were none.
    fn read_waiting(&mut self) -> bool {
        let mut events = [EpollEvent::empty(); BATCH];
        let count = self.epoll.wait(&mut events, EpollTimeout::ZERO).unwrap_or(0);
        let mut any = false;
        for event in events.get(..count).unwrap_or_default() {
            any |= matches!(event.data() & 3, RTP | RTCP);
            self.read(event);
        }
        any
    }

    fn take_orders(&mut self) -> bool {
        while let Ok(order) = self.orders.try_recv() {
            if matches!(order, Order::Shutdown) {
                return false;
            }
            self.obey(order);
        }
        true
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Add { slot, stream } => self.add(slot, stream),
            Order::Remove { slot } => self.remove(slot),
            Order::Bridge { bridge, members, arrangement } => self.set_bridge(bridge, members, arrangement),
            Order::Parameters { slot, parameters, coder } => {
                let now = self.clock.now().clock;
                let unneeded = match self.stream(slot).and_then(|s| s.rtp_mut()) {
                    Some(leg) => leg.set_parameters(parameters, coder, now),
                    None => coder,
                };
                self.tell(Returned::Coder(unneeded));
                self.refresh_around(slot);
            }
            Order::Protect { slot, keyed } => {
                let unneeded = match self.stream(slot).and_then(|s| s.rtp_mut()) {
                    Some(leg) => leg.guard.set(keyed),
                    None => Some(keyed),
                };
                unneeded.into_iter().for_each(|k| self.tell(Returned::Keyed(k)));
            }
            Order::Remote { slot, remote } => {
                if let Some(leg) = self.stream(slot).and_then(|s| s.rtp_mut()) {
                    leg.nominate(remote);
                }
            }
            Order::Play { slot, player } => {
                let before = match self.stream(slot) {
                    Some(stream) => stream.play(Some(player)),
                    None => Some(player),
                };
                before.into_iter().for_each(|p| self.tell(Returned::Player(p)));
            }
            Order::Stop { slot } => {
                let before = self.stream(slot).and_then(|s| s.play(None));
                before.into_iter().for_each(|p| self.tell(Returned::Player(p)));
            }
            Order::Digit { slot, digit, duration } => {
                if let Some(stream) = self.stream(slot) {
                    stream.queue_digit(digit, duration);
                }
            }
            Order::Listen { slot, listener } => {
                let before = match self.stream(slot) {
                    Some(stream) => stream.listen_for(listener),
                    None => listener,
                };
                before.into_iter().for_each(|l| self.tell(Returned::Listener(l)));
                self.refresh_around(slot);
            }
            Order::Record { slot, tap } => {
                let refused = match self.stream(slot) {
                    Some(stream) => stream.record(tap),
                    None => Some(tap),
                };
                refused.into_iter().for_each(|t| self.tell(Returned::Tap(t)));
                self.refresh_around(slot);
            }
            Order::PauseRecording { slot, recording, paused } => {
                if let Some(stream) = self.stream(slot) {
                    stream.pause_recording(recording, paused);
                }
            }
            Order::MuteDigits { slot, recording, muted } => {
                if let Some(stream) = self.stream(slot) {
                    stream.mute_digits(recording, muted);
                }
            }
            Order::StopRecording { slot, recording } => {
                let tap = self.stream(slot).and_then(|s| s.stop_recording(recording));
                tap.into_iter().for_each(|t| self.tell(Returned::Tap(t)));
                self.refresh_around(slot);
            }
            Order::Step { .. } | Order::Shutdown => {}
        }
    }

    fn add(&mut self, slot: Slot, mut stream: Box<Stream>) {
        if let Kind::Rtp(leg) = &stream.kind {
            let data = u64::from(slot) << 2;
            let added = self
                .epoll
                .add(&leg.sockets.rtp, EpollEvent::new(EpollFlags::EPOLLIN, data | RTP))
                .and_then(|()| self.epoll.add(&leg.sockets.rtcp, EpollEvent::new(EpollFlags::EPOLLIN, data | RTCP)));
            if added.is_err() {
                self.shared.untold.fetch_add(1, Ordering::Relaxed);
            }
        }
        stream.bridge = None;
        stream.forward_to = None;
        self.used = self.used.max(usize::from(slot) + 1);
        self.wake(slot);
        if let Some(place) = self.streams.get_mut(usize::from(slot)) {
            *place = Some(stream);
        }
        self.refresh_around(slot);
    }

    fn remove(&mut self, slot: Slot) {
        let Some(mut stream) = self.streams.get_mut(usize::from(slot)).and_then(Option::take) else {
            return;
        };
        if let Kind::Rtp(leg) = &mut stream.kind {
            let _gone = self.epoll.delete(&leg.sockets.rtp);
            let _gone = self.epoll.delete(&leg.sockets.rtcp);
        }
        while self.used > 0 && self.streams.get(self.used - 1).is_some_and(Option::is_none) {
            self.used -= 1;
        }
        self.tell(Returned::Stream(stream));
    }

    /// The stream at a place, to be changed: it does not rest any more.
    fn stream(&mut self, slot: Slot) -> Option<&mut Stream> {
        self.wake(slot);
        self.streams.get_mut(usize::from(slot)).and_then(Option::as_deref_mut)
    }

    fn wake(&mut self, slot: Slot) {
        if let Some(resting) = self.resting.get_mut(usize::from(slot)) {
            *resting = false;
        }
    }

    fn set_bridge(&mut self, bridge: Slot, members: Members, arrangement: Option<Box<Arrangement>>) {
        let index = usize::from(bridge);
        let (Some(place), Some(table)) = (self.bridges.get_mut(index), self.tables.get_mut(index)) else {
            return;
        };
        let before = std::mem::replace(place, members);
        let ended = match arrangement {
            Some(mut arrangement) => {
                arrangement.apply(table, before);
                Some(Returned::Arrangement(arrangement))
            }
            None => table.take().map(Returned::Table),
        };
        ended.into_iter().for_each(|what| self.tell(what));
        self.retiring = self.tables.iter().flatten().filter(|table| table.retires.is_some()).count();
        for &slot in before.as_slice() {
            if let Some(stream) = self.stream(slot)
                && stream.bridge == Some(bridge)
            {
                stream.bridge = None;
            }
        }
        for &slot in members.as_slice() {
            if let Some(stream) = self.stream(slot) {
                stream.bridge = Some(bridge);
            }
        }
        before.as_slice().iter().for_each(|&slot| self.refresh(slot));
        members.as_slice().iter().for_each(|&slot| self.refresh(slot));
    }

    /// Ends conferences that are not needed any more.
    fn retire(&mut self) {
        for index in 0..self.tables.len() {
            let over =
                self.tables.get_mut(index).and_then(Option::as_mut).and_then(|t| t.retires.as_mut()).is_some_and(
                    |left| {
                        *left = left.saturating_sub(1);
                        *left == 0
                    },
                );
            if !over {
                continue;
            }
            self.retiring = self.retiring.saturating_sub(1);
            if let Some(table) = self.tables.get_mut(index).and_then(Option::take) {
                self.tell(Returned::Table(table));
            }
            let members = self.bridges.get(index).copied().unwrap_or(Members::EMPTY);
            members.as_slice().iter().for_each(|&slot| self.refresh(slot));
        }
    }

    /// Decides anew how a stream and those in its bridge run.
    fn refresh_around(&mut self, slot: Slot) {
        let bridge = self.stream(slot).and_then(|s| s.bridge);
        match bridge.and_then(|b| self.bridges.get(usize::from(b)).copied()) {
            Some(members) => members.as_slice().iter().for_each(|&member| self.refresh(member)),
            None => self.refresh(slot),
        }
    }

    /// Decides whether packets of a stream are passed on as they come, and whether its sound is needed as samples.
    fn refresh(&mut self, slot: Slot) {
        let Some(stream) = self.streams.get(usize::from(slot)).and_then(Option::as_deref) else {
            return;
        };
        let members = stream.bridge.and_then(|b| self.bridges.get(usize::from(b)).copied()).unwrap_or(Members::EMPTY);
        let in_conference = stream.bridge.and_then(|b| self.tables.get(usize::from(b))).is_some_and(Option::is_some);
        let other = match members.as_slice() {
            &[a, b] if !in_conference => Some(if a == slot { b } else { a }),
            _ => None,
        };
        let peer = other.and_then(|o| self.streams.get(usize::from(o)).and_then(Option::as_deref));
        let alike = peer.is_some_and(|peer| are_alike(stream, peer));
        let forward_to = other.filter(|_| alike);
        let mixed = members.as_slice().len() > 1 && forward_to.is_none();
        let decoding =
            mixed || stream.detects() || stream.is_recorded() || peer.is_some_and(|p| alike && p.is_recorded());
        if let Some(stream) = self.stream(slot) {
            if decoding != stream.decoding {
                stream.said.silence_at(stream.rate());
                if let Some(leg) = stream.rtp_mut() {
                    leg.playout.reset();
                }
            }
            stream.forward_to = forward_to;
            stream.decoding = decoding;
        }
    }

    fn tell(&self, what: Returned) {
        tell(&self.returned, &self.shared, what);
    }

    /// Takes one datagram. Where more wait, epoll tells again: asking the socket until it has none would cost a system call a packet,
    /// for usually there is one.
    fn read_rtp(&mut self, slot: usize) {
        let mut buffer = [0; MAX_PACKET + 1];
        let Some(stream) = self.streams.get_mut(slot).and_then(Option::as_deref_mut) else {
            return;
        };
        let Kind::Rtp(leg) = &mut stream.kind else {
            return;
        };
        let Some((bytes, from)) = read_one(&leg.sockets.rtp, &mut buffer) else {
            return;
        };
        let bytes = match leg.guard.open(bytes) {
            Opened::Media(bytes) => bytes,
            Opened::Control(bytes) => {
                // When the control side is behind, the peer sends it again.
                if let Some(datagram) = Datagram::new(stream.id, from, bytes) {
                    let _behind = self.datagrams.try_send(datagram);
                }
                return;
            }
            Opened::Refused => return,
        };
        let now = self.clock.now();
        let Some(received) = leg.receive(bytes, from, now) else {
            return;
        };
        let (id, forward_to, bridge) = (stream.id, stream.forward_to, stream.bridge);
        if received.first {
            tell(&self.returned, &self.shared, Returned::Event(Event::MediaStarted { stream: id }));
        }
        if stream.decoding
            && let Some(incoming) = &received.incoming
        {
            leg.keep(incoming, now.clock);
        }
        match received.incoming {
            None | Some(Incoming::ComfortNoise { .. }) => {}
            Some(Incoming::Audio { header, codec, payload }) => {
                let peer =
                    forward_to.and_then(|to| self.streams.get_mut(usize::from(to))).and_then(Option::as_deref_mut);
                if let Some(peer) = peer
                    && !peer.is_overridden()
                    && let Kind::Rtp(leg) = &mut peer.kind
                {
                    leg.forward_audio(&header, codec, payload, now.clock);
                }
            }
            Some(Incoming::Event { header, payload, digits }) => {
                for digit in digits.into_iter().flatten() {
                    tell(&self.returned, &self.shared, Returned::Event(Event::Digit { stream: id, digit }));
                }
                let mut passed = false;
                let peer =
                    forward_to.and_then(|to| self.streams.get_mut(usize::from(to))).and_then(Option::as_deref_mut);
                if let Some(peer) = peer {
                    let overridden = peer.is_overridden();
                    if let Kind::Rtp(leg) = &mut peer.kind {
                        passed = overridden || leg.forward_event(&header, payload, now.clock);
                    }
                }
                if !passed {
                    digits.into_iter().flatten().for_each(|digit| self.pass_digit(slot as Slot, bridge, digit));
                }
            }
        }
    }

    /// Gives a digit to the other party of a bridge of two that took no packet of it: as its own event, or as tones.
    fn pass_digit(&mut self, slot: Slot, bridge: Option<Slot>, digit: Digit) {
        let members = bridge.and_then(|b| self.bridges.get(usize::from(b)).copied()).unwrap_or(Members::EMPTY);
        let mut talkers = [0; 2];
        let pair = match bridge.and_then(|b| self.tables.get(usize::from(b))).and_then(Option::as_ref) {
            // Those who only listen do not stand between the two who talk.
            Some(table) if table.conference.talkers(&mut talkers) == 2 => Some(talkers),
            Some(_) => None,
            None => members.as_slice().try_into().ok(),
        };
        if let Some([a, b]) = pair.filter(|pair| pair.contains(&slot))
            && let Some(peer) = self.stream(if a == slot { b } else { a })
            && peer.rtp().is_none_or(|leg| leg.takes_digits())
        {
            peer.queue_digit(digit, PASSED_DIGIT);
        }
    }

    fn read_rtcp(&mut self, slot: usize) {
        let mut buffer = [0; MAX_PACKET + 1];
        let Some(Kind::Rtp(leg)) = self.streams.get_mut(slot).and_then(Option::as_deref_mut).map(|s| &mut s.kind)
        else {
            return;
        };
        let Some((bytes, from)) = read_one(&leg.sockets.rtcp, &mut buffer) else {
            return;
        };
        if let Opened::Media(bytes) = leg.guard.open(bytes) {
            leg.receive_rtcp(bytes, from, self.clock.now());
        }
    }

    /// Does the ticks that are due; tells how long it is to the next.
    fn ticks_due(&mut self) -> Duration {
        let mut made_up = 0;
        loop {
            let to_next = self.next_tick.saturating_sub(self.clock.elapsed());
            if !to_next.is_zero() {
                return to_next;
            }
            let due = units(self.next_tick);
            self.next_tick += TICK;
            if made_up < MAX_CATCH_UP {
                made_up += 1;
                self.tick(due);
            } else {
                self.shared.late_ticks.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// One tick, that should have been at `due` on the media clock.
    fn tick(&mut self, due: u64) {
        let now = self.clock.now();
        self.ticks += 1;
        self.crowded = std::mem::take(&mut self.packets) >= CROWD;
        self.each_at_work(|worker, index| {
            if let Some(stream) = worker.streams.get_mut(index).and_then(Option::as_deref_mut) {
                stream.listen(due);
            }
        });
        self.each_at_work(|worker, index| {
            let event = mix(&mut worker.streams, &worker.bridges, &mut worker.tables, index);
            event.into_iter().for_each(|event| worker.tell(Returned::Event(event)));
        });
        self.each_at_work(|worker, index| worker.speak(index, now));
        if self.retiring > 0 {
            self.retire();
        }
    }

    /// Does something for each stream that does not rest, or has its turn to be looked after: those that rest have it one after the other.
    fn each_at_work(&mut self, mut work: impl FnMut(&mut Self, usize)) {
        let turn = self.ticks % LOOK_AFTER;
        let mut served = 0;
        for index in 0..self.used {
            let rests = self.resting.get(index).copied().unwrap_or(false) && index as u64 % LOOK_AFTER != turn;
            if rests || self.streams.get(index).is_none_or(Option::is_none) {
                continue;
            }
            work(self, index);
            served += 1;
            if served % STRIDE == 0 && !self.clock.is_stepped() {
                self.read_waiting();
            }
        }
    }

    /// What a stream gives in a tick: tones and digits heard in what its party said, reports, the next 20 ms to hear.
    fn speak(&mut self, index: usize, now: Now) {
        let Worker { streams, resting, bridges, returned, shared, media_timeout, .. } = self;
        let tell = |what| tell(returned, shared, what);
        let Some(stream) = streams.get_mut(index).and_then(Option::as_deref_mut) else {
            return;
        };
        let id = stream.id;
        let members = stream.bridge.and_then(|b| bridges.get(usize::from(b)).copied()).unwrap_or(Members::EMPTY);
        let fax = match &mut stream.kind {
            Kind::Line(line) => line.fax_begun(),
            Kind::Rtp(_) => false,
        };
        let listens = stream.decoding || matches!(stream.kind, Kind::Line(_));
        let (in_band, tones) = if listens { stream.detect() } else { (None, [None; 2]) };
        for tone in tones.into_iter().flatten() {
            tell(Returned::Event(Event::Tone { stream: id, tone }));
        }
        let mut expired = None;
        if let Kind::Rtp(leg) = &mut stream.kind {
            expired = leg.expired_digit(now.clock);
            leg.report_tick(now);
            if leg.went_silent(now.clock, *media_timeout) {
                tell(Returned::Event(Event::MediaLost { stream: id }));
            }
        }
        if stream.silences(in_band.is_some()) {
            stream.mute_taps(SAID);
            for &slot in members.as_slice().iter().filter(|&&slot| usize::from(slot) != index) {
                if let Some(other) = streams.get_mut(usize::from(slot)).and_then(Option::as_deref_mut) {
                    other.mute_taps(HEARD);
                }
            }
        }
        let Some(stream) = streams.get_mut(index).and_then(Option::as_deref_mut) else {
            return;
        };
        for digit in in_band.into_iter().chain(expired) {
            tell(Returned::Event(Event::Digit { stream: id, digit }));
        }
        stream.speak(members.as_slice().len() > 1, now.clock, tell);
        if let Some(resting) = resting.get_mut(index) {
            *resting = stream.rests();
        }
        if fax {
            tell(Returned::Event(Event::FaxDetected { stream: id }));
            for &slot in members.as_slice() {
                // Not a sample more or less than was sent: a modem would lose its carrier.
                if let Some(leg) = streams.get_mut(usize::from(slot)).and_then(|s| s.as_deref_mut()?.rtp_mut()) {
                    leg.playout.set_mode(Mode::FAX);
                }
            }
        }
    }
}

/// Packets can pass between the two as they come: the same packet time and codec, or both laws of G.711.
fn are_alike(one: &Stream, other: &Stream) -> bool {
    let agreed = |stream: &Stream| {
        let leg = stream.rtp()?;
        let parameters = leg.parameters.as_ref()?;
        Some((leg.codec(), parameters.ptime, parameters.telephone_event_clock))
    };
    match (agreed(one), agreed(other)) {
        (Some((a, ptime, events)), Some((b, other_ptime, other_events))) => {
            ptime == other_ptime && events == other_events && (a == b || (a.is_g711() && b.is_g711()))
        }
        _ => false,
    }
}

fn tell(returned: &Sender<Returned>, shared: &Shared, what: Returned) {
    if returned.try_send(what).is_err() {
        shared.untold.fetch_add(1, Ordering::Relaxed);
    }
}
