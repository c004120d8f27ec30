//! FXO: the line to the telephone company in a call.

use offhook_lines::fxo::Event;

use super::Port;
use crate::cause::ReleaseCause;
use crate::exchange::{Exchange, Now};
use crate::id::LineId;

impl Exchange {
    pub(crate) fn line_event(&mut self, now: Now, line: LineId, event: Event) {
        let active = self.lines.get(&line).and_then(|port: &Port| port.active);
        let call = active.and_then(|leg| self.legs.get(&leg)).map(|leg| leg.call);
        match (event, active.zip(call)) {
            (Event::Incoming { caller }, _) => self.line_rings(now, line, caller),
            (Event::GaveUp, Some((leg, _))) => self.leg_gone(now, leg, ReleaseCause::NORMAL.into()),
            (Event::Dialled, Some((leg, call))) => {
                self.early_media(now, call, leg);
                self.trunk_alive(now, call);
            }
            (Event::Answered, Some((leg, _))) => self.leg_answered(now, leg),
            (Event::Released, Some((leg, _))) => {
                let connected = self.phase(leg) == Some(crate::leg::Phase::Connected);
                let cause = if connected { ReleaseCause::NORMAL } else { ReleaseCause::BUSY };
                self.leg_gone(now, leg, cause.into());
            }
            (Event::SeizeFailed, Some((leg, _))) => self.leg_gone(now, leg, ReleaseCause::NO_CIRCUIT.into()),
            (Event::Present(false), _) => self.line_out_of_service(now, line),
            (Event::Present(true), _)
            | (Event::GaveUp | Event::Dialled | Event::Answered | Event::Released | Event::SeizeFailed, None) => {}
        }
    }
}
