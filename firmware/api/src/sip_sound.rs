//! Sound and digits of SIP telephones and trunks: the API's names and call control's, and what a request may say.

use offhook_switch::config;

use crate::error::Problem;
use crate::types;
use crate::validate;

/// What a request says; codecs each once. `place`: where its fields are.
pub(crate) fn sip_sound(
    encryption: types::MediaEncryption,
    codecs: Vec<types::CodecName>,
    digits: types::DigitMode,
    place: &str,
) -> Result<config::SipSound, Problem> {
    let mut chosen = Vec::new();
    for codec in codecs.into_iter().map(codec_of) {
        let field = format!("{place}codecs");
        validate::ensure(!chosen.contains(&codec), &field, "codec_twice", "Expected each codec once.")?;
        chosen.push(codec);
    }
    Ok(config::SipSound { encryption: encryption_of(encryption), codecs: chosen, digits: digits_of(digits) })
}

/// How call control names an encryption.
fn encryption_of(value: types::MediaEncryption) -> config::MediaEncryption {
    match value {
        types::MediaEncryption::Auto => config::MediaEncryption::Auto,
        types::MediaEncryption::Off => config::MediaEncryption::Off,
        types::MediaEncryption::Offered => config::MediaEncryption::Offered,
        types::MediaEncryption::Required => config::MediaEncryption::Required,
    }
}

/// How the API names it.
pub(crate) fn encryption(value: config::MediaEncryption) -> types::MediaEncryption {
    match value {
        config::MediaEncryption::Auto => types::MediaEncryption::Auto,
        config::MediaEncryption::Off => types::MediaEncryption::Off,
        config::MediaEncryption::Offered => types::MediaEncryption::Offered,
        config::MediaEncryption::Required => types::MediaEncryption::Required,
    }
}

/// How call control names a codec.
fn codec_of(value: types::CodecName) -> config::CodecName {
    match value {
        types::CodecName::Opus => config::CodecName::Opus,
        types::CodecName::G722 => config::CodecName::G722,
        types::CodecName::Pcma => config::CodecName::Pcma,
        types::CodecName::Pcmu => config::CodecName::Pcmu,
        types::CodecName::L16 => config::CodecName::L16,
    }
}

/// How the API names it.
pub(crate) fn codec(value: config::CodecName) -> types::CodecName {
    match value {
        config::CodecName::Opus => types::CodecName::Opus,
        config::CodecName::G722 => types::CodecName::G722,
        config::CodecName::Pcma => types::CodecName::Pcma,
        config::CodecName::Pcmu => types::CodecName::Pcmu,
        config::CodecName::L16 => types::CodecName::L16,
    }
}

/// How call control names a way to tell digits.
fn digits_of(value: types::DigitMode) -> config::DigitMode {
    match value {
        types::DigitMode::Auto => config::DigitMode::Auto,
        types::DigitMode::Events => config::DigitMode::Events,
        types::DigitMode::InfoRelay => config::DigitMode::InfoRelay,
        types::DigitMode::Info => config::DigitMode::Info,
        types::DigitMode::Tones => config::DigitMode::Tones,
    }
}

/// How the API names it.
pub(crate) fn digits(value: config::DigitMode) -> types::DigitMode {
    match value {
        config::DigitMode::Auto => types::DigitMode::Auto,
        config::DigitMode::Events => types::DigitMode::Events,
        config::DigitMode::InfoRelay => types::DigitMode::InfoRelay,
        config::DigitMode::Info => types::DigitMode::Info,
        config::DigitMode::Tones => types::DigitMode::Tones,
    }
}
