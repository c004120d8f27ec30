//! The client's side: answers challenges of trunks and other peers (RFC 3261 §22.2–22.3, RFC 7616 §3.4, RFC 8760 §2.4).

use super::compute::{Algorithm, Inputs, Qop, Secret};
use super::params::{Params, quote};
use super::server::Kind;
use crate::message::Message;

/// Most realms whose challenges are kept.
const MAX_REALMS: usize = 4;
/// Answers to one realm without success before giving up, however stale it calls them.
const MAX_ATTEMPTS: u32 = 4;
/// Longest nonce, realm or opaque that is sent back, in bytes.
const MAX_FIELD: usize = 1024;

/// A challenge that we can answer.
#[derive(Clone, Debug)]
struct Challenge {
    kind: Kind,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    stale: bool,
    algorithm: Algorithm,
    /// The name as the peer wrote it; `None` when it named none.
    algorithm_name: Option<String>,
    session: bool,
    /// `auth`, `auth-int` or none offered.
    qop: Protection,
    /// Requests signed with this nonce so far.
    count: u32,
    /// Answers to this realm since one was accepted.
    attempts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protection {
    None,
    Auth,
    AuthInt,
}

/// The state of one user with one peer: the challenges to answer. It is kept over requests, so that later ones carry credentials
/// from the start.
#[derive(Clone, Debug, Default)]
pub struct Client {
    challenges: Vec<Challenge>,
}

/// A request to be signed.
#[derive(Clone, Copy, derive_more::Debug)]
#[debug("Signed(…)")]
pub struct Signed<'a> {
    /// The method.
    pub method: &'a str,
    /// The Request-URI as written.
    pub uri: &'a str,
    /// The body, for `auth-int`.
    pub body: &'a [u8],
}

impl Client {
    /// No challenge seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is a challenge to answer.
    pub fn is_challenged(&self) -> bool {
        !self.challenges.is_empty()
    }

    /// Takes the challenges of a 401 or 407. True when sending the request again with [`Client::authorize`] makes sense: a realm
    /// asks for the first time, or says that only the nonce was stale. False: the password is wrong, or nothing in it can be
    /// answered.
    pub fn challenged(&mut self, response: &Message) -> bool {
        let mut values = Vec::new();
        for kind in [Kind::Www, Kind::Proxy] {
            values.extend(response.header_values(kind.challenge_header()).map(|value| (kind, value.into_owned())));
        }
        self.take(values.iter().map(|(kind, value)| (*kind, value.as_str())))
    }

    /// [`Client::challenged`] from header values.
    pub fn take<'a>(&mut self, values: impl Iterator<Item = (Kind, &'a str)>) -> bool {
        let mut best: Vec<Challenge> = Vec::new();
        for challenge in values.take(16).filter_map(|(kind, value)| Challenge::read(kind, value)) {
            let room = best.len() < MAX_REALMS;
            match best.iter_mut().find(|other| other.kind == challenge.kind && other.realm == challenge.realm) {
                // Of one realm the strongest; of two alike the first, which the peer prefers.
                Some(other) if challenge.algorithm > other.algorithm => *other = challenge,
                Some(_) => {}
                None if room => best.push(challenge),
                None => {}
            }
        }
        let mut retry = false;
        for mut challenge in best {
            let same = |known: &Challenge| known.kind == challenge.kind && known.realm == challenge.realm;
            // A realm that asks again after an answer, and does not say stale, refuses the password; unless the answer before
            // was accepted: then its nonce became old.
            match self.challenges.iter_mut().find(|known| same(known)) {
                Some(known) => {
                    retry |= known.attempts == 0 || (challenge.stale && known.attempts < MAX_ATTEMPTS);
                    challenge.attempts = known.attempts;
                    *known = challenge;
                }
                None => {
                    if self.challenges.len() == MAX_REALMS {
                        self.challenges.remove(0);
                    }
                    self.challenges.push(challenge);
                    retry = true;
                }
            }
        }
        retry
    }

    /// Headers to add to a request: one for each realm that challenged. `cnonce` is fresh and random (RFC 7616 §3.4).
    pub fn authorize(
        &mut self,
        username: &str,
        password: &str,
        request: Signed<'_>,
        cnonce: &str,
    ) -> Vec<(&'static str, String)> {
        self.challenges
            .iter_mut()
            .map(|challenge| {
                let header = challenge.kind.credentials_header();
                (header, challenge.answer(username, password, request, cnonce))
            })
            .collect()
    }

    /// A request was accepted: a later challenge is then a new one and not a wrong password, even when it does not say stale.
    pub fn accepted(&mut self) {
        for challenge in &mut self.challenges {
            challenge.attempts = 0;
        }
    }
}

impl Challenge {
    fn read(kind: Kind, value: &str) -> Option<Challenge> {
        let params = Params::parse(value)?;
        let (algorithm, session) = Algorithm::parse(params.get("algorithm"))?;
        let qop = match params.get("qop") {
            None => Protection::None,
            Some(list) => {
                let offers = |name: &str| list.split(',').any(|option| option.trim().eq_ignore_ascii_case(name));
                if offers("auth") {
                    Protection::Auth
                } else if offers("auth-int") {
                    Protection::AuthInt
                } else if list.trim().is_empty() {
                    Protection::None
                } else {
                    return None;
                }
            }
        };
        let bounded = |text: &str| (text.len() <= MAX_FIELD).then(|| text.to_owned());
        Some(Challenge {
            kind,
            realm: bounded(params.get("realm")?)?,
            nonce: bounded(params.get("nonce")?)?,
            opaque: match params.get("opaque") {
                Some(opaque) => Some(bounded(opaque)?),
                None => None,
            },
            stale: params.get("stale").is_some_and(|flag| flag.eq_ignore_ascii_case("true")),
            algorithm,
            algorithm_name: params.get("algorithm").map(str::to_owned),
            session,
            qop,
            count: 0,
            attempts: 0,
        })
    }

    fn answer(&mut self, username: &str, password: &str, request: Signed<'_>, cnonce: &str) -> String {
        self.count = self.count.saturating_add(1);
        self.attempts = self.attempts.saturating_add(1);
        let nonce_count = format!("{:08x}", self.count);
        let secret = Secret::from_password(username, &self.realm, password);
        let response = Inputs {
            algorithm: self.algorithm,
            session: self.session,
            ha1: secret.ha1(self.algorithm),
            nonce: &self.nonce,
            nonce_count: &nonce_count,
            cnonce,
            qop: match self.qop {
                Protection::None => Qop::None,
                Protection::Auth => Qop::Auth,
                Protection::AuthInt => Qop::AuthInt(request.body),
            },
            method: request.method,
            uri: request.uri,
        }
        .response();
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            quote(username),
            quote(&self.realm),
            quote(&self.nonce),
            quote(request.uri),
        );
        if let Some(name) = &self.algorithm_name {
            value.push_str(", algorithm=");
            value.push_str(name);
        }
        if self.qop != Protection::None || self.session {
            value.push_str(", cnonce=");
            value.push_str(&quote(cnonce));
        }
        if self.qop != Protection::None {
            let qop = if self.qop == Protection::Auth { "auth" } else { "auth-int" };
            value.push_str(&format!(", qop={qop}, nc={nonce_count}"));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(", opaque=");
            value.push_str(&quote(opaque));
        }
        value
    }
}
