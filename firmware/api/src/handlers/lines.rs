//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// All of them, in order.
#[utoipa::path(get, path = "/api/v1/lines", tag = "lines", responses((status = 200, description = "Done", body = Vec<types::Line>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_lines(State(_app): State<App>) -> Result<Json<Vec<types::Line>>, Problem> {
    Err(Problem::not_ready())
}

/// Adds an analog line.
#[utoipa::path(post, path = "/api/v1/lines", tag = "lines", request_body = types::LineInput, responses((status = 201, description = "Done", body = types::Line), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_line(
    State(_app): State<App>,
    Body(_input): Body<types::LineInput>,
) -> Result<Json<types::Line>, Problem> {
    Err(Problem::not_ready())
}

/// Changes an analog line.
#[utoipa::path(put, path = "/api/v1/lines/{id}", tag = "lines", request_body = types::LineInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Line), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_line(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
    Body(_input): Body<types::LineInput>,
) -> Result<Json<types::Line>, Problem> {
    Err(Problem::not_ready())
}

/// Deletes an analog line.
#[utoipa::path(delete, path = "/api/v1/lines/{id}", tag = "lines", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_line(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Deleted>, Problem> {
    Err(Problem::not_ready())
}
