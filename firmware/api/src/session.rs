//! The session's cookie.

use axum::http::{HeaderMap, HeaderValue, header};

/// Name of the session's cookie.
pub const COOKIE: &str = "offhook_session";

/// The token of the cookie.
pub(crate) fn token_of(headers: &HeaderMap, name: &str) -> Option<[u8; 32]> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    from_hex(value)
}

/// `Set-Cookie` of a session that begins. `Secure` when the request came over TLS.
pub(crate) fn set_cookie(token: &[u8; 32], secure: bool) -> HeaderValue {
    let text: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000{secure}");
    HeaderValue::from_str(&cookie).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// `Set-Cookie` that takes the cookie away.
pub(crate) fn clear_cookie() -> HeaderValue {
    HeaderValue::from_static("offhook_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut token = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in token.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(token)
}
