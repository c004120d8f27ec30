//! What the control thread and the real-time threads say to each other. Whatever allocates or frees is made and dropped on
//! the control side; the real-time side only moves it.

use std::net::SocketAddr;
use std::time::Duration;

use crossbeam_channel::Sender;

use super::guard::Keyed;
use super::listener::Listener;
use super::mixing::{Arrangement, Table};
use super::player::Player;
use super::recorder::Tap;
use super::stream::Stream;
use crate::codec::Coder;
use crate::command::{Digit, Event, RecordingId, RtpParameters};
use crate::conference::MAX_PARTIES;

/// Place of a stream in its thread's table.
pub(super) type Slot = u16;

/// Members of a bridge by their places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Members {
    slots: [Slot; MAX_PARTIES],
    count: u8,
}

impl Members {
    pub(super) const EMPTY: Members = Members { slots: [0; MAX_PARTIES], count: 0 };

    /// Adds one; false when the bridge is full.
    pub(super) fn push(&mut self, slot: Slot) -> bool {
        let Some(place) = self.slots.get_mut(usize::from(self.count)) else {
            return false;
        };
        *place = slot;
        self.count += 1;
        true
    }

    pub(super) fn as_slice(&self) -> &[Slot] {
        self.slots.get(..usize::from(self.count)).unwrap_or_default()
    }
}

/// To a real-time thread.
#[derive(Debug)]
pub(super) enum Order {
    /// A new stream, or one that moves here.
    Add {
        slot: Slot,
        stream: Box<Stream>,
    },
    /// Gives a stream back.
    Remove {
        slot: Slot,
    },
    Parameters {
        slot: Slot,
        parameters: RtpParameters,
        coder: Box<Coder>,
    },
    /// Keys and path.
    Protect {
        slot: Slot,
        keyed: Box<Keyed>,
    },
    /// The peer nominated an address.
    Remote {
        slot: Slot,
        remote: SocketAddr,
    },
    Bridge {
        bridge: Slot,
        members: Members,
        /// With a conference. Without, members hear each other, and a conference there was ends at once.
        arrangement: Option<Box<Arrangement>>,
    },
    Play {
        slot: Slot,
        player: Box<Player>,
    },
    Stop {
        slot: Slot,
    },
    Digit {
        slot: Slot,
        digit: Digit,
        duration: Duration,
    },
    Listen {
        slot: Slot,
        listener: Option<Box<Listener>>,
    },
    Record {
        slot: Slot,
        tap: Box<Tap>,
    },
    PauseRecording {
        slot: Slot,
        recording: RecordingId,
        paused: bool,
    },
    MuteDigits {
        slot: Slot,
        recording: RecordingId,
        muted: bool,
    },
    StopRecording {
        slot: Slot,
        recording: RecordingId,
    },
    /// Time was stepped on: a tick is to be done, and to be told when it is.
    Step {
        done: Sender<()>,
    },
    /// The end of the thread.
    Shutdown,
}

/// From a real-time thread.
#[derive(Debug)]
pub(super) enum Returned {
    /// For call control. Never a variant with text: that would allocate.
    Event(Event),
    /// Answers [`Order::Remove`].
    Stream(Box<Stream>),
    /// Done with, to be dropped here.
    Keyed(Box<Keyed>),
    Listener(Box<Listener>),
    /// Done with, to be dropped here.
    Player(Box<Player>),
    /// Done with, to be dropped here: dropping it ends the recording.
    Tap(Box<Tap>),
    /// Done with, to be dropped here.
    Arrangement(Box<Arrangement>),
    /// Done with, to be dropped here.
    Table(Box<Table>),
    /// Done with, to be dropped here.
    Coder(Box<Coder>),
}
