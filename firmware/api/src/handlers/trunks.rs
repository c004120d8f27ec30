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
#[utoipa::path(get, path = "/api/v1/trunks", tag = "trunks", responses((status = 200, description = "Done", body = Vec<types::Trunk>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_trunks(
    State(_app): State<App>,
) -> Result<Json<Vec<types::Trunk>>, Problem> {
    Err(Problem::not_ready())
}

/// Adds a trunk.
#[utoipa::path(post, path = "/api/v1/trunks", tag = "trunks", request_body = types::TrunkInput, responses((status = 201, description = "Done", body = types::Trunk), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_trunk(
    State(_app): State<App>,
    Body(_input): Body<types::TrunkInput>,
) -> Result<Json<types::Trunk>, Problem> {
    Err(Problem::not_ready())
}

/// Changes a trunk.
#[utoipa::path(put, path = "/api/v1/trunks/{id}", tag = "trunks", request_body = types::TrunkInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Trunk), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_trunk(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
    Body(_input): Body<types::TrunkInput>,
) -> Result<Json<types::Trunk>, Problem> {
    Err(Problem::not_ready())
}

/// Deletes a trunk.
#[utoipa::path(delete, path = "/api/v1/trunks/{id}", tag = "trunks", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_trunk(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Deleted>, Problem> {
    Err(Problem::not_ready())
}
