//! Taking a deletion back.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::body::Id;
use crate::clock::now;
use crate::error::Problem;
use crate::types::Resource;

/// Restores what was deleted, with the same identifiers.
#[utoipa::path(post, path = "/api/v1/undo/{token}", tag = "undo", params(("token" = Uuid, Path, description = "`undo` of the deletion")), responses((status = 204, description = "Done"), (status = 409, description = "`the number or port was taken meanwhile`", body = Problem), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn undo(State(app): State<App>, Id(token): Id) -> Result<StatusCode, Problem> {
    let table = app.store(move |store| store.undo(token, now())).await?;
    let resource = match table {
        "lines" => Resource::Lines,
        "trunks" => Resource::Trunks,
        "outbound_routes" => Resource::OutboundRoutes,
        "inbound_routes" => Resource::InboundRoutes,
        "announcements" => Resource::Announcements,
        "recording_rules" => Resource::RecordingRules,
        _ => Resource::Extensions,
    };
    app.changed(resource).await?;
    Ok(StatusCode::NO_CONTENT)
}
