//! The server's side: challenges and verdicts.

use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;

use super::compute::{Algorithm, Inputs, Qop, Secret};
use super::nonce::{Freshness, Nonces};
use super::params::{Params, extended, quote};
use crate::message::{Message, Uri};

/// Most `Authorization` headers for our realm that one request may make us compute.
const MAX_CREDENTIALS: usize = 4;

/// Who challenges (RFC 3261 §22.2, §22.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A server or registrar: 401, `WWW-Authenticate`, `Authorization`.
    Www,
    /// A proxy: 407, `Proxy-Authenticate`, `Proxy-Authorization`.
    Proxy,
}

impl Kind {
    /// The status that challenges.
    pub fn status(self) -> u16 {
        match self {
            Kind::Www => 401,
            Kind::Proxy => 407,
        }
    }
    /// The header of a challenge.
    pub fn challenge_header(self) -> &'static str {
        match self {
            Kind::Www => "WWW-Authenticate",
            Kind::Proxy => "Proxy-Authenticate",
        }
    }
    /// The header of the credentials.
    pub fn credentials_header(self) -> &'static str {
        match self {
            Kind::Www => "Authorization",
            Kind::Proxy => "Proxy-Authorization",
        }
    }
}

/// The outcome of [`Authenticator::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The credentials are right; the user name they name.
    Accepted(String),
    /// No credentials for our realm: challenge.
    Missing,
    /// The credentials are right, but the nonce is old, not of this run of ours, or its count was used before: challenge with
    /// `stale=true`. No reason to ban: whoever replays what another sent must not get that other banned.
    Stale,
    /// Wrong password, unknown user, malformed: challenge again (or ban).
    Refused,
}

/// Settings of an [`Authenticator`].
#[derive(Clone, Debug)]
pub struct AuthenticatorConfig {
    /// Algorithms offered, in the order of the challenges; no other is accepted. Default MD5 alone, because clients in use do
    /// not skip a challenge that they do not know: SIPp 3.6 looks at the first only, baresip 1.0 registers nowhere when any names
    /// SHA-256. Where all phones can, put SHA-256 first (RFC 8760 §2.4) or alone.
    pub algorithms: Vec<Algorithm>,
    /// Offer `auth-int` beside `auth`. Default off: phones exist that choose it and then hash another body than they send. What
    /// is accepted does not depend on it.
    pub offer_integrity: bool,
    /// How long a nonce is good. Default 300 s. Longer saves phones a round trip, shorter leaves less to replay.
    pub nonce_lifetime: Duration,
    /// Most nonces whose counts are remembered; the oldest are forgotten and become stale. Default 20 000 (about 1 MB).
    pub max_nonces: usize,
    /// Take credentials whose `uri` has no user part for any number, default false. SIPp signs the server's name only; credentials
    /// made so are good for whatever number the message is changed to on its way.
    pub accept_server_uri: bool,
}

impl Default for AuthenticatorConfig {
    fn default() -> Self {
        AuthenticatorConfig {
            algorithms: vec![Algorithm::Md5],
            offer_integrity: false,
            nonce_lifetime: Duration::from_secs(300),
            max_nonces: 20_000,
            accept_server_uri: false,
        }
    }
}

/// The server side: makes challenges and checks answers. Nonces are authenticated by a key of ours, so that a challenge costs no
/// memory; only nonces that were answered rightly are remembered (bounded) to refuse a replayed count.
pub struct Authenticator {
    realm: String,
    config: AuthenticatorConfig,
    nonces: Nonces,
    /// Stands in for the secret of a user who does not exist, so that both take the same time.
    nobody: Secret,
}

/// What is checked of a request.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) body: &'a [u8],
    /// User names that a hashed one may stand for (`userhash=true`, RFC 7616 §3.4.4).
    pub(super) candidates: Vec<String>,
}

impl Authenticator {
    /// For a realm; `seed` keys the nonces. `now` is the epoch of nonce ages.
    pub fn new(realm: &str, seed: [u8; 32], now: Instant) -> Self {
        Self::with_config(realm, seed, now, AuthenticatorConfig::default())
    }

    /// As [`Authenticator::new`], with settings.
    pub fn with_config(realm: &str, seed: [u8; 32], now: Instant, config: AuthenticatorConfig) -> Self {
        Authenticator {
            realm: realm.to_owned(),
            nonces: Nonces::new(seed, now, config.nonce_lifetime, config.max_nonces),
            config,
            nobody: Secret::from_password("", realm, &super::compute::hex(&seed)),
        }
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Values for `WWW-Authenticate` headers (or `Proxy-Authenticate`) in the order of [`AuthenticatorConfig::algorithms`], each
    /// for a header of its own.
    pub fn challenges(&mut self, now: Instant, stale: bool) -> Vec<String> {
        let qop = if self.config.offer_integrity { "auth,auth-int" } else { "auth" };
        let realm = quote(&self.realm);
        let algorithms = self.config.algorithms.clone();
        let challenge = |algorithm: Algorithm| {
            let nonce = self.nonces.mint(now);
            let stale = if stale { ", stale=true" } else { "" };
            let algorithm = algorithm.name();
            format!("Digest realm={realm}, nonce=\"{nonce}\"{stale}, algorithm={algorithm}, qop=\"{qop}\"")
        };
        algorithms.into_iter().map(challenge).collect()
    }

    /// Checks `Authorization` / `Proxy-Authorization` of a request. `lookup` gives the secrets of a user name.
    pub fn verify(&mut self, now: Instant, request: &Message, lookup: &dyn Fn(&str) -> Option<Secret>) -> Verdict {
        let credentials: Vec<String> = [Kind::Www, Kind::Proxy]
            .into_iter()
            .flat_map(|kind| request.header_values(kind.credentials_header()))
            .take(4 * MAX_CREDENTIALS)
            .map(std::borrow::Cow::into_owned)
            .collect();
        if credentials.is_empty() {
            return Verdict::Missing;
        }
        let candidates =
            [request.from(), request.to()].into_iter().flatten().filter_map(|party| party.uri.user).collect();
        let method = request.method();
        let what = Request { method: method.as_str(), uri: request.request_uri(), body: request.body(), candidates };
        self.check(now, &what, &credentials, lookup)
    }

    /// [`Authenticator::verify`] without the message around it.
    pub(super) fn check(
        &mut self,
        now: Instant,
        request: &Request<'_>,
        credentials: &[String],
        lookup: &dyn Fn(&str) -> Option<Secret>,
    ) -> Verdict {
        let mut verdict = Verdict::Missing;
        let mut computed = 0;
        for value in credentials {
            let Some(params) = Params::parse(value) else {
                verdict = Verdict::Refused;
                continue;
            };
            if params.get("realm") != Some(self.realm.as_str()) || computed == MAX_CREDENTIALS {
                continue;
            }
            computed += 1;
            match self.check_one(now, request, &params, lookup) {
                Verdict::Accepted(user) => return Verdict::Accepted(user),
                Verdict::Stale => verdict = Verdict::Stale,
                other if verdict != Verdict::Stale => verdict = other,
                _ => {}
            }
        }
        verdict
    }

    fn check_one(
        &mut self,
        now: Instant,
        request: &Request<'_>,
        params: &Params,
        lookup: &dyn Fn(&str) -> Option<Secret>,
    ) -> Verdict {
        let Some(credentials) = Credentials::read(params, request.body) else {
            return Verdict::Refused;
        };
        if !self.config.algorithms.contains(&credentials.algorithm) {
            return Verdict::Refused;
        }
        let user = self.user_name(params, request, &credentials);
        let known = user.as_deref().and_then(lookup);
        let secret = known.as_ref().unwrap_or(&self.nobody);
        let expected = Inputs {
            algorithm: credentials.algorithm,
            session: credentials.session,
            ha1: secret.ha1(credentials.algorithm),
            nonce: credentials.nonce,
            nonce_count: credentials.nonce_count,
            cnonce: credentials.cnonce,
            qop: credentials.qop,
            method: request.method,
            uri: credentials.uri,
        }
        .response();
        let given = credentials.response.to_ascii_lowercase();
        let right = bool::from(given.as_bytes().ct_eq(expected.as_bytes()));
        let signed = same_target(credentials.uri, request.uri, self.config.accept_server_uri);
        let Some(user) = user.filter(|_| known.is_some() && right && signed) else {
            return Verdict::Refused;
        };
        match self.nonces.check(now, credentials.nonce) {
            Freshness::Stale => Verdict::Stale,
            // A peer without qop counts nothing: its nonce is good once.
            Freshness::Fresh(key) => {
                if self.nonces.claim(now, key, credentials.count) {
                    Verdict::Accepted(user)
                } else {
                    Verdict::Stale
                }
            }
        }
    }

    fn user_name(&self, params: &Params, request: &Request<'_>, credentials: &Credentials<'_>) -> Option<String> {
        let name = match (params.get("username"), params.get("username*")) {
            (Some(name), None) => name.to_owned(),
            (None, Some(encoded)) => extended(encoded)?,
            _ => return None,
        };
        if !params.get("userhash").is_some_and(|flag| flag.eq_ignore_ascii_case("true")) {
            return Some(name);
        }
        let hash = |user: &str| credentials.algorithm.hash(&[user.as_bytes(), self.realm.as_bytes()]);
        request.candidates.iter().find(|user| hash(user).eq_ignore_ascii_case(&name)).cloned()
    }
}

/// Credentials that are well formed.
struct Credentials<'a> {
    algorithm: Algorithm,
    session: bool,
    nonce: &'a str,
    nonce_count: &'a str,
    count: u32,
    cnonce: &'a str,
    qop: Qop<'a>,
    uri: &'a str,
    response: &'a str,
}

impl<'a> Credentials<'a> {
    fn read(params: &'a Params, body: &'a [u8]) -> Option<Self> {
        let (algorithm, session) = Algorithm::parse(params.get("algorithm"))?;
        let cnonce = params.get("cnonce");
        let qop = match params.get("qop") {
            None => Qop::None,
            Some(qop) if qop.eq_ignore_ascii_case("auth") => Qop::Auth,
            Some(qop) if qop.eq_ignore_ascii_case("auth-int") => Qop::AuthInt(body),
            Some(_) => return None,
        };
        // -sess and qop need a cnonce (RFC 7616 §3.4); without qop there is no count.
        if cnonce.is_none() && (session || qop != Qop::None) {
            return None;
        }
        let (nonce_count, count) = if qop == Qop::None {
            ("", 1)
        } else {
            let text = params.get("nc")?;
            let count = (text.len() <= 8).then(|| u32::from_str_radix(text, 16).ok())??;
            (text, count)
        };
        if count == 0 {
            return None;
        }
        Some(Credentials {
            algorithm,
            session,
            nonce: params.get("nonce")?,
            nonce_count,
            count,
            cnonce: cnonce.unwrap_or_default(),
            qop,
            uri: params.get("uri")?,
            response: params.get("response")?,
        })
    }
}

/// Whether the `uri` that was signed stands for the Request-URI (RFC 7616 §3.4.6). Phones and the proxies on the way rewrite host,
/// port and parameters; the user part that was signed must be what is dialled. `server`: none at all will do too.
pub(super) fn same_target(signed: &str, actual: &str, server: bool) -> bool {
    if signed == actual {
        return true;
    }
    match (Uri::parse(signed), Uri::parse(actual)) {
        (Ok(signed), Ok(actual)) => signed.user == actual.user || (server && signed.user.is_none()),
        _ => false,
    }
}
