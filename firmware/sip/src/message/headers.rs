//! Headers with a value of their own shape.

use std::fmt;

use super::chars::{self, is_lws, is_token, split_blank, split_params, trim_text};
use super::params::{ParamReader, Params, find_param, own};
use super::{HeaderName, Message, Method, Mode, ParseError};

/// `CSeq` (RFC 3261 §20.16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// Sequence number, below 2^31.
    pub number: u32,
    /// The method named.
    pub method: Method,
}

impl CSeq {
    /// Parses the value of the header.
    ///
    /// # Errors
    /// [`ParseError`] 400.
    pub fn parse(text: &str) -> Result<CSeq, ParseError> {
        const BAD: ParseError = ParseError::bad("Malformed CSeq");
        let (number, method) = split_blank(trim_text(text)).ok_or(BAD)?;
        let number = chars::digits(number.as_bytes(), (1 << 31) - 1).ok_or(BAD)?;
        let method = method_name(method).ok_or(BAD)?;
        Ok(CSeq { number: u32::try_from(number).map_err(|_| BAD)?, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

fn method_name(text: &str) -> Option<Method> {
    let text = trim_text(text);
    (is_token(text.as_bytes()) && !text.bytes().any(is_lws)).then(|| Method::from_name(text))
}

fn number(text: &str, max: u64) -> Option<u32> {
    chars::digits(trim_text(text).as_bytes(), max).and_then(|number| u32::try_from(number).ok())
}

/// `delta-seconds`: digits; what is larger than 2^32-1 counts as 2^32-1 (RFC 3261 §20.19).
pub fn delta_seconds(text: &str) -> Option<u32> {
    let text = trim_text(text);
    let all_digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    all_digits.then(|| number(text, u64::from(u32::MAX)).unwrap_or(u32::MAX))
}

/// `RAck` (RFC 3262 §7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// The `RSeq` acknowledged.
    pub rseq: u32,
    /// The `CSeq` of the response acknowledged.
    pub cseq: CSeq,
}

impl RAck {
    /// Parses the value of the header.
    ///
    /// # Errors
    /// [`ParseError`] 400.
    pub fn parse(text: &str) -> Result<RAck, ParseError> {
        const BAD: ParseError = ParseError::bad("Malformed RAck");
        let (rseq, cseq) = split_blank(trim_text(text)).ok_or(BAD)?;
        Ok(RAck { rseq: number(rseq, u64::from(u32::MAX)).ok_or(BAD)?, cseq: CSeq::parse(cseq).map_err(|_| BAD)? })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// Who refreshes a session (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// The client of the transaction that negotiated the timer.
    Uac,
    /// Its server.
    Uas,
}

/// `Session-Expires` (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// The interval in seconds.
    pub seconds: u32,
    /// Who refreshes, when it is said.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Parses the value of the header.
    ///
    /// # Errors
    /// [`ParseError`] 400.
    pub fn parse(text: &str) -> Result<SessionExpires, ParseError> {
        const BAD: ParseError = ParseError::bad("Malformed Session-Expires");
        let (value, params) = word_and_params(text)?;
        let mut refresher = None;
        for param in params {
            let (name, who) = param?;
            if refresher.is_none() && name.eq_ignore_ascii_case("refresher") {
                let who = who.unwrap_or_default();
                let uac = who.eq_ignore_ascii_case("uac");
                if !uac && !who.eq_ignore_ascii_case("uas") {
                    return Err(BAD);
                }
                refresher = Some(if uac { Refresher::Uac } else { Refresher::Uas });
            }
        }
        let seconds = delta_seconds(value).ok_or(BAD)?;
        Ok(SessionExpires { seconds, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refresher = match self.refresher {
            None => "",
            Some(Refresher::Uac) => ";refresher=uac",
            Some(Refresher::Uas) => ";refresher=uas",
        };
        write!(f, "{}{refresher}", self.seconds)
    }
}

/// `Replaces` (RFC 3891), `Join` (RFC 3911) and `Target-Dialog` (RFC 4538): all name a dialog.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
#[debug("Replaces(…)")]
pub struct Replaces {
    /// `Call-ID` of the dialog.
    pub call_id: String,
    /// Its tag at the receiver of the header.
    pub to_tag: String,
    /// Its tag at the other side.
    pub from_tag: String,
    /// Only while the dialog is early (RFC 3891 §6.1).
    pub early_only: bool,
}

impl Replaces {
    /// Parses the value of the header (unescaped, when it was part of a URI). `Target-Dialog` names the tags `remote-tag` and
    /// `local-tag` from the sender's side: they are taken as `to_tag` and `from_tag`.
    ///
    /// # Errors
    /// [`ParseError`] 400.
    pub fn parse(text: &str) -> Result<Replaces, ParseError> {
        const BAD: ParseError = ParseError::bad("Malformed Replaces");
        let value = Parametrised::parse(text)?;
        let tag = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| value.param(name));
            found.filter(|tag| !tag.is_empty()).map(str::to_owned).ok_or(BAD)
        };
        Ok(Replaces {
            to_tag: tag(["to-tag", "remote-tag"])?,
            from_tag: tag(["from-tag", "local-tag"])?,
            early_only: value.param("early-only").is_some(),
            call_id: value.value,
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let early_only = if self.early_only { ";early-only" } else { "" };
        write!(f, "{};to-tag={};from-tag={}{early_only}", self.call_id, self.to_tag, self.from_tag)
    }
}

/// A word with parameters: `Event` (RFC 6665 §8.2.1), `Subscription-State` (§8.2.3), `Content-Type`, `Content-Disposition`,
/// `Reason` (RFC 3326), `Retry-After` without its comment.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
#[debug("Parametrised(…)")]
pub struct Parametrised {
    /// What stands before the first semicolon.
    pub value: String,
    /// The parameters in order, values unquoted.
    pub params: Params,
}

impl Parametrised {
    /// Parses one value.
    ///
    /// # Errors
    /// [`ParseError`] 400.
    pub fn parse(text: &str) -> Result<Parametrised, ParseError> {
        let (value, params) = word_and_params(text)?;
        let params = params.map(|param| param.map(own)).collect::<Result<Params, _>>()?;
        Ok(Parametrised { value: value.to_owned(), params })
    }

    /// The value of a parameter, by its name in any case.
    pub fn param(&self, name: &str) -> Option<&str> {
        find_param(&self.params, name)
    }

    /// Whether the word is this one, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.value.eq_ignore_ascii_case(word)
    }

    /// The `cause` of a `Reason` (Q.850 or SIP; RFC 3326 §2).
    pub fn cause(&self) -> Option<u16> {
        self.param("cause")?.parse().ok()
    }
}

/// What stands before the first semicolon, and the parameters after it.
fn word_and_params(text: &str) -> Result<(&str, ParamReader<'_>), ParseError> {
    let (value, params) = split_params(text);
    let value = trim_text(value);
    if value.is_empty() {
        return Err(ParseError::bad("Empty Header Value"));
    }
    Ok((value, ParamReader::new(params, Mode::Lenient)))
}

/// Whether a `Date` is one (RFC 3261 §20.17: RFC 1123 form, GMT alone).
pub(crate) fn is_sip_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = trim_text(text).split([' ', '\t']).filter(|word| !word.is_empty());
    let mut word = || words.next().unwrap_or_default();
    let two = |text: &str, max: u64| text.len() == 2 && chars::digits(text.as_bytes(), max).is_some();
    let day_name = word();
    let named = ["Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"].contains(&day_name);
    let day = two(word(), 31) && MONTHS.contains(&word());
    let year = word();
    let year = year.len() == 4 && chars::digits(year.as_bytes(), 9999).is_some();
    let mut time = word().split(':');
    let mut part = |max| two(time.next().unwrap_or_default(), max);
    let time_of_day = part(23) && part(59) && part(60) && time.next().is_none();
    let zone = word() == "GMT";
    named && day && year && time_of_day && zone && words.next().is_none()
}

impl Message {
    /// `Max-Forwards`, 0–255; `None` when absent or not a number.
    pub fn max_forwards(&self) -> Option<u8> {
        number(&self.get(HeaderName::MaxForwards)?, 255).and_then(|hops| u8::try_from(hops).ok())
    }

    /// `Expires` in seconds.
    pub fn expires(&self) -> Option<u32> {
        delta_seconds(&self.get(HeaderName::Expires)?)
    }

    /// `Min-Expires` in seconds.
    pub fn min_expires(&self) -> Option<u32> {
        delta_seconds(&self.get(HeaderName::MinExpires)?)
    }

    /// `RSeq` (RFC 3262 §7.1): 1 to 2^32-1.
    pub fn rseq(&self) -> Option<u32> {
        number(&self.get(HeaderName::RSeq)?, u64::from(u32::MAX)).filter(|&number| number > 0)
    }

    /// `RAck` (RFC 3262 §7.2).
    pub fn rack(&self) -> Option<RAck> {
        RAck::parse(&self.get(HeaderName::RAck)?).ok()
    }

    /// `Session-Expires` (RFC 4028 §4).
    pub fn session_expires(&self) -> Option<SessionExpires> {
        SessionExpires::parse(&self.get(HeaderName::SessionExpires)?).ok()
    }

    /// `Min-SE` in seconds (RFC 4028 §5).
    pub fn min_se(&self) -> Option<u32> {
        let text = self.get(HeaderName::MinSe)?;
        let (value, mut params) = word_and_params(&text).ok()?;
        params.all(|param| param.is_ok()).then(|| delta_seconds(value))?
    }

    /// `Replaces` (RFC 3891). `None` when absent.
    ///
    /// # Errors
    /// [`ParseError`] 400 when it is not one, or there are several (RFC 3891 §3).
    pub fn replaces(&self) -> Result<Option<Replaces>, ParseError> {
        match self.count(HeaderName::Replaces) {
            0 => Ok(None),
            1 => Replaces::parse(&self.get(HeaderName::Replaces).unwrap_or_default()).map(Some),
            _ => Err(ParseError::bad("Repeated Replaces")),
        }
    }

    /// `Refer-To` (RFC 3515 §2.1).
    ///
    /// # Errors
    /// [`ParseError`] 400 when there is not exactly one, or it is not an address.
    pub fn refer_to(&self) -> Result<super::NameAddr, ParseError> {
        let one = self.count(HeaderName::ReferTo) == 1;
        let value = self.get(HeaderName::ReferTo).filter(|_| one).ok_or(ParseError::bad("Missing Refer-To"))?;
        // Phones leave out the angle brackets around a URI with headers.
        super::NameAddr::parse_with(&value, Mode::Lenient)
    }

    /// `Referred-By` (RFC 3892 §3).
    pub fn referred_by(&self) -> Option<super::NameAddr> {
        super::NameAddr::parse_with(&self.get(HeaderName::ReferredBy)?, Mode::Lenient).ok()
    }

    /// `Event` (RFC 6665 §8.2.1).
    pub fn event(&self) -> Option<Parametrised> {
        Parametrised::parse(&self.get(HeaderName::Event)?).ok()
    }

    /// `Subscription-State` (RFC 6665 §8.2.3).
    pub fn subscription_state(&self) -> Option<Parametrised> {
        Parametrised::parse(&self.get(HeaderName::SubscriptionState)?).ok()
    }

    /// `Content-Type`: type and subtype as one word.
    pub fn content_type(&self) -> Option<Parametrised> {
        Parametrised::parse(&self.get(HeaderName::ContentType)?).ok()
    }

    /// All `Reason` values (RFC 3326).
    pub fn reasons(&self) -> Vec<Parametrised> {
        self.values(HeaderName::Reason).filter_map(|value| Parametrised::parse(&value).ok()).collect()
    }

    /// `Retry-After` in seconds, without comment and parameters (RFC 3261 §20.33).
    pub fn retry_after(&self) -> Option<u32> {
        let value = self.get(HeaderName::RetryAfter)?;
        delta_seconds(value.split([';', '(']).next()?)
    }

    /// The credentials or challenges of a header (`Authorization`, `Proxy-Authorization`, `WWW-Authenticate`,
    /// `Proxy-Authenticate`): one per field, those that parse.
    pub fn credentials(&self, name: HeaderName) -> Vec<super::AuthValue> {
        self.values(name).filter_map(|value| super::AuthValue::parse(&value).ok()).collect()
    }
}

#[cfg(test)]
#[path = "headers_tests.rs"]
mod tests;
