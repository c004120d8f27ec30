//! FXS: an analog set in a call.

use offhook_lines::country::ToneKind;
use offhook_lines::fxs::{Command, Event};
use offhook_media::command as media;

use super::{CALL_WAITING_BURST, CALL_WAITING_PAUSE, RING_BACK};
use crate::bridge::Playing;
use crate::cause::ReleaseCause;
use crate::digits::Pressed;
use crate::exchange::{Exchange, Now};
use crate::id::{LegId, LineId};
use crate::leg::Phase;
use crate::routing::{self, Digits};
use crate::timer::Timer;

impl Exchange {
    pub(crate) fn set_event(&mut self, now: Now, line: LineId, event: Event) {
        match event {
            Event::Seized | Event::LeftOffHook | Event::Present(true) => {}
            Event::Dialled { digits, complete } => self.dialled(now, line, &digits, complete),
            Event::Answered => self.set_answered(now, line),
            Event::Flash => self.flash(now, line),
            Event::Digit(digit) => {
                if let Some(port) = self.lines.get(&line)
                    && let Some(leg) = port.active
                {
                    let pressed = if port.key_sounds { Pressed::Tone } else { Pressed::Apart };
                    self.digit_pressed(now, leg, digit, pressed);
                }
            }
            Event::HungUp => self.set_hung_up(now, line),
            Event::Present(false) => self.line_out_of_service(now, line),
        }
    }

    /// A tone of the set's own state machine.
    pub(crate) fn set_tone(&mut self, line: LineId, tone: Option<ToneKind>) {
        let source = tone.and_then(|tone| self.tone_source(tone));
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        let stream = port.stream;
        let was = port.playing;
        port.playing = tone.map_or(Playing::Nothing, Playing::Line);
        match source {
            Some(source) => self.media(media::Command::Play { stream, source }),
            None if was != Playing::Nothing => self.media(media::Command::Stop { stream }),
            None => {}
        }
    }

    fn dialled(&mut self, now: Now, line: LineId, digits: &str, complete: bool) {
        // `#` ends the number; it is not part of it.
        let number = digits.strip_suffix('#').filter(|rest| !rest.is_empty()).unwrap_or(digits);
        let whole = match routing::analyse(&self.config, &self.index, number) {
            Digits::Whole => true,
            Digits::Open => complete,
            // The set goes on collecting until the number is complete would keep the person waiting for nothing.
            Digits::Impossible => true,
        };
        if !whole {
            return;
        }
        self.fxs_command(now, line, Command::EndDialling);
        let number = number.to_owned();
        if self.set_dialled(now, line, number).is_none() {
            self.fxs_command(now, line, Command::Disconnect);
            self.fxs_command(now, line, Command::Tone(Some(ToneKind::Congestion)));
        }
    }

    /// Lifted while ringing.
    fn set_answered(&mut self, now: Now, line: LineId) {
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        let Some(leg) = port.ringing.take() else {
            // Given up in the same moment.
            return self.fxs_command(now, line, Command::Disconnect);
        };
        port.active = Some(leg);
        self.fxs_command(now, line, Command::Talk);
        self.take_up(now, leg);
    }

    /// The person speaks on this leg now: answered if it rang, back from hold if it was held.
    pub(super) fn take_up(&mut self, now: Now, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else {
            return;
        };
        found.holding = false;
        self.dirty.insert(found.call);
        if found.phase != Phase::Connected {
            self.leg_answered(now, leg);
        }
    }

    fn set_hung_up(&mut self, now: Now, line: LineId) {
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        port.playing = Playing::Nothing;
        let (active, held, waiting, consulting) = (port.active, port.held, port.waiting.take(), port.consulting);
        port.consulting = false;
        match (active, held) {
            // Hanging up on a second call hands the first party over to the second (answered or still ringing).
            (Some(second), Some(first)) if consulting && self.hand_over(now, first, second) => {}
            (Some(active), _) => self.leg_gone(now, active, ReleaseCause::NORMAL.into()),
            (None, _) => {}
        }
        // A call left on hold is not lost: it rings back. So does one that was waiting.
        let held = self.lines.get_mut(&line).and_then(|port| port.held.take());
        if let Some(held) = held {
            if self.is_announcement(held) {
                self.leg_gone(now, held, ReleaseCause::NORMAL.into());
            } else {
                let shown = self.party_across(held);
                self.start_ringing(now, line, held, false, shown);
                self.timers.set(now.instant + RING_BACK, Timer::RingBack(line, held));
            }
        }
        let Some(waiting) = waiting.filter(|leg| self.legs.contains_key(leg)) else {
            return;
        };
        if self.lines.get(&line).is_some_and(|port| port.ringing.is_none()) {
            let shown = self.party_across(waiting);
            self.start_ringing(now, line, waiting, false, shown);
        } else {
            self.leg_gone(now, waiting, ReleaseCause::BUSY.into());
        }
    }

    /// A call on hold has rung back long enough.
    pub(crate) fn ring_back_over(&mut self, now: Now, line: LineId, leg: LegId) {
        if self.lines.get(&line).is_some_and(|port| port.ringing == Some(leg)) {
            self.stop_ringing(now, line, leg);
            self.leg_gone(now, leg, ReleaseCause::NO_ANSWER.into());
        }
    }

    fn is_announcement(&self, leg: LegId) -> bool {
        self.legs.get(&leg).and_then(|leg| self.calls.get(&leg.call)).is_some_and(|call| call.announcement.is_some())
    }

    /// Rings the set, or announces the call by call waiting tone.
    pub(crate) fn start_ringing(
        &mut self,
        now: Now,
        line: LineId,
        leg: LegId,
        waiting: bool,
        (number, name): (String, Option<String>),
    ) {
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        if waiting {
            port.waiting = Some(leg);
            return self.call_waiting_tone(now, line);
        }
        port.ringing = Some(leg);
        let caller = (!number.is_empty()).then(|| (number, name.unwrap_or_default()));
        self.fxs_command(now, line, Command::Ring { caller });
    }

    /// The call does not want this set any more.
    pub(crate) fn stop_ringing(&mut self, now: Now, line: LineId, leg: LegId) {
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        if port.ringing == Some(leg) {
            port.ringing = None;
            self.fxs_command(now, line, Command::StopRing);
        } else if port.waiting == Some(leg) {
            port.waiting = None;
            self.end_burst(line);
        }
    }

    /// Starts or stops a burst of call waiting tone.
    pub(crate) fn call_waiting_tone(&mut self, now: Now, line: LineId) {
        if self.end_burst(line) {
            let waiting = self.lines.get(&line).is_some_and(|port| port.waiting.is_some());
            if waiting {
                self.timers.set(now.instant + CALL_WAITING_PAUSE, Timer::CallWaitingTone(line));
            }
            return;
        }
        let source = self.tone_source(ToneKind::CallWaiting);
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        if port.waiting.is_none() || port.playing != Playing::Nothing {
            return;
        }
        let burst = match &source {
            Some(media::Source::Tone { segments, .. }) => segments.first().and_then(|segment| segment.duration),
            _ => None,
        };
        port.playing = Playing::CallWaiting;
        let stream = port.stream;
        if let Some(source) = source {
            self.media(media::Command::Play { stream, source });
        }
        let burst = burst.unwrap_or(CALL_WAITING_BURST).min(CALL_WAITING_BURST);
        self.timers.set(now.instant + burst, Timer::CallWaitingTone(line));
    }

    pub(super) fn end_burst(&mut self, line: LineId) -> bool {
        let Some(port) = self.lines.get_mut(&line) else {
            return false;
        };
        if port.playing != Playing::CallWaiting {
            return false;
        }
        port.playing = Playing::Nothing;
        let stream = port.stream;
        self.media(media::Command::Stop { stream });
        true
    }

    /// Number and name of who is on the other side of a leg.
    fn party_across(&self, leg: LegId) -> (String, Option<String>) {
        let call = self.legs.get(&leg).and_then(|leg| self.calls.get(&leg.call));
        call.and_then(|call| {
            let other = call.legs.iter().find(|other| **other != leg)?;
            self.legs.get(other).map(|other| (other.number.clone(), other.name.clone()))
        })
        .unwrap_or_default()
    }
}
