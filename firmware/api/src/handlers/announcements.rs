//! Announcements.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use offhook_store::{Store, rules};
use offhook_switch::config::Announcement;
use uuid::Uuid;

use crate::app::App;
use crate::body::{Body, Id};
use crate::clock::now;
use crate::error::Problem;
use crate::types;
use crate::types::Resource;
use crate::validate;

/// All of them, in order.
#[utoipa::path(get, path = "/api/v1/announcements", tag = "announcements", responses((status = 200, description = "Done", body = Vec<types::Announcement>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_announcements(State(app): State<App>) -> Result<Json<Vec<types::Announcement>>, Problem> {
    let found = app.store(Store::announcements).await?;
    Ok(Json(found.into_iter().map(shown).collect()))
}

/// Adds an announcement.
#[utoipa::path(post, path = "/api/v1/announcements", tag = "announcements", request_body = types::AnnouncementInput, responses((status = 201, description = "Done", body = types::Announcement), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_announcement(
    State(app): State<App>,
    Body(input): Body<types::AnnouncementInput>,
) -> Result<(StatusCode, Json<types::Announcement>), Problem> {
    Ok((StatusCode::CREATED, Json(save(&app, Uuid::now_v7(), input).await?)))
}

/// Changes an announcement.
#[utoipa::path(put, path = "/api/v1/announcements/{id}", tag = "announcements", request_body = types::AnnouncementInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Announcement), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_announcement(
    State(app): State<App>,
    Id(id): Id,
    Body(input): Body<types::AnnouncementInput>,
) -> Result<Json<types::Announcement>, Problem> {
    let found = app.store(Store::announcements).await?;
    if !found.iter().any(|(other, _)| *other == id) {
        return Err(Problem::not_found());
    }
    Ok(Json(save(&app, id, input).await?))
}

/// Deletes an announcement.
#[utoipa::path(delete, path = "/api/v1/announcements/{id}", tag = "announcements", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_announcement(State(app): State<App>, Id(id): Id) -> Result<Json<types::Deleted>, Problem> {
    let undo = app.store(move |store| store.delete_announcement(id, now())).await?;
    app.changed(Resource::Announcements).await?;
    Ok(Json(undo.into()))
}

fn shown((id, announcement): (Uuid, Announcement)) -> types::Announcement {
    types::Announcement {
        id,
        number: announcement.number,
        name: announcement.name,
        file: announcement.file,
        hang_up_digit: announcement.hang_up_digit.map(String::from),
    }
}

async fn save(app: &App, id: Uuid, input: types::AnnouncementInput) -> Result<types::Announcement, Problem> {
    let number = validate::extension(&input.number, "number")?;
    let name = validate::name(&input.name, "name")?;
    let file = input.file.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if let Some(file) = &file {
        validate::ensure(rules::sound_file(file), "file", "invalid_file", "Expected the name of a .wav file.")?;
        let path = app.services.data.join("sounds").join(file);
        let there = tokio::fs::try_exists(path).await.unwrap_or(false);
        validate::ensure(there, "file", "file_missing", "There is no such file among the sounds of the box.")?;
    }
    let text = input.hang_up_digit.unwrap_or_default();
    let mut digits = text.chars();
    let hang_up_digit = digits.next();
    let fine = hang_up_digit.is_none_or(rules::digit) && digits.next().is_none();
    validate::ensure(fine, "hang_up_digit", "invalid_digit", "Expected one digit, * or #.")?;
    let announcement = Announcement { number, name, file, hang_up_digit };
    let kept = announcement.clone();
    let saved = app.store(move |store| store.put_announcement(id, kept)).await;
    saved.map_err(|problem| Problem { field: problem.field.as_ref().map(|_| "number".to_owned()), ..problem })?;
    app.changed(Resource::Announcements).await?;
    Ok(shown((id, announcement)))
}
