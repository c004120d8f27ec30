//! The last SIP messages, by call: what `offhookctl trace` draws as a ladder. Bounded in messages, bytes and calls.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use bytes::Bytes;
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
pub struct TracedMessage {
    /// UTC milliseconds.
    pub time: i64,
    /// True: the box sent it.
    pub sent: bool,
    /// The peer.
    pub peer: SocketAddr,
    /// How it travelled.
    pub transport: Transport,
    /// The message.
    pub bytes: Bytes,
}

/// The ring.
#[derive(Default)]
pub struct Trace {
    messages: VecDeque<TracedMessage>,
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
            self.push(TracedMessage { time, sent: false, peer: flow.remote, transport: flow.transport, bytes: bytes.clone() });
        }
    }

    /// Notes what went out.
    pub fn sent(&mut self, time: i64, flow: Flow, bytes: &Bytes) {
        self.push(TracedMessage { time, sent: true, peer: flow.remote, transport: flow.transport, bytes: bytes.clone() });
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
    pub fn of_call(&self, call: CallId) -> Vec<TracedMessage> {
        let Some(ids) = self.calls.get(&call) else { return Vec::new() };
        self.messages.iter().filter(|m| call_id(&m.bytes).is_some_and(|id| ids.iter().any(|i| i == id))).cloned().collect()
    }

    fn push(&mut self, message: TracedMessage) {
        self.size += message.bytes.len();
        self.messages.push_back(message);
        while self.messages.len() > MAX_MESSAGES || self.size > MAX_BYTES {
            match self.messages.pop_front() {
                Some(old) => self.size -= old.bytes.len(),
                None => break,
            }
        }
    }
}

/// The Call-ID of a message, found without parsing the rest.
fn call_id(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.lines().take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = name.trim_end();
        (name.eq_ignore_ascii_case("call-id") || name.eq_ignore_ascii_case("i")).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        let address = "127.0.0.1:5060".parse().unwrap();
        Flow { transport: Transport::Udp, local: address, remote: address, connection: None }
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
