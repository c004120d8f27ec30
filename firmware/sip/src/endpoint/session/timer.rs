//! Session timers (RFC 4028), both roles.

use std::time::{Duration, Instant};

use super::super::compose;
use super::super::{Endpoint, Event, SessionId, text};
use super::{Exchange, Interval, Session, State, has_option};
use crate::message::Message;
use crate::transaction::{Owner, Timer};

/// A refresh that finds another change under way tries again after this.
const REFRESH_LATER: Duration = Duration::from_secs(2);

impl Session {
    /// Header lines of the INVITE that makes the session. Reliable provisional responses are only asked for with an offer: without
    /// one they would bring offers before the answer is wanted.
    pub(crate) fn invite_lines(&self, with_offer: bool) -> String {
        let supported = if with_offer { compose::SUPPORTED } else { "timer, replaces, norefersub" };
        let mut lines = format!("Allow: {}\r\nSupported: {supported}\r\n", compose::ALLOW);
        if let Some((length, min_se)) = self.proposed {
            lines.push_str(&format!("Session-Expires: {length}\r\nMin-SE: {min_se}\r\n"));
        }
        lines
    }

    /// Header lines of a re-INVITE or UPDATE: the refresher stays who it is (RFC 4028 §7.4).
    pub(crate) fn change_lines(&self) -> String {
        let mut lines = format!("Allow: {}\r\nSupported: {}\r\n", compose::ALLOW, compose::SUPPORTED);
        let min_se = self.proposed.map_or(0, |(_, min_se)| min_se);
        if let Some(interval) = self.interval
            && self.state == State::Up
        {
            let who = if interval.ours { "uac" } else { "uas" };
            let length = interval.length.as_secs().max(u64::from(min_se));
            lines.push_str(&format!("Session-Expires: {length};refresher={who}\r\n"));
        }
        if min_se > 90 {
            lines.push_str(&format!("Min-SE: {min_se}\r\n"));
        }
        lines
    }
}

impl Endpoint {
    /// The lines of a 422 when the proposed interval is below ours (RFC 4028 §9). Only for a peer that knows 422.
    pub(crate) fn interval_too_small(&self, request: &Message) -> Option<String> {
        let length = request.header("Session-Expires").and_then(|value| text::delta_seconds(&value))?;
        let min_se = self.config.min_se.as_secs();
        (u64::from(length) < min_se && has_option(request, "Supported", "timer"))
            .then(|| format!("Min-SE: {min_se}\r\nSupported: {}\r\n", compose::SUPPORTED))
    }

    /// Chooses interval and refresher for a request received, starts the timers and gives the lines of the 2xx (RFC 4028 §9).
    pub(crate) fn start_interval_as_uas(&mut self, now: Instant, id: SessionId, request: &Message) -> String {
        let header = request.header("Session-Expires");
        let asked = header.as_deref().and_then(text::delta_seconds).map(|length| u64::from(length).max(90));
        let min_se = request.header("Min-SE").and_then(|value| text::delta_seconds(&value)).unwrap_or(90);
        let min_se = u64::from(min_se).max(self.config.min_se.as_secs());
        let supports = has_option(request, "Supported", "timer") || has_option(request, "Require", "timer");
        let wanted = self.config.session_expires.map(|length| length.as_secs().max(min_se));
        let (length, ours) = match (asked, wanted) {
            (None, None) => {
                self.stop_interval(id);
                return String::new();
            }
            (None, Some(wanted)) => (wanted, true),
            (Some(asked), wanted) => {
                let length = asked.max(min_se).min(wanted.unwrap_or(u64::MAX).max(min_se));
                let refresher = header.as_deref().and_then(|value| text::param(value, "refresher"));
                let ours = !supports || refresher.is_some_and(|who| who.eq_ignore_ascii_case("uas"));
                (length, ours)
            }
        };
        let length = length.min(u64::from(u32::MAX));
        self.start_interval(now, id, Interval { length: Duration::from_secs(length), ours });
        if ours {
            format!("Session-Expires: {length};refresher=uas\r\n")
        } else {
            format!("Require: timer\r\nSession-Expires: {length};refresher=uac\r\n")
        }
    }

    /// Takes interval and refresher from a 2xx and starts the timers (RFC 4028 §7.2).
    pub(crate) fn start_interval_as_uac(&mut self, now: Instant, id: SessionId, response: &Message) {
        let header = response.header("Session-Expires");
        match header.as_deref().and_then(text::delta_seconds) {
            Some(length) => {
                let ours = header
                    .as_deref()
                    .and_then(|value| text::param(value, "refresher"))
                    .is_none_or(|who| who.eq_ignore_ascii_case("uac"));
                // Below 90 s is no interval at all; a hostile one would make us send without end.
                let length = Duration::from_secs(u64::from(length).max(90));
                self.start_interval(now, id, Interval { length, ours });
            }
            // A peer that knows no session timers does not refresh and does not expire. We ask after it all the same: it may
            // be gone, and no BYE will ever come (RFC 3261 §12.2.1.2: 481 or 408 ends the dialog).
            None => match self.config.session_expires {
                Some(length) => self.start_interval(now, id, Interval { length, ours: true }),
                None => self.stop_interval(id),
            },
        }
    }

    /// Starts the timers of an interval (RFC 4028 §10): refresh at half of it; the end min(32 s, a third) before it runs out.
    pub(crate) fn start_interval(&mut self, now: Instant, id: SessionId, interval: Interval) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.interval = Some(interval);
        let owner = Owner::Session(id);
        if interval.ours {
            self.deadlines.set(owner, Timer::SessionRefresh, now + interval.length / 2);
        } else {
            self.deadlines.stop(owner, Timer::SessionRefresh);
        }
        let margin = (interval.length / 3).min(Duration::from_secs(32));
        self.deadlines.set(owner, Timer::SessionExpires, now + (interval.length - margin));
    }

    /// No interval any more.
    fn stop_interval(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.interval = None;
        }
        self.deadlines.stop(Owner::Session(id), Timer::SessionRefresh);
        self.deadlines.stop(Owner::Session(id), Timer::SessionExpires);
    }

    /// 422: the next try proposes what the peer wants (RFC 4028 §7.3). False when that does not help.
    pub(crate) fn widen_interval(
        &mut self,
        now: Instant,
        id: SessionId,
        outgoing: u64,
        response: Option<&Message>,
    ) -> bool {
        let Some(min_se) =
            response.and_then(|response| response.header("Min-SE")).and_then(|value| text::delta_seconds(&value))
        else {
            return false;
        };
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        let (length, known) = session.proposed.unwrap_or((0, 0));
        if min_se <= known {
            return false;
        }
        session.proposed = Some((length.max(min_se), min_se));
        if let Some(interval) = &mut session.interval {
            interval.length = interval.length.max(Duration::from_secs(u64::from(min_se)));
        }
        let cseq = session.next_cseq();
        let Some(out) = self.outgoing.get(&outgoing) else {
            return false;
        };
        let own = match session.state {
            State::Calling { .. } => session.invite_lines(session.offer_in_invite),
            State::Ringing { .. } | State::Up => session.change_lines(),
        };
        let mut lines = own;
        // What the owner added stays.
        for line in out.head.lines.split_inclusive("\r\n") {
            let name = line.split(':').next().unwrap_or_default();
            if !["Allow", "Supported", "Session-Expires", "Min-SE"].contains(&name) {
                lines.push_str(line);
            }
        }
        self.repeat_with_lines(now, outgoing, cseq, lines)
    }

    /// Half the interval passed and we are the refresher: UPDATE, or re-INVITE with the same description (RFC 4028 §7.4).
    pub(crate) fn refresh_session(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.exchange != Exchange::Idle
            || session.unacked.is_some()
            || session.owed_ack.is_some()
            || self.deadlines.is_set(Owner::Session(id), Timer::Glare)
        {
            self.deadlines.set(Owner::Session(id), Timer::SessionRefresh, now + REFRESH_LATER);
            return;
        }
        let body = session.local_body.clone();
        if session.peer.update || body.is_none() {
            self.send_change(now, id, None, true, true);
        } else {
            self.send_change(now, id, body, false, true);
        }
    }

    /// The interval ran out without a refresh: BYE (RFC 4028 §10).
    pub(crate) fn session_expired(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let quiet = session.quiet;
        self.hang_up(now, id, None);
        if !quiet {
            self.emit(Event::Ended { session: id, by_peer: false, reason: None, expired: true });
        }
    }
}
