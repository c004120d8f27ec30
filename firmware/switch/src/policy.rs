//! Who may dial what outside. The only maker of an [`OutboundPermit`], without which no trunk can be dialled (truths 3 and 4).

use std::collections::BTreeSet;

use crate::config::{Config, OutboundRoute, TrunkKind};
use crate::id::{TrunkId, UserId};
use crate::routing::pattern;

/// Leave to dial one number outside over certain trunks. Made by [`permit`] alone:
///
/// ```compile_fail
/// let forged = offhook_switch::policy::OutboundPermit { emergency: true, by: None, ways: Vec::new() };
/// ```
#[derive(Clone, Debug)]
pub struct OutboundPermit {
    emergency: bool,
    by: Option<UserId>,
    ways: Vec<Way>,
}

/// A trunk and the digits to send over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) trunk: TrunkId,
    pub(crate) number: crate::pii::Pii<String>,
}

impl OutboundPermit {
    /// It is an emergency call: no limit holds it up and it may seize a busy line.
    pub fn emergency(&self) -> bool {
        self.emergency
    }
    /// On whose account.
    pub fn by(&self) -> Option<UserId> {
        self.by
    }
    /// Trunks in the order to try.
    pub(crate) fn ways(&self) -> &[Way] {
        &self.ways
    }
}

/// Why a number outside is not dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller may not call outside.
    Barred,
    /// No route knows the number.
    NoRoute,
}

/// The number is an emergency number, dialled as such or as a route would send it (with the digits for an outside line in front).
pub fn is_emergency(config: &Config, number: &str) -> bool {
    let listed = |number: &str| config.site.emergency_numbers.iter().any(|emergency| emergency == number);
    listed(number) || routes(config, number).any(|route| rewrite(route, number).is_some_and(|sent| listed(&sent)))
}

/// Leave for `by` to dial `number`. Emergency numbers need no permission, no account and no route.
///
/// # Errors
/// [`Refusal`]: why not.
pub fn permit(config: &Config, by: Option<UserId>, number: &str) -> Result<OutboundPermit, Refusal> {
    let emergency = is_emergency(config, number);
    let allowed = by.and_then(|user| config.users.get(&user)).is_some_and(|user| user.outside_calls);
    if !emergency && !allowed {
        return Err(Refusal::Barred);
    }
    let mut seen = BTreeSet::new();
    let mut ways = Vec::new();
    for route in routes(config, number) {
        let Some(sent) = rewrite(route, number) else {
            continue;
        };
        for trunk in &route.trunks {
            if config.trunks.contains_key(trunk) && seen.insert(*trunk) {
                ways.push(Way { trunk: *trunk, number: crate::pii::Pii(sent.clone()) });
            }
        }
        // The first matching rule decides; an emergency call takes whatever there is.
        if !emergency {
            break;
        }
    }
    if emergency {
        let bare = bare_emergency(config, number);
        // Lines first: they work without the internet and tell the exchange where they are.
        for line_first in [true, false] {
            for (id, trunk) in &config.trunks {
                if matches!(trunk.kind, TrunkKind::Line { .. }) == line_first && seen.insert(*id) {
                    ways.push(Way { trunk: *id, number: crate::pii::Pii(bare.clone()) });
                }
            }
        }
    }
    if ways.is_empty() { Err(Refusal::NoRoute) } else { Ok(OutboundPermit { emergency, by, ways }) }
}

fn routes<'a>(config: &'a Config, number: &'a str) -> impl Iterator<Item = &'a OutboundRoute> {
    config.routes.iter().filter(move |route| pattern::matches(&route.pattern, number))
}

/// The digits a route sends. `None` when nothing would be left.
fn rewrite(route: &OutboundRoute, number: &str) -> Option<String> {
    let rest: String = number.chars().skip(route.strip).collect();
    let sent = format!("{}{rest}", route.prepend);
    (!sent.is_empty()).then_some(sent)
}

/// The emergency number itself, whatever was dialled to reach it.
fn bare_emergency(config: &Config, number: &str) -> String {
    let listed = |number: &str| config.site.emergency_numbers.iter().any(|emergency| emergency == number);
    if listed(number) {
        return number.to_owned();
    }
    routes(config, number)
        .filter_map(|route| rewrite(route, number))
        .find(|sent| listed(sent))
        .unwrap_or_else(|| number.to_owned())
}
