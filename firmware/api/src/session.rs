//! Sessions.

/// Name of the session's cookie.
pub const COOKIE: &str = "offhook_session";
