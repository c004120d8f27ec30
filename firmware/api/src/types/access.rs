//! First run, sessions, the person signed in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Administrator,
}

/// Whether the box waits for its first run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SetupState {
    /// No administrator exists yet: show the first-run page.
    pub needed: bool,
    /// Version of the software.
    pub version: String,
    /// Languages of the box: `en`, `fr`.
    pub languages: Vec<String>,
    /// Countries with known tones and cadences, ISO 3166.
    pub countries: Vec<String>,
    /// Fewest characters of a password.
    pub password_min_length: u32,
}

/// The first run.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Name of the office.
    #[serde(default)]
    pub site_name: String,
    /// `en` or `fr`.
    pub language: String,
    /// ISO 3166 code, e.g. `FR`.
    pub country: String,
    /// IANA time zone, e.g. `Europe/Paris`.
    pub time_zone: String,
    /// The administrator's password. Refused when weak (`password_too_short`, `password_too_common`,
    /// `password_contains_site_name`).
    pub password: String,
}

/// Signing in.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Name of the account; `admin` when left out.
    #[serde(default)]
    pub name: Option<String>,
    /// Its password.
    pub password: String,
}

/// The person signed in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Name of the account.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// `en` or `fr`.
    pub language: String,
}

/// What a person changes about their own account.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeInput {
    /// `en` or `fr`.
    pub language: String,
}

/// A change of one's own password.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password until now.
    pub current: String,
    /// The new one.
    pub new: String,
}
