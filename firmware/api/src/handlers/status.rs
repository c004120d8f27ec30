//! State of the box.

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::clock::now;
use crate::error::Problem;
use crate::types;

/// State of the box.
#[utoipa::path(get, path = "/api/v1/status", tag = "status", responses((status = 200, description = "Done", body = types::Status), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_status(State(app): State<App>) -> Result<Json<types::Status>, Problem> {
    let counters = app.services.exchange.counters().await;
    let health = app.services.store.writer().health();
    let uptime = app.services.started.elapsed().as_millis();
    Ok(Json(types::Status {
        version: app.services.version.clone(),
        time: now(),
        uptime_ms: u64::try_from(uptime).unwrap_or(u64::MAX),
        calls: counters.calls,
        legs: counters.legs,
        registrations: counters.bindings,
        transactions: counters.transactions,
        calls_total: counters.calls_total,
        overload_refusals: counters.overload_refusals,
        rtp_ports: counters.rtp_ports,
        records_lost: health.lost,
        store_error: health.error,
        listening: app.services.listening.clone(),
    }))
}
