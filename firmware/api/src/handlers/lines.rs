//! Analog lines.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use offhook_store::lines::LineOwner;
use offhook_switch::config::{AnswerSupervision, DeviceKind, Line, LineSound};
use offhook_switch::id::{DeviceId, LineId, UserId};
use uuid::Uuid;

use crate::app::App;
use crate::body::{Body, Id};
use crate::clock::now;
use crate::error::Problem;
use crate::types;
use crate::types::Resource;
use crate::validate;

/// All of them, in order.
#[utoipa::path(get, path = "/api/v1/lines", tag = "lines", responses((status = 200, description = "Done", body = Vec<types::Line>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_lines(State(app): State<App>) -> Result<Json<Vec<types::Line>>, Problem> {
    Ok(Json(all(&app).await?))
}

/// Adds an analog line.
#[utoipa::path(post, path = "/api/v1/lines", tag = "lines", request_body = types::LineInput, responses((status = 201, description = "Done", body = types::Line), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_line(
    State(app): State<App>,
    Body(input): Body<types::LineInput>,
) -> Result<(StatusCode, Json<types::Line>), Problem> {
    let owner = owner(&input)?;
    let line = line(input, AnswerSupervision::default(), LineSound::default())?;
    let id = LineId(Uuid::now_v7());
    save(&app, id, line, owner).await?;
    Ok((StatusCode::CREATED, Json(one(&app, id).await?)))
}

/// Changes an analog line.
#[utoipa::path(put, path = "/api/v1/lines/{id}", tag = "lines", request_body = types::LineInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Line), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_line(
    State(app): State<App>,
    Id(id): Id,
    Body(input): Body<types::LineInput>,
) -> Result<Json<types::Line>, Problem> {
    let id = LineId(id);
    let before = one(&app, id).await?;
    let owner = owner(&input)?;
    let line = line(input, before.answer_supervision.into(), before.sound.into())?;
    save(&app, id, line, owner).await?;
    Ok(Json(one(&app, id).await?))
}

/// Deletes an analog line.
#[utoipa::path(delete, path = "/api/v1/lines/{id}", tag = "lines", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_line(State(app): State<App>, Id(id): Id) -> Result<Json<types::Deleted>, Problem> {
    let undo = app.store(move |store| store.delete_line(LineId(id), now())).await?;
    app.changed(Resource::Lines).await?;
    Ok(Json(undo.into()))
}

async fn save(app: &App, id: LineId, line: Line, owner: Option<LineOwner>) -> Result<(), Problem> {
    let told = owner.is_some();
    app.store(move |store| store.put_line_and_owner(id, line, owner)).await?;
    app.changed(Resource::Lines).await?;
    if told {
        // Nobody watching is fine.
        let _ = app.changes.send(Resource::Extensions);
    }
    Ok(())
}

/// Whose set is to be on the port, when the input says.
fn owner(input: &types::LineInput) -> Result<Option<LineOwner>, Problem> {
    Ok(match input.extension_id {
        None => None,
        Some(None) => Some(LineOwner::Nobody),
        Some(Some(user)) => {
            let fxs = input.kind == types::LineKind::Fxs;
            validate::ensure(fxs, "extension_id", "line_kind", "Only a telephone's port has an extension.")?;
            Some(LineOwner::User { user: UserId(user), device: DeviceId(Uuid::now_v7()) })
        }
    })
}

/// `before` stays when the input does not say.
fn line(input: types::LineInput, before: AnswerSupervision, sound: LineSound) -> Result<Line, Problem> {
    validate::within(input.port.into(), 1, 1024, "port")?;
    let sound = input.sound.map_or(sound, Into::into);
    for (gain, field) in [(sound.from_line_db, "sound.from_line_db"), (sound.to_line_db, "sound.to_line_db")] {
        let within = (-LineSound::MOST_DB..=LineSound::MOST_DB).contains(&gain);
        validate::ensure(within, field, "out_of_range", "Expected a number from -12 to 12.")?;
    }
    Ok(Line {
        port: input.port,
        kind: input.kind.into(),
        label: validate::label(&input.label, "label")?,
        answer_supervision: input.answer_supervision.map_or(before, Into::into),
        sound,
    })
}

async fn all(app: &App) -> Result<Vec<types::Line>, Problem> {
    let (lines, devices) = app.store(|store| Ok((store.lines()?, store.devices()?))).await?;
    let states = app.services.exchange.line_states().await;
    let simulated = app.services.simulated.as_ref().map(|simulated| simulated.lines()).unwrap_or_default();
    let shown = lines.into_iter().map(|(id, line)| {
        let owner = devices.iter().find_map(|(_, device)| match device.kind {
            DeviceKind::Analog { line } if line == id => Some(device.user.0),
            _ => None,
        });
        types::Line {
            id: id.0,
            port: line.port,
            kind: line.kind.into(),
            label: line.label,
            answer_supervision: line.answer_supervision.into(),
            sound: line.sound.into(),
            state: states.get(&id).cloned().unwrap_or_else(|| "unknown".into()),
            simulated: simulated.contains(&id),
            extension_id: owner,
        }
    });
    Ok(shown.collect())
}

async fn one(app: &App, id: LineId) -> Result<types::Line, Problem> {
    let found = all(app).await?.into_iter().find(|line| line.id == id.0);
    found.ok_or_else(Problem::not_found)
}
