//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// Calls with their legs, newest first.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", params(types::CallQuery), responses((status = 200, description = "Done", body = types::CallPage), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_calls(State(_app): State<App>) -> Result<Json<types::CallPage>, Problem> {
    Err(Problem::not_ready())
}

/// A call with its legs.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Call), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_call(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Call>, Problem> {
    Err(Problem::not_ready())
}

/// The recording, WAV. Ranges are served; `?download=true` names the file for saving.
#[utoipa::path(get, path = "/api/v1/calls/{id}/recording", tag = "calls", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = Vec<u8>, content_type = "audio/wav"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_recording(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<Vec<u8>>, Problem> {
    Err(Problem::not_ready())
}

/// The SIP messages of a call that the box still remembers, oldest first.
#[utoipa::path(get, path = "/api/v1/calls/{id}/trace", tag = "calls", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = Vec<types::TraceMessage>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_trace(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<Vec<types::TraceMessage>>, Problem> {
    Err(Problem::not_ready())
}
