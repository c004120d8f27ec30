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
#[utoipa::path(get, path = "/api/v1/routes/inbound", tag = "inbound_routes", responses((status = 200, description = "Done", body = Vec<types::InboundRoute>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_inbound_routes(
    State(_app): State<App>,
) -> Result<Json<Vec<types::InboundRoute>>, Problem> {
    Err(Problem::not_ready())
}

/// Adds an inbound route.
#[utoipa::path(post, path = "/api/v1/routes/inbound", tag = "inbound_routes", request_body = types::InboundRouteInput, responses((status = 201, description = "Done", body = types::InboundRoute), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_inbound_route(
    State(_app): State<App>,
    Body(_input): Body<types::InboundRouteInput>,
) -> Result<Json<types::InboundRoute>, Problem> {
    Err(Problem::not_ready())
}

/// Changes an inbound route.
#[utoipa::path(put, path = "/api/v1/routes/inbound/{id}", tag = "inbound_routes", request_body = types::InboundRouteInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::InboundRoute), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_inbound_route(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
    Body(_input): Body<types::InboundRouteInput>,
) -> Result<Json<types::InboundRoute>, Problem> {
    Err(Problem::not_ready())
}

/// Deletes an inbound route.
#[utoipa::path(delete, path = "/api/v1/routes/inbound/{id}", tag = "inbound_routes", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_inbound_route(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Deleted>, Problem> {
    Err(Problem::not_ready())
}
