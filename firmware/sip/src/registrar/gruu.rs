//! Globally routable user agent URIs (RFC 5627): a public one that names the phone, and temporary ones that do not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Binding;
use crate::digest::hmac_sha256;

/// What the user part of a temporary GRUU begins with.
pub(super) const TEMPORARY: &str = "tgruu.";

/// The value of the `gr` parameter for an instance id: without its angle brackets, escaped for a URI.
pub(super) fn instance_value(instance: &str) -> String {
    let bare = instance.trim_start_matches('<').trim_end_matches('>');
    bare.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()[]/:&+$".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// `pub-gruu` of an instance.
pub(super) fn public(aor: &str, domain: &str, instance: &str) -> String {
    format!("sip:{}@{};gr={}", user(aor), host(domain), instance_value(instance))
}

/// The user part of the temporary GRUU that belongs to the last REGISTER of a binding. It says nothing about the user to who does
/// not have the key (RFC 5627 §5.4), and needs nothing written down.
pub(super) fn temporary_user(key: &[u8; 32], aor: &str, binding: &Binding) -> Option<String> {
    let instance = binding.instance.as_deref()?;
    let named = [aor, instance, &binding.call_id, &binding.cseq.to_string()].join("\0");
    let mac = hmac_sha256(key, named.as_bytes());
    Some(format!("{TEMPORARY}{}", URL_SAFE_NO_PAD.encode(&mac[..18])))
}

/// `temp-gruu` with a user part of [`temporary_user`].
pub(super) fn temporary(user: &str, domain: &str) -> String {
    format!("sip:{user}@{};gr", host(domain))
}

fn user(aor: &str) -> String {
    aor.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

fn host(domain: &str) -> String {
    if domain.contains(':') && !domain.starts_with('[') { format!("[{domain}]") } else { domain.to_owned() }
}
