//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// State of the box.
#[utoipa::path(get, path = "/api/v1/status", tag = "status", responses((status = 200, description = "Done", body = types::Status), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_status(State(_app): State<App>) -> Result<Json<types::Status>, Problem> {
    Err(Problem::not_ready())
}
