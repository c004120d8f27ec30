//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// Whether the box waits for its first run.
#[utoipa::path(get, path = "/api/v1/setup", tag = "setup", security(), responses((status = 200, description = "Done", body = types::SetupState), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_setup(State(_app): State<App>) -> Result<Json<types::SetupState>, Problem> {
    Err(Problem::not_ready())
}

/// First run: sets the site and the administrator's password, and signs in. Only while no administrator exists.
#[utoipa::path(post, path = "/api/v1/setup", tag = "setup", security(), request_body = types::Setup, responses((status = 201, description = "Done", body = types::Me), (status = 409, description = "`setup_done`", body = Problem), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn post_setup(
    State(_app): State<App>,
    Body(_input): Body<types::Setup>,
) -> Result<Json<types::Me>, Problem> {
    Err(Problem::not_ready())
}
