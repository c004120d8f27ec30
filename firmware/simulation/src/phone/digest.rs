//! Credentials for a challenge, computed by `rsip`.

use rsip::headers::auth::{Algorithm, AuthQop};
use rsip::services::DigestGenerator;

use crate::chance::Chance;
use crate::wire::Wire;

/// The header to add to a request that was challenged by `response`: name and value.
pub(super) fn authorize(
    response: &Wire,
    method: &str,
    uri: &str,
    (username, password): (&str, &str),
    chance: &mut Chance,
) -> Option<(String, String)> {
    let proxy = response.header("Proxy-Authenticate").is_some();
    let (ask, answer) =
        if proxy { ("Proxy-Authenticate", "Proxy-Authorization") } else { ("WWW-Authenticate", "Authorization") };
    let challenges: Vec<&str> = response.all(ask).collect();
    let challenge = chance.pick(&challenges)?;
    let (realm, nonce) = (field(challenge, "realm")?, field(challenge, "nonce")?);
    let (algorithm, name) = match field(challenge, "algorithm").unwrap_or("MD5") {
        "SHA-256" => (Algorithm::Sha256, "SHA-256"),
        _ => (Algorithm::Md5, "MD5"),
    };
    let cnonce = chance.token();
    let uri = rsip::Uri::try_from(uri).ok()?;
    let method = method.parse::<rsip::Method>().ok()?;
    let qop = field(challenge, "qop").map(|_| AuthQop::Auth { cnonce: cnonce.clone(), nc: 1 });
    let response =
        DigestGenerator { username, password, nonce, uri: &uri, realm, method: &method, qop: qop.as_ref(), algorithm }
            .compute();
    let mut value = format!(
        "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", algorithm={name}"
    );
    if qop.is_some() {
        value.push_str(&format!(", qop=auth, nc=00000001, cnonce=\"{cnonce}\""));
    }
    if let Some(opaque) = field(challenge, "opaque") {
        value.push_str(&format!(", opaque=\"{opaque}\""));
    }
    Some((answer.into(), value))
}

fn field<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let fields = challenge.trim().strip_prefix("Digest")?;
    fields.split(',').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_names_what_was_asked() {
        let challenge = Wire { start: crate::wire::Start::Response(401), headers: Vec::new(), body: String::new() }
            .with("WWW-Authenticate", "Digest realm=\"offhook\", nonce=\"n\", algorithm=MD5, qop=\"auth\"");
        let mut chance = Chance::new(1, 1);
        let (name, value) =
            authorize(&challenge, "REGISTER", "sip:offhook", ("1001", "secret"), &mut chance).expect("yes");
        assert_eq!(name, "Authorization");
        assert!(value.contains("realm=\"offhook\"") && value.contains("qop=auth"));
    }
}
