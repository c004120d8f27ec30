//! Digits by SIP INFO (RFC 6086): read from a peer, and sent to one, a request at a time, so that they keep their order.

use std::collections::VecDeque;

use bytes::Bytes;
use offhook_media::command as media;
use offhook_sip::endpoint::{Body, ClientRequestId, SessionId};
use offhook_sip::message::{Message, Method};

use super::{InfoBody, LENGTH, Told};
use crate::exchange::{Exchange, Now};
use crate::id::LegId;
use crate::leg::Leg;

/// Most digits that wait for a peer; what is pressed beyond is not sent.
const MOST_WAITING: usize = 32;

/// Digits on their way to a peer.
#[derive(Default, derive_more::Debug)]
pub(crate) struct InfoQueue {
    #[debug("{}", waiting.len())]
    waiting: VecDeque<(char, InfoBody)>,
    /// The request whose answer is awaited, and its digit.
    #[debug("{}", under_way.is_some())]
    under_way: Option<(ClientRequestId, char)>,
    /// The peer has refused one: it is told by tones from then on.
    refused: bool,
}

impl InfoQueue {
    /// INFO is of no use with this peer.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }
}

impl InfoBody {
    fn content_type(self) -> &'static str {
        match self {
            InfoBody::Relay => "application/dtmf-relay",
            InfoBody::Plain => "application/dtmf",
        }
    }

    fn text(self, digit: char) -> String {
        match self {
            InfoBody::Relay => format!("Signal={digit}\r\nDuration={}\r\n", LENGTH.as_millis()),
            InfoBody::Plain => digit.to_string(),
        }
    }
}

impl Exchange {
    /// The peer of a session says that it reads digits in INFO: the method is in its Allow, a type of ours in its Accept
    /// (RFC 3261 §13.2.1: what it takes in later requests of the dialog). INFO in Allow alone is said by nearly everybody.
    pub(super) fn reads_info(&self, session: SessionId) -> Option<InfoBody> {
        let reads = |body: InfoBody| self.endpoint.peer_reads(session, &Method::Info, body.content_type());
        [InfoBody::Relay, InfoBody::Plain].into_iter().find(|body| reads(*body))
    }

    /// INFO within a session.
    pub(crate) fn in_dialog(&mut self, now: Now, session: SessionId, request: &Message) {
        let Some(leg) = self.sessions.get(&session).copied() else {
            return;
        };
        let content_type = request.header("Content-Type").unwrap_or_default();
        let content_type = content_type.split(';').next().unwrap_or_default().trim();
        let body = String::from_utf8_lossy(request.body().get(..256).unwrap_or(request.body()));
        let digit = if content_type.eq_ignore_ascii_case(InfoBody::Relay.content_type()) {
            relay_digit(&body)
        } else if content_type.eq_ignore_ascii_case(InfoBody::Plain.content_type()) {
            digit(body.trim())
        } else {
            None
        };
        if let Some(digit) = digit {
            self.digit_by_info(now, leg, digit);
        }
    }

    /// Sends a digit, after those that wait.
    pub(super) fn queue_info(&mut self, now: Now, leg: LegId, digit: char, body: InfoBody) {
        if let Some(sip) = self.legs.get_mut(&leg).and_then(Leg::sip_mut)
            && sip.info.waiting.len() < MOST_WAITING
        {
            sip.info.waiting.push_back((digit, body));
            self.send_info(now, leg);
        }
    }

    fn send_info(&mut self, now: Now, leg: LegId) {
        let Some(sip) = self.legs.get_mut(&leg).and_then(Leg::sip_mut) else {
            return;
        };
        if sip.info.under_way.is_some() {
            return;
        }
        let Some((digit, body)) = sip.info.waiting.pop_front() else {
            return;
        };
        let content = Body { content_type: body.content_type().into(), bytes: Bytes::from(body.text(digit)) };
        // Gone: the event that says why is on its way and ends the leg.
        if let Ok(request) = self.endpoint.request_in(now.instant, sip.session, Method::Info, &[], Some(content)) {
            sip.info.under_way = Some((request, digit));
            self.infos.insert(request, leg);
        }
    }

    /// The answer to an INFO of ours; false when the request was another one. A peer that refuses gets this digit and all that follow
    /// as tones: better heard than lost.
    pub(crate) fn info_answered(&mut self, now: Now, request: ClientRequestId, status: u16) -> bool {
        let Some(leg) = self.infos.remove(&request) else {
            return false;
        };
        let Some(sip) = self.legs.get_mut(&leg).and_then(Leg::sip_mut) else {
            return true;
        };
        let Some((_, digit)) = sip.info.under_way.take_if(|(under_way, _)| *under_way == request) else {
            return true;
        };
        if status < 300 {
            self.send_info(now, leg);
            return true;
        }
        sip.info.refused = true;
        let waiting = std::mem::take(&mut sip.info.waiting);
        let stream = sip.stream;
        self.send_parameters(leg);
        if let Some(stream) = stream {
            for digit in std::iter::once(digit).chain(waiting.into_iter().map(|(digit, _)| digit)) {
                self.media(media::Command::SendDigit { stream, digit, duration: LENGTH });
            }
        }
        true
    }

    /// The engine is to make tones of others' events for this leg.
    pub(crate) fn digit_tones(&self, leg: &Leg) -> bool {
        !matches!(self.told(leg), Told::Info(_))
    }
}

/// `Signal=5` of `application/dtmf-relay`.
fn relay_digit(body: &str) -> Option<char> {
    body.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case("signal").then(|| digit(value.trim()))?
    })
}

/// One key, as a sign or as the event number of RFC 4733.
fn digit(text: &str) -> Option<char> {
    match text {
        "10" => Some('*'),
        "11" => Some('#'),
        "12" => Some('A'),
        "13" => Some('B'),
        "14" => Some('C'),
        "15" => Some('D'),
        _ => {
            let mut characters = text.chars();
            let digit = characters.next()?.to_ascii_uppercase();
            (characters.next().is_none() && matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D')).then_some(digit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_info() {
        assert_eq!(relay_digit("Signal=5\r\nDuration=160\r\n"), Some('5'));
        assert_eq!(relay_digit("signal = 11\r\n"), Some('#'));
        assert_eq!(relay_digit("Duration=160\r\n"), None);
        assert_eq!(relay_digit("Signal=55\r\n"), None);
        assert_eq!(digit("*"), Some('*'));
        assert_eq!(digit(""), None);
    }

    #[test]
    fn what_is_written_is_read() {
        for sign in "0123456789*#ABCD".chars() {
            assert_eq!(relay_digit(&InfoBody::Relay.text(sign)), Some(sign));
            assert_eq!(digit(&InfoBody::Plain.text(sign)), Some(sign));
        }
    }
}
