//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// Does something to a simulated line.
#[utoipa::path(post, path = "/api/v1/lines/{id}/actions", tag = "lines", request_body = types::LineAction, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 204, description = "Done"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn line_action(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
    Body(_input): Body<types::LineAction>,
) -> Result<StatusCode, Problem> {
    Err(Problem::not_ready())
}

/// WebSocket of a simulated line. Binary messages each way: 20 ms of audio, 320 bytes, 160 samples of 16 bits little-endian, 8 kHz mono. Text messages: to the box `LineAction`, from the box `LineMessage`.
#[utoipa::path(get, path = "/api/v1/lines/{id}/audio", tag = "lines", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 101, description = "Done"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn line_audio(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    Err(Problem::not_ready())
}
