//! The site's settings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Site {
    /// Name of the office.
    pub name: String,
    /// ISO 3166 code: tones, cadences, emergency numbers.
    pub country: String,
    /// IANA time zone.
    pub time_zone: String,
    /// `en` or `fr`.
    pub language: String,
    /// SIP realm. Secrets are bound to it, so it does not change.
    pub realm: String,
    /// Numbers that are always dialled.
    pub emergency_numbers: Vec<String>,
}

/// A change of the site's settings.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteInput {
    /// Name of the office, up to 100 characters.
    pub name: String,
    /// ISO 3166 code.
    pub country: String,
    /// IANA time zone.
    pub time_zone: String,
    /// `en` or `fr`.
    pub language: String,
    /// Numbers that are always dialled: 2–6 digits, at least one.
    pub emergency_numbers: Vec<String>,
}
