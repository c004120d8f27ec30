//! The subscriptions of watchers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::SubscriptionId;
use crate::dialog::{Dialog, NextHop};
use crate::endpoint::compose::{self, Head, Response, ResponseContact};
use crate::endpoint::incoming::Incoming;
use crate::endpoint::outgoing::User;
use crate::endpoint::session::tagged;
use crate::endpoint::{Body, ConnectionId, Endpoint, Event, Gone, ServerTransactionId, TagOwner, text};
use crate::message::{Message, Method};
use crate::transaction::{Owner, Timer};

/// A watcher of a state of ours.
pub(crate) struct Subscription {
    call_id: Arc<str>,
    local_tag: Box<str>,
    local_address: String,
    remote_address: String,
    contact_user: Option<Box<str>>,
    local_cseq: u32,
    dialog: Dialog,
    /// The Event header with its `id`.
    event: String,
    /// When it runs out.
    expires_at: Instant,
    /// Longest time the owner grants.
    longest: Duration,
    /// Its last NOTIFY was sent: the end is not told any more.
    over: bool,
}

impl Subscription {
    /// The next CSeq of ours.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1) & 0x7fff_ffff;
        self.local_cseq
    }

    /// A connection is gone.
    pub(crate) fn forget_connection(&mut self, connection: ConnectionId) {
        if self.dialog.flow.connection == Some(connection) {
            self.dialog.flow.connection = None;
        }
    }

    fn notify_head(&mut self) -> (Head, NextHop) {
        let (uri, routes) = self.dialog.request_line();
        let head = Head {
            method: Method::Notify,
            uri,
            routes,
            from: tagged(&self.local_address, &self.local_tag),
            to: tagged(&self.remote_address, &self.dialog.remote_tag),
            call_id: Arc::clone(&self.call_id),
            cseq: self.next_cseq(),
            contact: Some(self.contact_user.clone()),
            lines: String::new(),
            body: None,
        };
        (head, self.dialog.next_hop())
    }
}

/// The time a SUBSCRIBE asks for, at most `longest`.
fn granted(request: &Message, longest: Duration) -> Duration {
    let asked = request.header("Expires").and_then(|value| text::delta_seconds(&value));
    asked.map_or(longest, |seconds| Duration::from_secs(u64::from(seconds)).min(longest))
}

impl Endpoint {
    /// Answers a SUBSCRIBE with 200 for at most `longest` and makes its subscription. `Expires: 0` asks for one NOTIFY only: send it
    /// with [`Endpoint::notify`], it is the last.
    ///
    /// # Errors
    /// [`Gone`] when the request was answered, or is no SUBSCRIBE outside a session.
    pub fn accept_subscription(
        &mut self,
        now: Instant,
        transaction: ServerTransactionId,
        longest: Duration,
        headers: &[(&str, &str)],
    ) -> Result<SubscriptionId, Gone> {
        let server = self.transactions.server_ref(transaction.0).ok_or(Gone)?;
        let (flow, local_tag) = (server.flow, server.to_tag.clone());
        let request = server.request.clone().ok_or(Gone)?;
        let to = request.header("To").unwrap_or_default();
        if request.method() != Method::Subscribe || text::param(&to, "tag").is_some() {
            return Err(Gone);
        }
        let from = request.header("From").unwrap_or_default();
        let event = request.header("Event").ok_or(Gone)?.into_owned();
        let cseq = request.cseq().map_or(0, |cseq| cseq.number);
        let remote_tag = text::param(&from, "tag").unwrap_or_default();
        let time = granted(&request, longest);
        let subscription = Subscription {
            call_id: request.call_id().into(),
            local_tag: local_tag.clone(),
            local_address: text::without_params(&to).to_owned(),
            remote_address: text::without_params(&from).to_owned(),
            contact_user: text::user_of(request.request_uri()).map(Into::into),
            local_cseq: 0,
            dialog: Dialog::from_request(&request, remote_tag, cseq, flow),
            event,
            expires_at: now + time,
            longest,
            over: false,
        };
        let mut lines = format!("Expires: {}\r\n", time.as_secs());
        compose::lines(&mut lines, headers);
        let response = Response {
            status: 200,
            to_tag: Some(&local_tag),
            contact: Some(ResponseContact { flow: &flow, user: subscription.contact_user.as_deref() }),
            lines: &lines,
            body: None,
        };
        self.respond_with(now, transaction.0, &response).ok_or(Gone)?;
        let id = SubscriptionId(self.fresh_id());
        self.tags.insert(local_tag, TagOwner::Subscription(id));
        self.subscriptions.insert(id, subscription);
        self.deadlines.set(Owner::Subscription(id), Timer::SubscriptionExpires, now + time.max(self.config.t1));
        Ok(id)
    }

    /// Sends NOTIFY with the state.
    ///
    /// # Errors
    /// [`Gone`] when the subscription is over.
    pub fn notify(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        headers: &[(&str, &str)],
        body: Option<Body>,
    ) -> Result<(), Gone> {
        let data = self.subscriptions.get(&subscription).filter(|data| !data.over).ok_or(Gone)?;
        let left = data.expires_at.saturating_duration_since(now);
        if left.is_zero() {
            return self.send_notify(now, subscription, "terminated;reason=timeout", headers, body, true);
        }
        let state = format!("active;expires={}", left.as_secs());
        self.send_notify(now, subscription, &state, headers, body, false)
    }

    /// Ends a subscription with a last NOTIFY. `reason` is one of RFC 6665 §4.1.3: `deactivated`, `noresource`, `rejected` …
    /// No event follows.
    ///
    /// # Errors
    /// [`Gone`] when the subscription is over.
    pub fn end_subscription(&mut self, now: Instant, subscription: SubscriptionId, reason: &str) -> Result<(), Gone> {
        self.subscriptions.get(&subscription).filter(|data| !data.over).ok_or(Gone)?;
        self.send_notify(now, subscription, &format!("terminated;reason={reason}"), &[], None, true)
    }

    fn send_notify(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        state: &str,
        headers: &[(&str, &str)],
        body: Option<Body>,
        last: bool,
    ) -> Result<(), Gone> {
        let data = self.subscriptions.get_mut(&id).ok_or(Gone)?;
        let (mut head, hop) = data.notify_head();
        compose::line(&mut head.lines, "Event", &data.event);
        compose::line(&mut head.lines, "Subscription-State", state);
        compose::lines(&mut head.lines, headers);
        head.body = body;
        if last {
            self.forget_subscription(id);
        }
        self.start(now, User::Notify(id), head, hop, None);
        Ok(())
    }

    fn forget_subscription(&mut self, id: SubscriptionId) {
        if let Some(data) = self.subscriptions.remove(&id) {
            self.tags.remove(&data.local_tag);
            self.deadlines.forget(Owner::Subscription(id));
        }
    }

    /// A request within the dialog of a subscription: a refresh, or its end.
    pub(crate) fn on_subscription_request(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        transaction: u64,
        incoming: &Incoming,
    ) {
        let Some(data) = self.subscriptions.get_mut(&id) else {
            return;
        };
        let request = &incoming.request;
        if *data.call_id != *request.call_id() || data.dialog.remote_tag != incoming.from_tag {
            self.reply(now, transaction, 481, "");
            return;
        }
        if data.dialog.remote_cseq.is_some_and(|last| incoming.cseq <= last) {
            self.reply(now, transaction, 500, "");
            return;
        }
        data.dialog.remote_cseq = Some(incoming.cseq);
        if incoming.method != Method::Subscribe {
            self.reply(now, transaction, 405, "Allow: SUBSCRIBE, NOTIFY\r\n");
            return;
        }
        let event = request.header("Event").unwrap_or_default();
        if !event.trim().eq_ignore_ascii_case(data.event.trim()) {
            self.reply(now, transaction, 489, "");
            return;
        }
        data.dialog.refresh_target(request);
        data.dialog.flow = incoming.source;
        let time = granted(request, data.longest);
        data.expires_at = now + time;
        let user = data.contact_user.clone();
        let lines = format!("Expires: {}\r\n", time.as_secs());
        let response = Response {
            status: 200,
            contact: Some(ResponseContact { flow: &incoming.reply, user: user.as_deref() }),
            lines: &lines,
            ..Response::default()
        };
        self.respond_with(now, transaction, &response);
        if time.is_zero() {
            let _ = self.send_notify(now, id, "terminated;reason=timeout", &[], None, true);
            self.emit(Event::SubscriptionEnded { subscription: id });
        } else {
            self.deadlines.set(Owner::Subscription(id), Timer::SubscriptionExpires, now + time);
            self.emit(Event::SubscriptionRefreshed { subscription: id });
        }
    }

    /// The time of a subscription ran out (RFC 6665 §4.2.2): a last NOTIFY.
    pub(crate) fn on_subscription_timer(&mut self, now: Instant, id: SubscriptionId, _timer: Timer) {
        if self.subscriptions.contains_key(&id) {
            let _ = self.send_notify(now, id, "terminated;reason=timeout", &[], None, true);
            self.emit(Event::SubscriptionEnded { subscription: id });
        }
    }

    /// The answer to a NOTIFY: a watcher that refuses it or is silent is gone (RFC 6665 §4.2.2).
    pub(crate) fn on_notify_final(&mut self, id: SubscriptionId, status: u16) {
        if status >= 300 && self.subscriptions.contains_key(&id) {
            self.forget_subscription(id);
            self.emit(Event::SubscriptionEnded { subscription: id });
        }
    }
}
