//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// Calls that are up, oldest first.
#[utoipa::path(get, path = "/api/v1/live/calls", tag = "live", responses((status = 200, description = "Done", body = Vec<types::LiveCall>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_live_calls(
    State(_app): State<App>,
) -> Result<Json<Vec<types::LiveCall>>, Problem> {
    Err(Problem::not_ready())
}

/// Ends a call.
#[utoipa::path(delete, path = "/api/v1/live/calls/{id}", tag = "live", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 202, description = "Done"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn hang_up(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    Err(Problem::not_ready())
}

/// Live events as server-sent events; each `data` is a `LiveEvent`.
#[utoipa::path(get, path = "/api/v1/events", tag = "live", responses((status = 200, description = "Done", body = types::LiveEvent, content_type = "text/event-stream"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn events(State(_app): State<App>) -> Result<Json<types::LiveEvent>, Problem> {
    Err(Problem::not_ready())
}
