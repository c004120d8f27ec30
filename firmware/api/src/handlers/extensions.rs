//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// All extensions with their telephones, by number.
#[utoipa::path(get, path = "/api/v1/extensions", tag = "extensions", responses((status = 200, description = "Done", body = Vec<types::Extension>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_extensions(
    State(_app): State<App>,
) -> Result<Json<Vec<types::Extension>>, Problem> {
    Err(Problem::not_ready())
}

/// Adds an extension.
#[utoipa::path(post, path = "/api/v1/extensions", tag = "extensions", request_body = types::ExtensionInput, responses((status = 201, description = "Done", body = types::Extension), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_extension(
    State(_app): State<App>,
    Body(_input): Body<types::ExtensionInput>,
) -> Result<Json<types::Extension>, Problem> {
    Err(Problem::not_ready())
}

/// An extension.
#[utoipa::path(get, path = "/api/v1/extensions/{id}", tag = "extensions", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Extension), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_extension(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Extension>, Problem> {
    Err(Problem::not_ready())
}

/// Changes an extension (not its telephones).
#[utoipa::path(put, path = "/api/v1/extensions/{id}", tag = "extensions", request_body = types::ExtensionInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Extension), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_extension(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
    Body(_input): Body<types::ExtensionInput>,
) -> Result<Json<types::Extension>, Problem> {
    Err(Problem::not_ready())
}

/// Deletes an extension and its telephones.
#[utoipa::path(delete, path = "/api/v1/extensions/{id}", tag = "extensions", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_extension(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Deleted>, Problem> {
    Err(Problem::not_ready())
}
