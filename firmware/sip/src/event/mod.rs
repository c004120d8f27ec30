//! Event subscriptions, the notifier's side (RFC 6665): a watcher SUBSCRIBEs, we NOTIFY. Event packages are opaque here.
//!
//! A SUBSCRIBE comes out as [`crate::endpoint::Event::Request`]. [`Endpoint::accept_subscription`] answers 200 and makes the
//! subscription; then, and at each [`crate::endpoint::Event::SubscriptionRefreshed`], the owner sends the whole state with
//! [`Endpoint::notify`]. Time-out, un-SUBSCRIBE and a watcher that is gone end in
//! [`crate::endpoint::Event::SubscriptionEnded`].

mod notifier;

pub(crate) use notifier::Subscription;

/// A subscription of a watcher. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(pub u64);
