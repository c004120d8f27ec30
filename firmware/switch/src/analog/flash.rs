//! What a hook flash does.
//!
//! | on the set | flash does |
//! |---|---|
//! | in a call | holds it, dial tone for a second number |
//! | dialling a second number, or it failed | back to the held call |
//! | the second call rings | gives it up, back to the held call |
//! | both calls answered, second one made from here | three-way |
//! | in three-way | the party that joined last is let go |
//! | nothing left but busy tone | dial tone, or answers the call that waits |
//! | in a call, another waits | holds the first, answers the other; each further flash swaps |
//!
//! Hanging up with a call held: hands it over to the second one if that was made from here, else it rings back.

use offhook_lines::fxs::Command;

use crate::cause::ReleaseCause;
use crate::exchange::{Exchange, Now};
use crate::id::{LegId, LineId};
use crate::leg::Phase;

impl Exchange {
    pub(super) fn flash(&mut self, now: Now, line: LineId) {
        let Some(port) = self.lines.get(&line) else {
            return;
        };
        let (active, held, waiting, consulting) = (port.active, port.held, port.waiting, port.consulting);
        match (active, held, waiting) {
            (Some(active), None, Some(waiting)) => self.swap(now, line, active, waiting),
            (Some(active), None, None) => {
                if self.phase(active) != Some(Phase::Connected) {
                    // Nothing to hold yet.
                } else if self.let_last_go(now, active) {
                    // It was a three-way call.
                } else {
                    self.hold(line, active);
                    self.fxs_command(now, line, Command::Recall);
                }
            }
            (Some(active), Some(held), _) if consulting => {
                if self.phase(active) == Some(Phase::Connected) {
                    self.three_way(now, line, held, active);
                } else {
                    self.leg_gone(now, active, ReleaseCause::NORMAL.into());
                    self.retrieve(now, line);
                }
            }
            (Some(active), Some(held), _) => {
                if let Some(port) = self.lines.get_mut(&line) {
                    port.held = None;
                }
                self.swap(now, line, active, held);
            }
            (None, Some(_), _) => self.retrieve(now, line),
            (None, None, Some(waiting)) => {
                if let Some(port) = self.lines.get_mut(&line) {
                    port.waiting = None;
                    port.active = Some(waiting);
                }
                self.fxs_command(now, line, Command::Talk);
                self.take_up(now, waiting);
            }
            // Busy tone after a call that is over: a tap on the hook gives dial tone, as hanging up would.
            (None, None, None) => self.fxs_command(now, line, Command::Recall),
        }
    }

    fn hold(&mut self, line: LineId, leg: LegId) {
        if let Some(port) = self.lines.get_mut(&line) {
            port.active = None;
            port.held = Some(leg);
            port.consulting = true;
        }
        if let Some(found) = self.legs.get_mut(&leg) {
            found.holding = true;
            self.dirty.insert(found.call);
        }
    }

    /// Back to the held call.
    pub(crate) fn retrieve(&mut self, now: Now, line: LineId) {
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        let Some(leg) = port.held.take() else { return };
        port.active = Some(leg);
        port.consulting = false;
        self.fxs_command(now, line, Command::Talk);
        self.take_up(now, leg);
    }

    /// Holds one call and takes the other.
    fn swap(&mut self, now: Now, line: LineId, from: LegId, to: LegId) {
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        if port.waiting == Some(to) {
            port.waiting = None;
        }
        self.end_burst(line);
        self.hold(line, from);
        if let Some(port) = self.lines.get_mut(&line) {
            port.consulting = false;
            port.active = Some(to);
        }
        self.fxs_command(now, line, Command::Talk);
        self.take_up(now, to);
    }

    /// Both calls become one.
    fn three_way(&mut self, now: Now, line: LineId, first: LegId, second: LegId) {
        let (Some(into), Some(from)) =
            (self.legs.get(&first).map(|leg| leg.call), self.legs.get(&second).map(|leg| leg.call))
        else {
            return;
        };
        self.drop_leg(now, second, ReleaseCause::NORMAL);
        self.merge(now, into, from);
        self.retrieve(now, line);
    }

    /// In a call of three: lets the last one go. `false`: it is no such call.
    fn let_last_go(&mut self, now: Now, own: LegId) -> bool {
        let Some(call) = self.legs.get(&own).and_then(|leg| self.calls.get(&leg.call)) else {
            return false;
        };
        let id = call.id;
        let others: Vec<LegId> =
            call.legs.iter().copied().filter(|leg| *leg != own && self.phase(*leg) == Some(Phase::Connected)).collect();
        match others.as_slice() {
            [_, .., last] => {
                self.release_leg(now, *last, ReleaseCause::NORMAL.into());
                self.after_leave(now, id, ReleaseCause::NORMAL.into(), false);
                true
            }
            _ => false,
        }
    }
}
