//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// Adds a telephone to an extension.
#[utoipa::path(post, path = "/api/v1/extensions/{id}/devices", tag = "devices", request_body = types::DeviceInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 201, description = "Done", body = types::Device), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_device(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
    Body(_input): Body<types::DeviceInput>,
) -> Result<Json<types::Device>, Problem> {
    Err(Problem::not_ready())
}

/// Changes a telephone.
#[utoipa::path(put, path = "/api/v1/devices/{id}", tag = "devices", request_body = types::DeviceInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Device), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_device(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
    Body(_input): Body<types::DeviceInput>,
) -> Result<Json<types::Device>, Problem> {
    Err(Problem::not_ready())
}

/// Deletes a telephone.
#[utoipa::path(delete, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_device(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Deleted>, Problem> {
    Err(Problem::not_ready())
}

/// What to type, or scan, into a SIP telephone.
#[utoipa::path(get, path = "/api/v1/devices/{id}/credentials", tag = "devices", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Credentials), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_credentials(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Credentials>, Problem> {
    Err(Problem::not_ready())
}

/// Makes a new password for a SIP telephone. The phone must be given it.
#[utoipa::path(post, path = "/api/v1/devices/{id}/secret", tag = "devices", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Credentials), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn renew_secret(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Credentials>, Problem> {
    Err(Problem::not_ready())
}
