//! Live events as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use offhook_switch::exchange::Live;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast};

use crate::app::App;
use crate::clock::now;
use crate::guard::Session;
use crate::types::{LiveEvent, Resource, Role};

/// How often a stream makes sure that its session still is one.
const CHECK: Duration = Duration::from_secs(30);

struct Stream {
    app: App,
    session: Session,
    live: broadcast::Receiver<Live>,
    changes: broadcast::Receiver<Resource>,
    /// All calls are to be sent: at the start, and after events were missed.
    snapshot: bool,
    /// When the session was last checked.
    checked: tokio::time::Instant,
    _place: OwnedSemaphorePermit,
}

pub(crate) fn respond(app: App, session: Session, place: OwnedSemaphorePermit) -> Response {
    // Subscribed before the snapshot is taken, so that nothing falls between.
    let stream = Stream {
        live: app.services.live.subscribe(),
        changes: app.changes.subscribe(),
        app,
        session,
        snapshot: true,
        checked: tokio::time::Instant::now(),
        _place: place,
    };
    let events = stream::unfold(stream, |mut stream| async move {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(event), stream))
    });
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Sse::new(events).keep_alive(keep_alive).into_response()
}

impl Stream {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.snapshot {
                self.snapshot = false;
                let calls = self.app.services.exchange.calls().await;
                let calls = calls.into_iter().map(Into::into).collect();
                return self.show(LiveEvent::Snapshot { calls });
            }
            let event = tokio::select! {
                live = self.live.recv() => match live {
                    Ok(live) => live.into(),
                    Err(RecvError::Lagged(_)) => {
                        self.live = self.live.resubscribe();
                        self.snapshot = true;
                        continue;
                    }
                    Err(RecvError::Closed) => return None,
                },
                change = self.changes.recv() => match change {
                    Ok(resource) => LiveEvent::Changed { resource },
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return None,
                },
                () = tokio::time::sleep_until(self.checked + CHECK) => {
                    self.checked = tokio::time::Instant::now();
                    if !self.still_signed_in().await {
                        return None;
                    }
                    continue;
                }
            };
            if may_see(self.session.role, &event) {
                return self.show(event);
            }
        }
    }

    fn show(&self, event: LiveEvent) -> Option<Event> {
        Event::default().event(kind(&event)).json_data(&event).ok()
    }

    async fn still_signed_in(&self) -> bool {
        let Some(token) = self.session.token else {
            return true;
        };
        let session = self.app.store(move |store| store.session(token, now())).await;
        // A database that cannot be read now says nothing about the session.
        session.map_or(true, |session| session.is_some())
    }
}

/// The name of an event, as its `type`.
fn kind(event: &LiveEvent) -> &'static str {
    match event {
        LiveEvent::Snapshot { .. } => "snapshot",
        LiveEvent::Call { .. } => "call",
        LiveEvent::CallEnded { .. } => "call_ended",
        LiveEvent::LegEnded { .. } => "leg_ended",
        LiveEvent::Registered { .. } => "registered",
        LiveEvent::Line { .. } => "line",
        LiveEvent::Changed { .. } => "changed",
    }
}

/// What a role may see. A new role or event must be decided here.
fn may_see(role: Role, _event: &LiveEvent) -> bool {
    match role {
        Role::Administrator => true,
    }
}
