//! Extensions.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use offhook_switch::config::User;
use offhook_switch::id::{DeviceId, UserId};
use uuid::Uuid;

use super::view;
use crate::app::App;
use crate::body::{Body, Id};
use crate::clock::now;
use crate::error::Problem;
use crate::types;
use crate::types::Resource;
use crate::validate;

/// All extensions with their telephones, by number.
#[utoipa::path(get, path = "/api/v1/extensions", tag = "extensions", responses((status = 200, description = "Done", body = Vec<types::Extension>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_extensions(State(app): State<App>) -> Result<Json<Vec<types::Extension>>, Problem> {
    Ok(Json(app.store(|store| view::extensions(store, None)).await?))
}

/// Adds an extension.
#[utoipa::path(post, path = "/api/v1/extensions", tag = "extensions", request_body = types::ExtensionInput, responses((status = 201, description = "Done", body = types::Extension), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_extension(
    State(app): State<App>,
    Body(input): Body<types::ExtensionInput>,
) -> Result<(StatusCode, Json<types::Extension>), Problem> {
    let user = user(&input)?;
    let devices = input.devices.unwrap_or_else(|| {
        vec![types::DeviceInput {
            label: String::new(),
            kind: types::DeviceKindInput::Sip { username: None },
            encryption: types::MediaEncryption::Auto,
            codecs: Vec::new(),
            digits: types::DigitMode::Auto,
        }]
    });
    let count = u32::try_from(devices.len()).unwrap_or(u32::MAX);
    validate::within(count, 0, MOST_DEVICES, "devices")?;
    let mut new = Vec::new();
    for (index, device) in devices.into_iter().enumerate() {
        let device = super::devices::new_device(device).map_err(|problem| within_device(problem, index))?;
        new.push((DeviceId(Uuid::now_v7()), device));
    }
    let id = UserId(Uuid::now_v7());
    app.store(move |store| store.create_user(id, user, new)).await?;
    app.changed(Resource::Extensions).await?;
    Ok((StatusCode::CREATED, Json(one(&app, id).await?)))
}

/// An extension.
#[utoipa::path(get, path = "/api/v1/extensions/{id}", tag = "extensions", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Extension), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_extension(State(app): State<App>, Id(id): Id) -> Result<Json<types::Extension>, Problem> {
    Ok(Json(one(&app, UserId(id)).await?))
}

/// Changes an extension (not its telephones).
#[utoipa::path(put, path = "/api/v1/extensions/{id}", tag = "extensions", request_body = types::ExtensionInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Extension), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_extension(
    State(app): State<App>,
    Id(id): Id,
    Body(input): Body<types::ExtensionInput>,
) -> Result<Json<types::Extension>, Problem> {
    let user = user(&input)?;
    app.store(move |store| store.put_user(UserId(id), user)).await?;
    app.changed(Resource::Extensions).await?;
    Ok(Json(one(&app, UserId(id)).await?))
}

/// Deletes an extension and its telephones.
#[utoipa::path(delete, path = "/api/v1/extensions/{id}", tag = "extensions", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_extension(State(app): State<App>, Id(id): Id) -> Result<Json<types::Deleted>, Problem> {
    let undo = app.store(move |store| store.delete_user(UserId(id), now())).await?;
    app.changed(Resource::Extensions).await?;
    Ok(Json(undo.into()))
}

/// Most telephones created with an extension.
const MOST_DEVICES: u32 = 10;

async fn one(app: &App, id: UserId) -> Result<types::Extension, Problem> {
    let found = app.store(move |store| view::extensions(store, Some(id))).await?;
    found.into_iter().next().ok_or_else(Problem::not_found)
}

fn within_device(problem: Problem, index: usize) -> Problem {
    Problem { field: problem.field.as_ref().map(|field| format!("devices.{index}.{field}")), ..problem }
}

fn user(input: &types::ExtensionInput) -> Result<User, Problem> {
    Ok(User {
        name: validate::name(&input.name, "name")?,
        extension: validate::extension(&input.extension, "extension")?,
        ring_time: Duration::from_millis(validate::within(input.ring_time_ms, 5_000, 180_000, "ring_time_ms")?.into()),
        do_not_disturb: input.do_not_disturb,
        forward_always: validate::number(input.forward_always.as_deref(), "forward_always")?,
        forward_busy: validate::number(input.forward_busy.as_deref(), "forward_busy")?,
        forward_no_answer: validate::number(input.forward_no_answer.as_deref(), "forward_no_answer")?,
        call_waiting: input.call_waiting,
        max_calls: validate::within(input.max_calls, 1, 100, "max_calls")?,
        outside_calls: input.outside_calls,
    })
}
