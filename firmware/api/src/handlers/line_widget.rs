//! Simulated lines, played from the page.

use axum::extract::State;
use axum::extract::WebSocketUpgrade;
use axum::http::StatusCode;
use axum::response::Response;
use offhook_switch::id::LineId;

use crate::app::App;
use crate::body::{Body, Id};
use crate::error::Problem;
use crate::services::LineRefusal;
use crate::types;
use crate::types::LineAction;

/// Does something to a simulated line.
#[utoipa::path(post, path = "/api/v1/lines/{id}/actions", tag = "lines", request_body = types::LineAction, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 204, description = "Done"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn line_action(
    State(app): State<App>,
    Id(id): Id,
    Body(input): Body<types::LineAction>,
) -> Result<StatusCode, Problem> {
    act(&app, LineId(id), input)?;
    Ok(StatusCode::NO_CONTENT)
}

/// WebSocket of a simulated line. Binary messages each way: 20 ms of audio, 320 bytes, 160 samples of 16 bits little-endian, 8 kHz mono. Text messages: to the box `LineAction`, from the box `LineMessage`.
#[utoipa::path(get, path = "/api/v1/lines/{id}/audio", tag = "lines", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 101, description = "Done"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn line_audio(
    State(app): State<App>,
    Id(id): Id,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    let id = LineId(id);
    let place = app.streams.clone().try_acquire_owned().map_err(|_| busy())?;
    let simulated = app.services.simulated.clone().ok_or_else(not_simulated)?;
    let view = simulated.watch(id).ok_or_else(not_simulated)?;
    let audio = simulated.open_audio(id).ok_or_else(not_simulated)?;
    let upgrade = upgrade.max_message_size(4096).max_frame_size(4096);
    Ok(upgrade.on_upgrade(move |socket| async move {
        super::line_socket::run(app, id, socket, view, audio).await;
        drop(place);
    }))
}

fn not_simulated() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_simulated", "This line is not simulated.")
}

/// All places for streams are taken.
pub(crate) fn busy() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", "Too many pages are open.")
}

/// Does something to a simulated line, after a check of what is asked.
pub(crate) fn act(app: &App, line: LineId, action: LineAction) -> Result<(), Problem> {
    if let LineAction::Key { key } = &action {
        let known = matches!(key.as_bytes(), [b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D']);
        crate::validate::ensure(known, "key", "invalid_digit", "Expected a key: 0-9, *, #, A-D.")?;
    }
    if let LineAction::Ring { number, name } = &action {
        crate::validate::number(number.as_deref(), "number")?;
        crate::validate::label(name.as_deref().unwrap_or_default(), "name")?;
    }
    let simulated = app.services.simulated.as_ref().ok_or_else(not_simulated)?;
    simulated.act(line, action).map_err(|refusal| match refusal {
        LineRefusal::NotSimulated => not_simulated(),
        LineRefusal::WrongKind => Problem::conflict("line_kind", "The action is for the other kind of line."),
        LineRefusal::NotNow => Problem::conflict("not_now", "This cannot be done now."),
    })
}
