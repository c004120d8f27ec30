//! Calls that are up, live events.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use offhook_switch::exchange::Command;
use offhook_switch::id::CallId;

use crate::app::App;
use crate::body::Id;
use crate::error::Problem;
use crate::guard::Session;
use crate::types;

/// Calls that are up, oldest first.
#[utoipa::path(get, path = "/api/v1/live/calls", tag = "live", responses((status = 200, description = "Done", body = Vec<types::LiveCall>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_live_calls(State(app): State<App>) -> Result<Json<Vec<types::LiveCall>>, Problem> {
    let calls = app.services.exchange.calls().await;
    Ok(Json(calls.into_iter().map(Into::into).collect()))
}

/// Ends a call.
#[utoipa::path(delete, path = "/api/v1/live/calls/{id}", tag = "live", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 202, description = "Done"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn hang_up(State(app): State<App>, Id(id): Id) -> Result<StatusCode, Problem> {
    let id = CallId(id);
    if !app.services.exchange.calls().await.iter().any(|call| call.id == id) {
        return Err(Problem::not_found());
    }
    if app.services.exchange.command(Command::HangUp(id)) {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The box is too busy: try again."))
    }
}

/// Live events as server-sent events; each `data` is a `LiveEvent`.
#[utoipa::path(get, path = "/api/v1/events", tag = "live", responses((status = 200, description = "Done", body = types::LiveEvent, content_type = "text/event-stream"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn events(
    State(app): State<App>,
    Extension(session): Extension<Session>,
) -> Result<Response, Problem> {
    let place = app.streams.clone().try_acquire_owned().map_err(|_| super::line_widget::busy())?;
    Ok(super::event_stream::respond(app, session, place))
}
