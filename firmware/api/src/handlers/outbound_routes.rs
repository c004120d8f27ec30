//! Routes out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use offhook_store::routes::Placed;
use offhook_store::{Store, rules};
use offhook_switch::config::OutboundRoute;
use offhook_switch::id::TrunkId;
use uuid::Uuid;

use crate::app::App;
use crate::body::{Body, Id};
use crate::clock::now;
use crate::error::Problem;
use crate::types;
use crate::types::Resource;
use crate::validate;

/// All of them, in order.
#[utoipa::path(get, path = "/api/v1/routes/outbound", tag = "outbound_routes", responses((status = 200, description = "Done", body = Vec<types::OutboundRoute>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_outbound_routes(State(app): State<App>) -> Result<Json<Vec<types::OutboundRoute>>, Problem> {
    let found = app.store(Store::outbound_routes).await?;
    Ok(Json(found.into_iter().map(shown).collect()))
}

/// Adds an outbound route.
#[utoipa::path(post, path = "/api/v1/routes/outbound", tag = "outbound_routes", request_body = types::OutboundRouteInput, responses((status = 201, description = "Done", body = types::OutboundRoute), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_outbound_route(
    State(app): State<App>,
    Body(input): Body<types::OutboundRouteInput>,
) -> Result<(StatusCode, Json<types::OutboundRoute>), Problem> {
    Ok((StatusCode::CREATED, Json(save(&app, Uuid::now_v7(), input).await?)))
}

/// Changes an outbound route.
#[utoipa::path(put, path = "/api/v1/routes/outbound/{id}", tag = "outbound_routes", request_body = types::OutboundRouteInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::OutboundRoute), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_outbound_route(
    State(app): State<App>,
    Id(id): Id,
    Body(input): Body<types::OutboundRouteInput>,
) -> Result<Json<types::OutboundRoute>, Problem> {
    let found = app.store(Store::outbound_routes).await?;
    if !found.iter().any(|placed| placed.id == id) {
        return Err(Problem::not_found());
    }
    Ok(Json(save(&app, id, input).await?))
}

/// Deletes an outbound route.
#[utoipa::path(delete, path = "/api/v1/routes/outbound/{id}", tag = "outbound_routes", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_outbound_route(State(app): State<App>, Id(id): Id) -> Result<Json<types::Deleted>, Problem> {
    let undo = app.store(move |store| store.delete_outbound_route(id, now())).await?;
    app.changed(Resource::OutboundRoutes).await?;
    Ok(Json(undo.into()))
}

/// Most trunks of a route.
const MOST_TRUNKS: u32 = 16;
/// Most routes.
const MOST: u32 = 1000;

fn shown(placed: Placed<OutboundRoute>) -> types::OutboundRoute {
    types::OutboundRoute {
        id: placed.id,
        position: placed.position,
        pattern: placed.route.pattern,
        strip: u32::try_from(placed.route.strip).unwrap_or(u32::MAX),
        prepend: placed.route.prepend,
        trunks: placed.route.trunks.into_iter().map(|trunk| trunk.0).collect(),
    }
}

async fn save(app: &App, id: Uuid, input: types::OutboundRouteInput) -> Result<types::OutboundRoute, Problem> {
    let required = || Problem::invalid("pattern", "required", "A pattern is needed.");
    let pattern = validate::pattern(Some(&input.pattern), "pattern")?.ok_or_else(required)?;
    let length = u32::try_from(pattern.len()).unwrap_or(u32::MAX);
    let strip = validate::within(input.strip, 0, length.min(16), "strip")?;
    let prepend = input.prepend.trim().to_owned();
    validate::ensure(rules::prefix(&prepend), "prepend", "invalid_number", "Expected digits, up to 16.")?;
    let count = u32::try_from(input.trunks.len()).unwrap_or(u32::MAX);
    validate::within(count, 1, MOST_TRUNKS, "trunks")?;
    if let Some(position) = input.position {
        validate::within(position, 0, MOST, "position")?;
    }
    let route = OutboundRoute {
        pattern,
        strip: strip as usize,
        prepend,
        trunks: input.trunks.into_iter().map(TrunkId).collect(),
    };
    let placed = app.store(move |store| store.put_outbound_route(id, input.position, route)).await?;
    app.changed(Resource::OutboundRoutes).await?;
    Ok(shown(placed))
}
