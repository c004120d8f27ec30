//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// Signs in; sets the session cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", security(), request_body = types::SignIn, responses((status = 200, description = "Done", body = types::Me), (status = 401, description = "`wrong_password`", body = Problem), (status = 429, description = "`too_many_attempts`", body = Problem), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn sign_in(
    State(_app): State<App>,
    Body(_input): Body<types::SignIn>,
) -> Result<Json<types::Me>, Problem> {
    Err(Problem::not_ready())
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204, description = "Done"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn sign_out(State(_app): State<App>) -> Result<StatusCode, Problem> {
    Err(Problem::not_ready())
}

/// The person signed in.
#[utoipa::path(get, path = "/api/v1/me", tag = "session", responses((status = 200, description = "Done", body = types::Me), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_me(State(_app): State<App>) -> Result<Json<types::Me>, Problem> {
    Err(Problem::not_ready())
}

/// Changes one's own account.
#[utoipa::path(put, path = "/api/v1/me", tag = "session", request_body = types::MeInput, responses((status = 200, description = "Done", body = types::Me), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_me(
    State(_app): State<App>,
    Body(_input): Body<types::MeInput>,
) -> Result<Json<types::Me>, Problem> {
    Err(Problem::not_ready())
}

/// Changes one's own password; ends all other sessions.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "session", request_body = types::PasswordChange, responses((status = 204, description = "Done"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_password(
    State(_app): State<App>,
    Body(_input): Body<types::PasswordChange>,
) -> Result<StatusCode, Problem> {
    Err(Problem::not_ready())
}
