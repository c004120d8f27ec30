//! The media thread allocates and frees nothing: a counting allocator looks while it forwards, mixes, transcodes, protects, plays, records
//! and detects. What C libraries take (libopus: its stack alone) is not seen.
#![allow(unsafe_code, reason = "a global allocator can only be made so; it hands everything on to the system's")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

use offhook_media::FRAME;
use offhook_media::command::{
    BridgeId, Codec, Command, Event, Keys, LinePort, Member, Protection, RecordingId, Role, Source, StreamId,
    ToneSegment,
};
use offhook_media::engine::EngineConfig;
use offhook_media::rtp::packet::{HEADER, Header};
use offhook_media::srtp::{MAX_GROWTH, MasterKey, Profile, Sender};
use support::{Party, Running, start};

/// The thread looked at; 0: none.
static WATCHED: AtomicI32 = AtomicI32::new(0);
static ALLOCATED: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);

struct Counting;

fn count(what: &AtomicU64) {
    let watched = WATCHED.load(Ordering::Relaxed);
    if watched != 0 && nix::unistd::gettid().as_raw() == watched {
        what.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(&ALLOCATED);
        // SAFETY: the caller's duty, handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(&FREED);
        // SAFETY: the caller's duty, handed on.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The engine's real-time thread, by its name.
fn media_thread() -> i32 {
    for task in std::fs::read_dir("/proc/self/task").expect("proc") {
        let path = task.expect("a thread").path();
        if std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "media-0") {
            return path.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse().ok()).expect("a number");
        }
    }
    panic!("no media thread");
}

/// A phone that protects what it sends.
struct Protected {
    party: Party,
    sender: Sender,
}

impl Protected {
    fn new(running: &Running, stream: u64, profile: Profile) -> Self {
        let key = |fill: u8| {
            MasterKey::new(profile, &vec![fill; profile.key_length() + profile.salt_length()]).expect("a key's length")
        };
        let party = running.party(stream, Codec::Pcma);
        let keys = Keys::Sdes { send: key(1), receive: key(2) };
        let protection = Box::new(Protection { keys, ice: None });
        running.command(Command::Protect { stream: party.stream, protection });
        Protected { party, sender: Sender::new(&key(2)).expect("a cipher") }
    }

    fn say(&mut self) {
        let Party { sequence, timestamp, ssrc, .. } = self.party;
        let header = Header { marker: false, payload_type: 8, sequence, timestamp, ssrc };
        let mut packet = [0x55; HEADER + FRAME + MAX_GROWTH];
        packet[..HEADER].copy_from_slice(&header.to_bytes());
        let length = self.sender.seal_rtp(&mut packet, HEADER + FRAME).expect("a new packet");
        self.party.socket.send_to(&packet[..length], self.party.remote).expect("loopback");
        self.party.sequence = sequence.wrapping_add(1);
        self.party.timestamp = timestamp.wrapping_add(FRAME as u32);
    }

    /// Protected packets of the other one that came.
    fn heard(&self) -> usize {
        waiting(&self.party).filter(|&length| length > HEADER + FRAME).count()
    }
}

/// Lengths of the packets that wait for a phone.
fn waiting(party: &Party) -> impl Iterator<Item = usize> {
    party.socket.set_nonblocking(true).expect("a socket");
    let mut buffer = [0; 1600];
    std::iter::from_fn(move || party.socket.recv(&mut buffer).ok())
}

/// A prompt of half a second.
fn prompt(directory: &std::path::Path) -> std::path::PathBuf {
    let path = directory.join("prompt.wav");
    let mut bytes = offhook_media::wav::header(1, 8000, 8000).to_vec();
    bytes.extend((0..4000i16).flat_map(|n| (n % 100 * 50).to_le_bytes()));
    std::fs::write(&path, bytes).expect("a file of our own");
    path
}

#[test]
fn the_media_thread_allocates_nothing() {
    // The counter counts.
    WATCHED.store(nix::unistd::gettid().as_raw(), Ordering::Relaxed);
    drop(std::hint::black_box(Box::new(1)));
    WATCHED.store(0, Ordering::Relaxed);
    assert!(ALLOCATED.swap(0, Ordering::Relaxed) > 0 && FREED.swap(0, Ordering::Relaxed) > 0);
    let b = start(EngineConfig::default());
    let directory = std::env::temp_dir().join(format!("offhook-allocations-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory of our own");
    // Forwarding, with a recording.
    let (mut a, mut c) = (b.party(1, Codec::Pcma), b.party(2, Codec::Pcmu));
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
    // A conference of lines, whose digits are listened for.
    let lines: Vec<_> = (1..=4).map(|port| b.engine.line(LinePort(port))).collect();
    let streams: Vec<StreamId> = (1..=4).map(|port| StreamId(10 + port)).collect();
    for (port, &stream) in (1..).zip(&streams) {
        b.command(Command::OpenLine { stream, port: LinePort(port) });
    }
    // Opus on one side, G.711 on the other.
    let (mut o, mut g) = (b.party(3, Codec::Opus), b.party(4, Codec::Pcma));
    b.command(Command::Bridge { bridge: BridgeId(3), members: vec![o.stream, g.stream] });
    // SRTP on both sides, by different ciphers.
    let mut protected = [(5, Profile::AesCm128Sha1Tag80), (6, Profile::AeadAes256Gcm)]
        .map(|(stream, profile)| Protected::new(&b, stream, profile));
    let members = protected.iter().map(|p| p.party.stream).collect();
    b.command(Command::Bridge { bridge: BridgeId(4), members });
    let clock = b.metronome(9);
    support::until_bridged(&mut a, &mut c);
    while waiting(&o).next().is_none() || waiting(&g).next().is_none() {
        clock.hear();
        o.say(440.0);
        g.say(880.0);
    }
    let prompt = prompt(&directory);
    let segments = vec![ToneSegment { hz: vec![440.0], duration: None, ..ToneSegment::default() }];
    let members = |role: Role, count: usize| -> Vec<Member> {
        streams
            .iter()
            .take(count)
            .map(|&s| Member { role: if s == streams[0] { role } else { Role::Talk }, ..s.into() })
            .collect()
    };
    WATCHED.store(media_thread(), Ordering::Relaxed);
    for n in 0..200u64 {
        match n {
            10 => b.command(Command::Conference { bridge: BridgeId(2), members: members(Role::Talk, 3) }),
            30 => {
                b.command(Command::Conference { bridge: BridgeId(2), members: members(Role::Whisper(streams[1]), 4) })
            }
            50 => b.command(Command::Conference { bridge: BridgeId(2), members: members(Role::Listen, 2) }),
            70 => b.command(Command::Conference { bridge: BridgeId(2), members: members(Role::Talk, 2) }),
            20 | 90 => {
                let path = directory.join(format!("{n}.opus"));
                let stream = if n == 20 { a.stream } else { streams[1] };
                b.command(Command::Record { recording: RecordingId(n), stream, path });
                b.command(Command::MuteDigits { recording: RecordingId(n), muted: true });
            }
            100 => b.command(Command::PauseRecording { recording: RecordingId(20), paused: true }),
            110 => b.command(Command::StopRecording { recording: RecordingId(20) }),
            40 => b.command(Command::Play {
                stream: streams[2],
                source: Source::Tone { segments: segments.clone(), level_dbm0: -10.0 },
            }),
            60 => b.command(Command::Stop { stream: streams[2] }),
            80 => b.command(Command::Play { stream: streams[3], source: Source::Chime { repeat: Some(1) } }),
            25 => b.command(Command::Listen {
                stream: streams[1],
                hang_up: vec!["425: 500/500".parse().expect("a profile")],
                fax: true,
            }),
            35 | 130 => b.command(Command::Play {
                stream: if n == 35 { g.stream } else { o.stream },
                source: Source::File { path: prompt.clone(), repeat: Some(1) },
            }),
            45 => b.command(Command::Listen { stream: o.stream, hang_up: Vec::new(), fax: true }),
            55 => b.command(Command::Record {
                recording: RecordingId(n),
                stream: o.stream,
                path: directory.join("wide.opus"),
            }),
            140 => b.command(Command::Conference {
                bridge: BridgeId(3),
                members: [o.stream, g.stream, streams[2]].map(Member::from).to_vec(),
            }),
            120 => {
                b.command(Command::SendDigit { stream: streams[0], digit: '5', duration: Duration::from_millis(80) })
            }
            _ => {}
        }
        clock.hear();
        a.say(440.0);
        c.say(880.0);
        o.say(440.0);
        g.say(880.0);
        protected.iter_mut().for_each(Protected::say);
        lines.iter().for_each(|line| _ = line.say(&[n as i16 * 50; FRAME]));
    }
    WATCHED.store(0, Ordering::Relaxed);
    assert_eq!((ALLOCATED.load(Ordering::Relaxed), FREED.load(Ordering::Relaxed)), (0, 0));
    // Both prompts were heard to their end: the player was at work.
    for stream in [g.stream, o.stream] {
        b.wait(|e| (*e == Event::PlayEnded { stream }).then_some(()));
    }
    assert!(protected.iter().all(|p| p.heard() > 50), "protected packets passed");
    b.engine.shutdown();
    std::fs::remove_dir_all(directory).expect("our own directory");
}
