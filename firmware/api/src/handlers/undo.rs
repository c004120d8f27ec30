//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// Restores what was deleted, with the same identifiers.
#[utoipa::path(post, path = "/api/v1/undo/{token}", tag = "undo", params(("token" = Uuid, Path, description = "`undo` of the deletion")), responses((status = 204, description = "Done"), (status = 409, description = "`the number or port was taken meanwhile`", body = Problem), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn undo(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    Err(Problem::not_ready())
}
