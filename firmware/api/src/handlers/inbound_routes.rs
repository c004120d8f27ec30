//! Routes in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use offhook_store::Store;
use offhook_store::routes::Placed;
use offhook_switch::config::InboundRoute;
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
#[utoipa::path(get, path = "/api/v1/routes/inbound", tag = "inbound_routes", responses((status = 200, description = "Done", body = Vec<types::InboundRoute>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_inbound_routes(State(app): State<App>) -> Result<Json<Vec<types::InboundRoute>>, Problem> {
    let found = app.store(Store::inbound_routes).await?;
    Ok(Json(found.into_iter().map(shown).collect()))
}

/// Adds an inbound route.
#[utoipa::path(post, path = "/api/v1/routes/inbound", tag = "inbound_routes", request_body = types::InboundRouteInput, responses((status = 201, description = "Done", body = types::InboundRoute), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_inbound_route(
    State(app): State<App>,
    Body(input): Body<types::InboundRouteInput>,
) -> Result<(StatusCode, Json<types::InboundRoute>), Problem> {
    Ok((StatusCode::CREATED, Json(save(&app, Uuid::now_v7(), input).await?)))
}

/// Changes an inbound route.
#[utoipa::path(put, path = "/api/v1/routes/inbound/{id}", tag = "inbound_routes", request_body = types::InboundRouteInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::InboundRoute), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_inbound_route(
    State(app): State<App>,
    Id(id): Id,
    Body(input): Body<types::InboundRouteInput>,
) -> Result<Json<types::InboundRoute>, Problem> {
    let found = app.store(Store::inbound_routes).await?;
    if !found.iter().any(|placed| placed.id == id) {
        return Err(Problem::not_found());
    }
    Ok(Json(save(&app, id, input).await?))
}

/// Deletes an inbound route.
#[utoipa::path(delete, path = "/api/v1/routes/inbound/{id}", tag = "inbound_routes", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_inbound_route(State(app): State<App>, Id(id): Id) -> Result<Json<types::Deleted>, Problem> {
    let undo = app.store(move |store| store.delete_inbound_route(id, now())).await?;
    app.changed(Resource::InboundRoutes).await?;
    Ok(Json(undo.into()))
}

/// Most routes.
const MOST: u32 = 1000;

fn shown(placed: Placed<InboundRoute>) -> types::InboundRoute {
    types::InboundRoute {
        id: placed.id,
        position: placed.position,
        trunk: placed.route.trunk.map(|trunk| trunk.0),
        number: placed.route.number,
        destination: placed.route.destination,
    }
}

async fn save(app: &App, id: Uuid, input: types::InboundRouteInput) -> Result<types::InboundRoute, Problem> {
    if let Some(position) = input.position {
        validate::within(position, 0, MOST, "position")?;
    }
    let route = InboundRoute {
        trunk: input.trunk.map(TrunkId),
        number: validate::number(input.number.as_deref(), "number")?,
        destination: validate::extension(&input.destination, "destination")?,
    };
    let placed = app.store(move |store| store.put_inbound_route(id, input.position, route)).await?;
    app.changed(Resource::InboundRoutes).await?;
    Ok(shown(placed))
}
