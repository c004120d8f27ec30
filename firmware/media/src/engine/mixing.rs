//! What each stream hears from its bridge, tick by tick.

use super::order::{Members, Slot};
use super::stream::Stream;
use crate::command::{BridgeId, Event};
use crate::conference::{self, Conference, Plan};

/// Ticks a conference goes on when it is not needed any more: what faded out has faded out then.
const RETIRE: u8 = 3;

/// A bridge whose members do not simply hear each other: more than two, or with roles.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) bridge: BridgeId,
    pub(super) conference: Conference,
    /// Ticks it still goes on, when two plain members are left.
    pub(super) retires: Option<u8>,
}

/// How a bridge with a conference goes on. Made and dropped by the control thread.
#[derive(Debug)]
pub(super) struct Arrangement {
    pub(super) plan: Plan,
    /// Two plain members are left: the conference is given back soon.
    pub(super) retire: bool,
    /// A new conference, larger than the one there is; the old one goes back in its place.
    pub(super) table: Option<Box<Table>>,
}

impl Arrangement {
    /// Puts it into effect. `before`: members of the bridge until now, who go on hearing each other.
    pub(super) fn apply(&mut self, place: &mut Option<Box<Table>>, before: Members) {
        if let Some(mut fresh) = self.table.take() {
            let is_first = place.is_none();
            if let Some(old) = place.as_mut() {
                fresh.conference.take_over(&mut old.conference);
            }
            self.table = place.replace(fresh);
            if is_first && let Some(table) = place {
                table.conference.arrange(&self.plan);
                table.conference.settle(before.as_slice());
            }
        }
        if let Some(table) = place {
            table.conference.arrange(&self.plan);
            table.retires = self.retire.then_some(RETIRE);
        }
    }
}

/// Computes what a stream hears from its bridge, at its own rate. A bridge of two is the other's sound; a conference is summed when the
/// turn of its first member comes, for all members. Gives what the conference has to tell.
pub(super) fn mix(
    streams: &mut [Option<Box<Stream>>],
    bridges: &[Members],
    tables: &mut [Option<Box<Table>>],
    index: usize,
) -> Option<Event> {
    let stream = streams.get(index).and_then(Option::as_ref)?;
    let bridge = stream.bridge.map(usize::from);
    let members = bridge.and_then(|b| bridges.get(b).copied()).unwrap_or(Members::EMPTY);
    if let Some(table) = bridge.and_then(|b| tables.get_mut(b)).and_then(Option::as_deref_mut) {
        let is_first = members.as_slice().first().is_some_and(|&first| usize::from(first) == index);
        return is_first.then(|| mix_all(streams, members.as_slice(), table)).flatten();
    }
    if let &[a, b] = members.as_slice() {
        // Packets pass as they come and nobody records what it hears.
        if stream.forward_to.is_some() && !stream.is_recorded() {
            return None;
        }
        let other = usize::from(if usize::from(a) == index { b } else { a });
        if let Ok([Some(stream), Some(other)]) = streams.get_disjoint_mut([index, other]) {
            let rate = stream.rate();
            stream.converters.to_party.convert(&other.said, rate, &mut stream.heard);
            return None;
        }
    }
    if let Some(stream) = streams.get_mut(index).and_then(Option::as_mut) {
        stream.heard.silence_at(stream.rate());
    }
    None
}

fn mix_all(streams: &mut [Option<Box<Stream>>], members: &[Slot], table: &mut Table) -> Option<Event> {
    let rates = members.iter().filter_map(|&m| streams.get(usize::from(m)).and_then(Option::as_ref)).map(|s| s.rate());
    let conference = &mut table.conference;
    conference.begin(conference::rate(rates));
    for &slot in members {
        if let Some(stream) = streams.get(usize::from(slot)).and_then(Option::as_deref) {
            conference.say(slot, &stream.said);
        }
    }
    for &slot in members {
        if let Some(stream) = streams.get_mut(usize::from(slot)).and_then(Option::as_deref_mut) {
            let rate = stream.rate();
            if !conference.hear(slot, rate, &mut stream.heard) {
                stream.heard.silence_at(rate);
            }
            stream.public_differs = stream.is_recorded() && conference.hear_public(slot, rate, &mut stream.public);
        }
    }
    let speaker = conference.end()?;
    let id = |slot: Slot| streams.get(usize::from(slot)).and_then(Option::as_ref).map(|s| s.id);
    Some(Event::ActiveSpeaker { bridge: table.bridge, stream: speaker.and_then(id) })
}
