//! A SIP phone made of an endpoint of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use offhook_sip::endpoint::{
    Body, Credentials, Endpoint, EndpointConfig, Event, Flow, Input, Invite, OutOfDialogRequest, Output, Reason,
    SessionId, Target, Transport,
};
use offhook_sip::message::{Message, Method, Uri};
use offhook_sip::sdp::{self, Capabilities, Codec, Direction, Negotiated};

/// What the phone does with an INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// 180, then waits for the test.
    Ring,
    /// Says nothing.
    Silent,
    /// Refuses at once.
    Reject(u16),
    /// 200 at once.
    Answer,
    /// 200 with a description nobody can use.
    BadSdp,
    /// 183 with media, then waits.
    EarlyMedia,
}

/// See the module.
pub struct Phone {
    pub endpoint: Endpoint,
    pub username: String,
    pub password: String,
    pub address: SocketAddr,
    pub script: Script,
    /// Switched off.
    pub dead: bool,
    pub codec: &'static str,
    /// Headers of its 200 to an INVITE.
    pub answers_with: Vec<(&'static str, &'static str)>,
    /// INFOs received: type and content.
    pub infos: Vec<(String, String)>,
    /// It refuses offers within sessions with this.
    pub refuses_offers: Option<u16>,
    /// It refuses INFO with this.
    pub refuses_info: Option<u16>,
    pub last_response: Option<u16>,
    /// INVITEs that ring, with their offers.
    pub ringing: Vec<(SessionId, Bytes)>,
    /// Sessions that are up.
    pub up: Vec<SessionId>,
    /// All provisional statuses, with whether they had a body.
    pub progress: Vec<(u16, bool)>,
    pub failed: Vec<u16>,
    pub ended: Vec<Option<Reason>>,
    pub cancelled: Vec<Option<Reason>>,
    pub negotiated: Option<Negotiated>,
    pub invites: Vec<Message>,
    /// How our offers within sessions were refused.
    pub refused_offers: Vec<u16>,
    /// Offers received within sessions.
    pub offers: Vec<Bytes>,
    pub notified: Vec<String>,
    /// Requests outside sessions, each answered 200.
    pub requests: Vec<Message>,
    /// Our tags in the provisional responses sent.
    pub local_tags: Vec<String>,
    pub security: sdp::security::Security,
    version: u64,
    refusals: Vec<(SocketAddr, Bytes)>,
    /// Tags (ours, theirs) by Call-ID, from the responses received and the INVITEs answered.
    dialogs: BTreeMap<String, (String, String)>,
}

impl Phone {
    pub fn new(username: &str, number: usize) -> Self {
        Self::at(username, format!("192.0.2.{}:5060", 10 + number).parse().unwrap())
    }

    pub fn at(username: &str, address: SocketAddr) -> Self {
        let config = EndpointConfig {
            host: address.ip().to_string(),
            ports: vec![(Transport::Udp, address.port())],
            user_agent: "Desk phone".into(),
            ..EndpointConfig::default()
        };
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&match address.ip() {
            std::net::IpAddr::V4(ip) => ip.octets(),
            std::net::IpAddr::V6(_) => [0; 4],
        });
        Phone {
            endpoint: Endpoint::new(config, seed),
            username: username.into(),
            password: "secret".into(),
            address,
            script: Script::Ring,
            dead: false,
            codec: "PCMA",
            answers_with: Vec::new(),
            infos: Vec::new(),
            refuses_offers: None,
            refuses_info: None,
            last_response: None,
            ringing: Vec::new(),
            up: Vec::new(),
            progress: Vec::new(),
            failed: Vec::new(),
            ended: Vec::new(),
            cancelled: Vec::new(),
            negotiated: None,
            invites: Vec::new(),
            refused_offers: Vec::new(),
            offers: Vec::new(),
            notified: Vec::new(),
            requests: Vec::new(),
            local_tags: Vec::new(),
            security: Default::default(),
            version: 1,
            refusals: Vec::new(),
            dialogs: BTreeMap::new(),
        }
    }

    fn flow(&self) -> Flow {
        Flow { transport: Transport::Udp, local: self.address, remote: super::BOX.parse().unwrap(), connection: None }
    }

    fn credentials(&self) -> Option<Credentials> {
        Some(Credentials { username: self.username.clone(), password: self.password.clone() })
    }

    pub fn register(&mut self, now: Instant, expires: u32) {
        let username = self.username.clone();
        self.register_for(now, &username, expires);
    }

    /// With our own credentials, for somebody else.
    pub fn register_as(&mut self, now: Instant, username: &str) {
        self.register_for(now, username, 3600);
    }

    fn register_for(&mut self, now: Instant, username: &str, expires: u32) {
        let aor = format!("<sip:{username}@office.example>");
        let request = OutOfDialogRequest {
            method: Method::Register,
            request_uri: Uri::parse("sip:office.example").unwrap(),
            target: Target::Flow(self.flow()),
            route: Vec::new(),
            from: aor.clone(),
            to: aor,
            headers: vec![
                ("Contact".into(), format!("<sip:{}@{}>", self.username, self.address)),
                ("Expires".into(), expires.to_string()),
            ],
            body: None,
            credentials: self.credentials(),
        };
        self.last_response = None;
        self.endpoint.request(now, request);
    }

    pub fn request(&mut self, now: Instant, method: Method) {
        let aor = format!("<sip:{}@office.example>", self.username);
        self.last_response = None;
        self.endpoint.request(
            now,
            OutOfDialogRequest {
                method,
                request_uri: Uri::parse("sip:office.example").unwrap(),
                target: Target::Flow(self.flow()),
                route: Vec::new(),
                from: aor.clone(),
                to: aor,
                headers: Vec::new(),
                body: None,
                credentials: self.credentials(),
            },
        );
    }

    pub fn capabilities(&self, direction: Direction) -> Capabilities {
        let codec = |payload_type, name: &str| Codec { payload_type, name: name.into(), clock_rate: 8000, fmtp: None };
        let mut codecs = vec![codec(8, "PCMA"), codec(0, "PCMU"), codec(101, "telephone-event")];
        if self.codec == "no events" {
            codecs.truncate(2);
        }
        if self.codec == "wide" {
            let opus = Codec {
                payload_type: 96,
                name: "opus".into(),
                clock_rate: 48_000,
                fmtp: Some("useinbandfec=1".into()),
            };
            codecs.splice(0..0, [opus, codec(9, "G722")]);
        }
        if self.codec == "PCMU" {
            codecs.swap(0, 1);
        }
        if self.codec == "only PCMU" {
            codecs.remove(0);
        }
        Capabilities {
            local: SocketAddr::new(self.address.ip(), 40000),
            codecs,
            ptime: 20,
            direction,
            session_id: 1,
            session_version: self.version,
            security: self.security.clone(),
            fax: false,
        }
    }

    pub fn call(&mut self, now: Instant, number: &str) -> SessionId {
        let offer = sdp::offer(&self.capabilities(Direction::SendRecv));
        self.call_with(now, number, Some(offer), Vec::new())
    }

    pub fn call_with(
        &mut self,
        now: Instant,
        number: &str,
        offer: Option<Vec<u8>>,
        headers: Vec<(String, String)>,
    ) -> SessionId {
        let invite = Invite {
            request_uri: Uri::parse(&format!("sip:{number}@office.example")).unwrap(),
            target: Target::Flow(self.flow()),
            route: Vec::new(),
            from: format!("<sip:{}@office.example>", self.username),
            to: format!("<sip:{number}@office.example>"),
            headers,
            body: offer.map(sdp_body),
            credentials: self.credentials(),
        };
        self.endpoint.invite(now, invite)
    }

    pub fn cancel(&mut self, now: Instant, session: SessionId) {
        self.endpoint.cancel(now, session, None).unwrap();
    }

    /// Answers the oldest ringing INVITE.
    pub fn answer(&mut self, now: Instant) {
        assert!(!self.ringing.is_empty(), "{} does not ring", self.username);
        let (session, offer) = self.ringing.remove(0);
        self.answer_session(now, session, &offer);
    }

    fn answer_session(&mut self, now: Instant, session: SessionId, offer: &[u8]) {
        let body = if offer.is_empty() {
            sdp::offer(&self.capabilities(Direction::SendRecv))
        } else {
            let (body, negotiated) = sdp::answer(&self.capabilities(Direction::SendRecv), offer).expect("offer");
            self.negotiated = Some(negotiated);
            body
        };
        self.endpoint.answer(now, session, &self.answers_with, Some(sdp_body(body))).unwrap();
        self.up.push(session);
    }

    pub fn reject(&mut self, now: Instant, status: u16) {
        let (session, _) = self.ringing.remove(0);
        let _ = self.endpoint.reject(now, session, status, &[]);
    }

    /// Ends the newest session that is up.
    pub fn hang_up(&mut self, now: Instant) {
        let session = self.up.pop().expect("nothing is up");
        let _ = self.endpoint.end(now, session, None);
    }

    /// Holds or resumes.
    pub fn reoffer(&mut self, now: Instant, session: SessionId, direction: Direction) {
        self.version += 1;
        let offer = sdp::offer(&self.capabilities(direction));
        self.endpoint.reoffer(now, session, Some(sdp_body(offer))).unwrap();
    }

    /// Offers this within a session.
    pub fn offer_text(&mut self, now: Instant, session: SessionId, text: &str) {
        self.endpoint.reoffer(now, session, Some(sdp_body(text.as_bytes().to_vec()))).unwrap();
    }

    /// Re-INVITE without a description: the other side is to offer.
    pub fn ask_for_offer(&mut self, now: Instant, session: SessionId) {
        self.endpoint.reoffer(now, session, None).unwrap();
    }

    /// [`Phone::reoffer`] where it may be refused.
    pub fn try_reoffer(&mut self, now: Instant, session: SessionId, direction: Direction) {
        self.version += 1;
        let offer = sdp::offer(&self.capabilities(direction));
        let _ = self.endpoint.reoffer(now, session, Some(sdp_body(offer)));
    }

    /// `Refer-To` that hands over to the party of a session of ours.
    pub fn refer_to(&self, session: SessionId) -> Option<String> {
        let call_id = self.endpoint.call_id(session)?;
        let (local, remote) = self.dialogs.get(call_id)?;
        let call_id = call_id.replace('@', "%40");
        Some(format!("<sip:x@office.example?Replaces={call_id}%3Bto-tag%3D{remote}%3Bfrom-tag%3D{local}>"))
    }

    /// The same for a session that rings.
    pub fn early_refer_to(&self, session: SessionId) -> String {
        self.refer_to(session).unwrap()
    }

    /// REFER within a session.
    pub fn refer(&mut self, now: Instant, session: SessionId, refer_to: &str) {
        self.last_response = None;
        self.endpoint.request_in(now, session, Method::Refer, &[("Refer-To", refer_to)], None).ok();
    }

    pub fn info(&mut self, now: Instant, session: SessionId, content_type: &str, body: &str) {
        let body = Body { content_type: content_type.into(), bytes: Bytes::copy_from_slice(body.as_bytes()) };
        self.endpoint.request_in(now, session, Method::Info, &[], Some(body)).unwrap();
    }

    /// Local and remote tag of a session, from what was sent and received for it.
    pub fn tags(&self, session: SessionId) -> (String, String) {
        let call_id = self.endpoint.call_id(session).unwrap();
        self.dialogs[call_id].clone()
    }

    pub fn receive(&mut self, now: Instant, flow: Flow, bytes: Bytes) {
        if let Ok(message) = Message::parse_datagram(bytes.clone()) {
            if message.is_request() && message.method() == Method::Notify {
                self.notified.push(String::from_utf8_lossy(message.body()).trim().to_owned());
            }
            if (180..300).contains(&message.status()) && message.method() == Method::Invite {
                let tag = |address: Option<offhook_sip::message::NameAddr>| address.unwrap().tag().unwrap().to_owned();
                self.dialogs.insert(message.call_id().to_owned(), (tag(message.from()), tag(message.to())));
            }
        }
        if let Some(refusal) = self.refusal_of_info(&bytes) {
            self.refusals.push((flow.remote, refusal));
            return;
        }
        self.endpoint.handle(now, Input::Received { flow, bytes });
    }

    fn refusal_of_info(&mut self, bytes: &Bytes) -> Option<Bytes> {
        let status = self.refuses_info?;
        let text = String::from_utf8_lossy(bytes);
        let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        let kept = text.lines().filter(|line| copied.iter().any(|name| line.starts_with(name)));
        let lines: String = kept.map(|line| format!("{line}\r\n")).collect();
        text.starts_with("INFO ").then(|| format!("SIP/2.0 {status} No\r\n{lines}Content-Length: 0\r\n\r\n").into())
    }

    pub fn timeout(&self) -> Option<Instant> {
        if self.dead { None } else { self.endpoint.poll_timeout().map(|(at, _)| at) }
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if !self.dead {
            self.endpoint.handle_timeout(now);
        }
    }

    /// What it sends; what it hears is acted upon.
    pub fn collect(&mut self, now: Instant) -> Vec<(SocketAddr, Bytes)> {
        let mut sent = std::mem::take(&mut self.refusals);
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Send { flow, bytes } => {
                    if let Ok(message) = Message::parse_datagram(bytes.clone())
                        && message.status() == 180
                    {
                        self.local_tags.extend(message.to().and_then(|to| to.tag().map(str::to_owned)));
                    }
                    sent.push((flow.remote, bytes));
                }
                Output::Resolve { id, .. } => {
                    self.endpoint.handle(now, Input::Resolved { id, targets: Vec::new() });
                }
                Output::Event(event) => self.event(now, event),
            }
        }
        if self.dead { Vec::new() } else { sent }
    }

    fn event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Request { transaction, request, .. } => {
                self.requests.push(request);
                let _ = self.endpoint.respond(now, transaction, 200, &[], None);
            }
            Event::Invited { session, request, .. } => {
                let offer = Bytes::copy_from_slice(request.body());
                self.invites.push(request);
                self.invited(now, session, offer);
            }
            Event::Cancelled { session, reason } => {
                self.ringing.retain(|(ringing, _)| *ringing != session);
                self.cancelled.push(reason);
            }
            Event::Progress { status, body, .. } => self.progress.push((status, body.is_some())),
            Event::Answered { session, response, offer } => {
                if offer {
                    let (body, negotiated) =
                        sdp::answer(&self.capabilities(Direction::SendRecv), response.body()).unwrap();
                    self.negotiated = Some(negotiated);
                    self.endpoint.accept_offer(now, session, Some(sdp_body(body))).unwrap();
                } else if !response.body().is_empty() {
                    self.negotiated =
                        Some(sdp::accept(&self.capabilities(Direction::SendRecv), response.body()).expect("answer"));
                }
                self.up.push(session);
            }
            Event::Failed { status, .. } => self.failed.push(status),
            Event::Offer { session, .. } if self.refuses_offers.is_some() => {
                let _ = self.endpoint.reject_offer(now, session, self.refuses_offers.unwrap_or(488));
            }
            Event::Offer { session, body } => {
                let body = body.map(|body| {
                    self.offers.push(body.bytes.clone());
                    let (answer, negotiated) =
                        sdp::answer(&self.capabilities(Direction::SendRecv), &body.bytes).unwrap();
                    self.negotiated = Some(negotiated);
                    sdp_body(answer)
                });
                self.endpoint.accept_offer(now, session, body).unwrap();
            }
            Event::OfferAnswered { body: Some(body), .. } => {
                self.negotiated = Some(sdp::accept(&self.capabilities(Direction::SendRecv), &body.bytes).unwrap());
            }
            Event::OfferRejected { status, .. } => self.refused_offers.push(status),
            Event::Ended { session, reason, .. } => {
                self.up.retain(|up| *up != session);
                self.ended.push(reason);
            }
            Event::InDialog { request, .. } if request.method() == Method::Info => {
                let content_type = request.header("Content-Type").unwrap_or_default().into_owned();
                self.infos.push((content_type, String::from_utf8_lossy(request.body()).into_owned()));
            }
            Event::Response { status, .. } => self.last_response = Some(status),
            _ => {}
        }
    }

    fn invited(&mut self, now: Instant, session: SessionId, offer: Bytes) {
        match self.script {
            Script::Ring => {
                self.endpoint.progress(now, session, 180, &[], None, false).unwrap();
                self.ringing.push((session, offer));
            }
            Script::Silent => self.ringing.push((session, offer)),
            Script::Reject(status) => self.endpoint.reject(now, session, status, &[]).unwrap(),
            Script::Answer => self.answer_session(now, session, &offer),
            Script::BadSdp => {
                let body = b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\nm=video 5000 RTP/AVP 96\r\n".to_vec();
                self.endpoint.answer(now, session, &[], Some(sdp_body(body))).unwrap();
                self.up.push(session);
            }
            Script::EarlyMedia => {
                let (body, _) = sdp::answer(&self.capabilities(Direction::SendRecv), &offer).unwrap();
                self.endpoint.progress(now, session, 183, &[], Some(sdp_body(body)), false).unwrap();
                self.ringing.push((session, offer));
            }
        }
    }
}

pub fn sdp_body(bytes: Vec<u8>) -> Body {
    Body { content_type: "application/sdp".into(), bytes: bytes.into() }
}
