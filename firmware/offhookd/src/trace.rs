//! The last SIP messages, by call: what `offhookctl trace` draws as a ladder. Bounded in messages, bytes and calls.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use bytes::Bytes;
use offhook_api::types::{TraceDirection, TraceMessage};
use offhook_sip::endpoint::{Flow, Input, Transport};
use offhook_switch::id::CallId;

/// Messages kept.
const MAX_MESSAGES: usize = 2000;
/// Bytes kept.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Calls whose Call-IDs are remembered.
const MAX_CALLS: usize = 500;

/// One message on the wire.
#[derive(Clone, Debug)]
struct Traced {
    /// UTC milliseconds.
    time: i64,
    /// True: the box sent it.
    sent: bool,
    local: SocketAddr,
    peer: SocketAddr,
    transport: Transport,
    bytes: Bytes,
}

/// The ring.
#[derive(Default)]
pub struct Trace {
    messages: VecDeque<Traced>,
    size: usize,
    calls: BTreeMap<CallId, Vec<String>>,
}

impl Trace {
    /// An empty ring.
    pub fn new() -> Trace {
        Trace::default()
    }

    /// Notes what came in.
    pub fn received(&mut self, time: i64, input: &Input) {
        if let Input::Received { flow, bytes } = input {
            self.push(time, false, *flow, bytes);
        }
    }

    /// Notes what went out.
    pub fn sent(&mut self, time: i64, flow: Flow, bytes: &Bytes) {
        self.push(time, true, flow, bytes);
    }

    /// Remembers which SIP Call-IDs belong to a call, also after its end.
    pub fn follow(&mut self, call: CallId, call_ids: Vec<String>) {
        let known = self.calls.entry(call).or_default();
        for id in call_ids {
            if !known.contains(&id) {
                known.push(id);
            }
        }
        // Identifiers grow with time, so the first is the oldest.
        while self.calls.len() > MAX_CALLS {
            self.calls.pop_first();
        }
    }

    /// The messages of a call that are still here, oldest first.
    pub fn of_call(&self, call: CallId) -> Vec<TraceMessage> {
        let Some(ids) = self.calls.get(&call) else { return Vec::new() };
        self.messages.iter().filter_map(|m| m.show().filter(|shown| ids.contains(&shown.call_id))).collect()
    }

    fn push(&mut self, time: i64, sent: bool, flow: Flow, bytes: &Bytes) {
        // A copy: the datagrams of a batch may share one large buffer, which a slice of it would keep.
        let bytes = Bytes::copy_from_slice(bytes);
        self.size += bytes.len();
        self.messages.push_back(Traced {
            time,
            sent,
            local: flow.local,
            peer: flow.remote,
            transport: flow.transport,
            bytes,
        });
        while self.messages.len() > MAX_MESSAGES || self.size > MAX_BYTES {
            match self.messages.pop_front() {
                Some(old) => self.size -= old.bytes.len(),
                None => break,
            }
        }
    }
}

impl Traced {
    fn show(&self) -> Option<TraceMessage> {
        let text = String::from_utf8_lossy(&self.bytes);
        let head = text.split("\r\n\r\n").next()?;
        let field = |long: &str, short: &str| {
            head.lines().skip(1).find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let name = name.trim_end();
                (name.eq_ignore_ascii_case(long) || name.eq_ignore_ascii_case(short)).then(|| value.trim().to_owned())
            })
        };
        let (from, to) = if self.sent { (self.local, self.peer) } else { (self.peer, self.local) };
        Some(TraceMessage {
            time: self.time,
            from: from.to_string(),
            to: to.to_string(),
            direction: if self.sent { TraceDirection::Sent } else { TraceDirection::Received },
            transport: format!("{:?}", self.transport).to_lowercase(),
            first_line: head.lines().next()?.to_owned(),
            call_id: field("call-id", "i")?,
            cseq: field("cseq", "cseq").unwrap_or_default(),
            text: text.lines().map(hide_secrets).collect::<Vec<_>>().join("\r\n"),
        })
    }
}

/// Takes out what must stay secret: the digest of an authorization line, with which a weak password could be guessed at leisure, and
/// the keys of the sound (RFC 4568 §9.1, `inline:`), with which a call could be listened to.
fn hide_secrets(line: &str) -> String {
    let name = line.split(':').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    if name == "a=crypto" {
        let hidden = |part: &str| match part.to_ascii_lowercase().find("inline:") {
            Some(at) => format!("{}inline:…", part.get(..at).unwrap_or_default()),
            None => part.to_owned(),
        };
        return line.split(' ').map(hidden).collect::<Vec<_>>().join(" ");
    }
    if name != "authorization" && name != "proxy-authorization" {
        return line.to_owned();
    }
    line.split(',')
        .map(|part| match part.split_once("response=") {
            Some((before, _)) => format!("{before}response=\"…\""),
            None => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        let address = "127.0.0.1:5060".parse().unwrap();
        Flow { transport: Transport::Udp, local: address, remote: address, connection: None }
    }

    #[test]
    fn digests_and_keys_are_not_shown() {
        let line = "Authorization: Digest username=\"1001\", response=\"0123456789abcdef\", uri=\"sip:x\"";
        let shown = hide_secrets(line);
        assert!(!shown.contains("0123456789abcdef") && shown.contains("uri="), "{shown}");
        let line = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32 FEC_ORDER=FEC_SRTP";
        assert_eq!(hide_secrets(line), "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:… FEC_ORDER=FEC_SRTP");
    }

    #[test]
    fn a_call_shows_its_own_messages_only_and_the_ring_is_bounded() {
        let mut trace = Trace::new();
        let call = CallId(uuid::Uuid::now_v7());
        trace.follow(call, vec!["abc".into()]);
        for i in 0..MAX_MESSAGES * 2 {
            let id = if i % 2 == 0 { "abc" } else { "other" };
            trace.sent(0, flow(), &Bytes::from(format!("OPTIONS sip:x SIP/2.0\r\ni: {id}\r\n\r\n")));
        }
        assert_eq!(trace.messages.len(), MAX_MESSAGES);
        assert_eq!(trace.of_call(call).len(), MAX_MESSAGES / 2);
    }
}
