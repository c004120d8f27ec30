//! What is accepted from outside: each value has a rule, a field and a code.

use offhook_store::rules;
use offhook_store::secret::{Weakness, check_password};

use crate::error::Problem;

/// Refuses a value that breaks its rule.
pub(crate) fn ensure(fine: bool, field: &str, code: &str, title: &str) -> Result<(), Problem> {
    if fine { Ok(()) } else { Err(Problem::invalid(field, code, title)) }
}

/// A name to show, trimmed.
pub(crate) fn name(text: &str, field: &str) -> Result<String, Problem> {
    let text = text.trim();
    ensure(rules::name(text), field, "invalid_name", "Expected a name of 1 to 80 characters.")?;
    Ok(text.to_owned())
}

/// A label, trimmed; may be empty.
pub(crate) fn label(text: &str, field: &str) -> Result<String, Problem> {
    let text = text.trim();
    ensure(rules::label(text), field, "invalid_label", "Expected at most 80 characters.")?;
    Ok(text.to_owned())
}

/// An internal number.
pub(crate) fn extension(text: &str, field: &str) -> Result<String, Problem> {
    let text = text.trim();
    ensure(rules::extension(text), field, "invalid_extension", "Expected 2 to 8 digits.")?;
    Ok(text.to_owned())
}

/// A number to dial; spaces, dots, dashes and brackets that people write are taken out. Empty is none.
pub(crate) fn number(text: Option<&str>, field: &str) -> Result<Option<String>, Problem> {
    let text: String = text
        .unwrap_or_default()
        .chars()
        .filter(|character| !matches!(character, ' ' | '\u{a0}' | '.' | '-' | '(' | ')' | '/'))
        .take(64)
        .collect();
    if text.is_empty() {
        return Ok(None);
    }
    ensure(rules::number(&text), field, "invalid_number", "Expected a number: digits, * and #, + in front.")?;
    Ok(Some(text))
}

/// A pattern of numbers; empty is none.
pub(crate) fn pattern(text: Option<&str>, field: &str) -> Result<Option<String>, Problem> {
    let text = text.unwrap_or_default().trim().to_uppercase();
    if text.is_empty() {
        return Ok(None);
    }
    let title = "Expected a pattern: digits, X for any digit, . at the end for any more.";
    ensure(rules::pattern(&text), field, "invalid_pattern", title)?;
    Ok(Some(text))
}

/// A number within bounds.
pub(crate) fn within(value: u32, least: u32, most: u32, field: &str) -> Result<u32, Problem> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let title = format!("Expected a number from {least} to {most}.");
    Err(Problem::invalid(field, "out_of_range", title))
}

/// A language of the box.
pub(crate) fn language(text: &str) -> Result<String, Problem> {
    ensure(rules::language(text), "language", "invalid_language", "Expected en or fr.")?;
    Ok(text.to_owned())
}

/// A country with known tones.
pub(crate) fn country(text: &str, known: &[String]) -> Result<String, Problem> {
    let fine = known.iter().any(|known| known == text);
    ensure(fine, "country", "invalid_country", "This country is not known.")?;
    Ok(text.to_owned())
}

/// A time zone.
pub(crate) fn time_zone(text: &str) -> Result<String, Problem> {
    let title = "This time zone is not known.";
    ensure(rules::time_zone(text), "time_zone", "invalid_time_zone", title)?;
    Ok(text.to_owned())
}

/// The password of a person.
pub(crate) fn password(text: &str, site_name: &str, field: &str) -> Result<(), Problem> {
    check_password(text, site_name).map_err(|weakness| {
        let code = match weakness {
            Weakness::TooShort => "password_too_short",
            Weakness::Unusable => "password_unusable",
            Weakness::TooCommon => "password_too_common",
            Weakness::ContainsSiteName => "password_contains_site_name",
        };
        Problem::invalid(field, code, weakness.to_string())
    })
}
