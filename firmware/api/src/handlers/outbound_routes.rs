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
#[utoipa::path(get, path = "/api/v1/routes/outbound", tag = "outbound_routes", responses((status = 200, description = "Done", body = Vec<types::OutboundRoute>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_outbound_routes(
    State(_app): State<App>,
) -> Result<Json<Vec<types::OutboundRoute>>, Problem> {
    Err(Problem::not_ready())
}

/// Adds an outbound route.
#[utoipa::path(post, path = "/api/v1/routes/outbound", tag = "outbound_routes", request_body = types::OutboundRouteInput, responses((status = 201, description = "Done", body = types::OutboundRoute), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_outbound_route(
    State(_app): State<App>,
    Body(_input): Body<types::OutboundRouteInput>,
) -> Result<Json<types::OutboundRoute>, Problem> {
    Err(Problem::not_ready())
}

/// Changes an outbound route.
#[utoipa::path(put, path = "/api/v1/routes/outbound/{id}", tag = "outbound_routes", request_body = types::OutboundRouteInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::OutboundRoute), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_outbound_route(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
    Body(_input): Body<types::OutboundRouteInput>,
) -> Result<Json<types::OutboundRoute>, Problem> {
    Err(Problem::not_ready())
}

/// Deletes an outbound route.
#[utoipa::path(delete, path = "/api/v1/routes/outbound/{id}", tag = "outbound_routes", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_outbound_route(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Deleted>, Problem> {
    Err(Problem::not_ready())
}
