//! Where a number leads.

pub(crate) mod pattern;

use crate::config::Config;
use crate::id::{TrunkId, UserId};
use crate::index::Index;
use crate::policy;

/// Most digits of a number.
pub(crate) const MOST_DIGITS: usize = 40;

/// What a number means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// An extension.
    User(UserId),
    /// Position in `config.announcements`.
    Announcement(usize),
    /// A number outside, emergency numbers among them. Whether it may be dialled is for [`policy`] to say.
    Outside,
    /// Nothing.
    Unknown,
}

/// What `number` means. Emergency numbers come first.
pub(crate) fn destination(config: &Config, index: &Index, number: &str) -> Destination {
    if policy::is_emergency(config, number) {
        return Destination::Outside;
    }
    if let Some(user) = index.extensions.get(number) {
        return Destination::User(*user);
    }
    if let Some(position) = index.announcements.get(number) {
        return Destination::Announcement(*position);
    }
    if config.routes.iter().any(|route| pattern::matches(&route.pattern, number)) {
        return Destination::Outside;
    }
    Destination::Unknown
}

/// What can be said of the digits dialled so far on an analog set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    /// A whole number that cannot go on.
    Whole,
    /// More may come; whether it is whole now shows at the inter-digit time-out.
    Open,
    /// No number begins like this.
    Impossible,
}

/// Looks at the digits dialled so far.
pub(crate) fn analyse(config: &Config, index: &Index, digits: &str) -> Digits {
    if digits.len() > MOST_DIGITS {
        return Digits::Impossible;
    }
    let longer_inside = index.longer_number(digits);
    if config.site.emergency_numbers.iter().any(|number| number == digits) && !longer_inside {
        return Digits::Whole;
    }
    let longer = longer_inside
        || config.site.emergency_numbers.iter().any(|number| number.len() > digits.len() && number.starts_with(digits))
        || config.routes.iter().any(|route| pattern::could_continue(&route.pattern, digits));
    match (longer, destination(config, index, digits)) {
        (true, _) => Digits::Open,
        (false, Destination::Unknown) => Digits::Impossible,
        (false, _) => Digits::Whole,
    }
}

/// Where a call from `trunk` to `number` goes: the first route that matches.
pub(crate) fn inbound<'a>(config: &'a Config, trunk: TrunkId, number: Option<&str>) -> Option<&'a str> {
    config
        .inbound
        .iter()
        .find(|route| {
            route.trunk.is_none_or(|wanted| wanted == trunk)
                && route.number.as_deref().is_none_or(|wanted| number == Some(wanted))
        })
        .map(|route| route.destination.as_str())
}

/// The digits of a dialled user part: visual separators of RFC 3966 §3 removed. `None` when it is no number at all or too long.
pub(crate) fn dialled(user: &str) -> Option<String> {
    let user = user.split(';').next().unwrap_or_default();
    let number: String = user.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' ')).collect();
    // Extensions may be names ("reception"): any printable ASCII is kept.
    (!number.is_empty() && number.len() <= MOST_DIGITS && number.chars().all(|c| c.is_ascii_graphic()))
        .then_some(number)
}
