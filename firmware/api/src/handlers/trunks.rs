//! Trunks.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use offhook_store::{Store, rules};
use offhook_switch::config::{Trunk, TrunkKind};
use offhook_switch::id::{LineId, TrunkId};
use uuid::Uuid;

use crate::app::App;
use crate::body::{Body, Id};
use crate::clock::now;
use crate::error::Problem;
use crate::sip_sound::sip_sound;
use crate::types;
use crate::types::Resource;
use crate::validate;

/// All of them, in order.
#[utoipa::path(get, path = "/api/v1/trunks", tag = "trunks", responses((status = 200, description = "Done", body = Vec<types::Trunk>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_trunks(State(app): State<App>) -> Result<Json<Vec<types::Trunk>>, Problem> {
    let found = app.store(Store::trunks).await?;
    Ok(Json(found.into_iter().map(shown).collect()))
}

/// Adds a trunk.
#[utoipa::path(post, path = "/api/v1/trunks", tag = "trunks", request_body = types::TrunkInput, responses((status = 201, description = "Done", body = types::Trunk), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_trunk(
    State(app): State<App>,
    Body(input): Body<types::TrunkInput>,
) -> Result<(StatusCode, Json<types::Trunk>), Problem> {
    let id = TrunkId(Uuid::now_v7());
    let trunk = trunk(input, None)?;
    save(&app, id, trunk.clone()).await?;
    Ok((StatusCode::CREATED, Json(shown((id, trunk)))))
}

/// Changes a trunk.
#[utoipa::path(put, path = "/api/v1/trunks/{id}", tag = "trunks", request_body = types::TrunkInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Trunk), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_trunk(
    State(app): State<App>,
    Id(id): Id,
    Body(input): Body<types::TrunkInput>,
) -> Result<Json<types::Trunk>, Problem> {
    let id = TrunkId(id);
    let before = app.store(move |store| store.trunk(id)).await?.ok_or_else(Problem::not_found)?;
    let trunk = trunk(input, Some(before))?;
    save(&app, id, trunk.clone()).await?;
    Ok(Json(shown((id, trunk))))
}

/// Deletes a trunk.
#[utoipa::path(delete, path = "/api/v1/trunks/{id}", tag = "trunks", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_trunk(State(app): State<App>, Id(id): Id) -> Result<Json<types::Deleted>, Problem> {
    let undo = app.store(move |store| store.delete_trunk(TrunkId(id), now())).await?;
    app.changed(Resource::Trunks).await?;
    Ok(Json(undo.into()))
}

/// Most addresses of a SIP peer.
const MOST_ADDRESSES: usize = 32;

fn shown((id, trunk): (TrunkId, Trunk)) -> types::Trunk {
    types::Trunk { id: id.0, name: trunk.name.clone(), max_calls: trunk.max_calls, kind: trunk.into() }
}

async fn save(app: &App, id: TrunkId, trunk: Trunk) -> Result<(), Problem> {
    app.store(move |store| store.put_trunk(id, trunk)).await?;
    app.changed(Resource::Trunks).await
}

fn trunk(input: types::TrunkInput, before: Option<Trunk>) -> Result<Trunk, Problem> {
    let kind = match input.kind {
        types::TrunkKindInput::Line { line } => TrunkKind::Line { line: LineId(line) },
        types::TrunkKindInput::Sip { uri, username, password, addresses, register, encryption, codecs, digits } => {
            let uri = uri.trim().to_owned();
            let title = "Expected a SIP URI, e.g. sip:carrier.example.";
            validate::ensure(rules::sip_uri(&uri), "kind.uri", "invalid_uri", title)?;
            let username = username.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            let usable = username.as_deref().is_none_or(rules::password);
            validate::ensure(usable, "kind.username", "invalid_username", "Expected at most 200 characters.")?;
            let password = match (password, before.map(|before| before.kind)) {
                (Some(password), _) => Some(password).filter(|password| !password.is_empty()),
                (None, Some(TrunkKind::Sip { password, .. })) => password,
                (None, _) => None,
            };
            let usable = password.as_deref().is_none_or(rules::password);
            validate::ensure(usable, "kind.password", "password_unusable", "Expected at most 200 characters.")?;
            let few = addresses.len() <= MOST_ADDRESSES;
            validate::ensure(few, "kind.addresses", "too_many", "Expected at most 32 addresses.")?;
            let complete = !register || username.is_some();
            validate::ensure(complete, "kind.username", "required", "Registering needs a user name.")?;
            let sound = sip_sound(encryption, codecs, digits, "kind.")?;
            TrunkKind::Sip { uri, username, password, addresses, register, sound }
        }
    };
    Ok(Trunk {
        name: validate::name(&input.name, "name")?,
        kind,
        max_calls: validate::within(input.max_calls, 1, 1000, "max_calls")?,
    })
}
