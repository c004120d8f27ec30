//! Call records, recordings, traces.

use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use offhook_store::calls::Filter;
use offhook_switch::id::{CallId, UserId};

use crate::app::App;
use crate::body::Id;
use crate::error::Problem;
use crate::guard::Session;
use crate::ladder;
use crate::types;
use crate::validate;

/// Calls with their legs, newest first.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", params(types::CallQuery), responses((status = 200, description = "Done", body = types::CallPage), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_calls(
    State(app): State<App>,
    query: Result<Query<types::CallQuery>, QueryRejection>,
) -> Result<Json<types::CallPage>, Problem> {
    let Query(query) = query.map_err(|rejection| refused(&rejection))?;
    let limit = validate::within(query.limit.unwrap_or(50), 1, 200, "limit")? as usize;
    let search = query.search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let short = search.as_ref().is_none_or(|text| text.chars().count() <= 64);
    validate::ensure(short, "search", "too_long", "Expected at most 64 characters.")?;
    let after = match &query.after {
        Some(text) => {
            Some(cursor(text).ok_or_else(|| Problem::invalid("after", "invalid_cursor", "Not a place in the list."))?)
        }
        None => None,
    };
    let filter = Filter {
        from: query.from,
        to: query.to,
        direction: query.direction.map(Into::into),
        user: query.extension_id.map(UserId),
        answered: query.result.map(|result| result == types::CallResult::Answered),
        search,
        after,
    };
    // One more than asked tells whether there is a next page.
    let mut found = app.store(move |store| store.calls(&filter, limit + 1)).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| format!("{}.{}", last.call.started, last.call.id));
    let calls = found.into_iter().map(Into::into).collect();
    Ok(Json(types::CallPage { calls, next }))
}

/// A call with its legs.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Call), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_call(State(app): State<App>, Id(id): Id) -> Result<Json<types::Call>, Problem> {
    let found = app.store(move |store| store.call(CallId(id))).await?;
    Ok(Json(found.ok_or_else(Problem::not_found)?.into()))
}

/// The recording, WAV. Ranges are served; `?download=true` names the file for saving.
#[utoipa::path(get, path = "/api/v1/calls/{id}/recording", tag = "calls", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = Vec<u8>, content_type = "audio/wav"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_recording(State(app): State<App>, Id(id): Id, request: Request) -> Result<Response, Problem> {
    let found = app.store(move |store| store.call(CallId(id))).await?.ok_or_else(Problem::not_found)?;
    let call = found.call;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "no_recording", "There is no recording of this call.");
    let name = call.recording.filter(|name| plain_name(name)).ok_or_else(missing)?;
    if call.ended.is_none() {
        return Err(Problem::conflict("recording_in_progress", "The call is still being recorded."));
    }
    let path = app.services.data.join("recordings").join(name);
    let download = request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair == "download=true"));
    super::file::serve(&path, "audio/wav", request.headers(), download.then(|| format!("{id}.wav")))
        .await
        .ok_or_else(missing)
}

/// The SIP messages of a call that the box still remembers, oldest first. For the administrator: they name people, numbers and
/// addresses.
#[utoipa::path(get, path = "/api/v1/calls/{id}/trace", tag = "calls", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = Vec<types::TraceMessage>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_trace(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Id(id): Id,
) -> Result<Json<Vec<types::TraceMessage>>, Problem> {
    may_trace(session.role)?;
    Ok(Json(app.services.exchange.trace(CallId(id)).await))
}

/// The same as a ladder in text: one column for the box, one for each address it spoke with. For the administrator.
#[utoipa::path(get, path = "/api/v1/calls/{id}/trace.txt", tag = "calls", params(("id" = Uuid, Path, description = "Identifier"), types::LadderQuery), responses((status = 200, description = "Done", body = String, content_type = "text/plain"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_trace_text(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Id(id): Id,
    query: Result<Query<types::LadderQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    may_trace(session.role)?;
    let Query(query) = query.map_err(|rejection| refused(&rejection))?;
    let messages = app.services.exchange.trace(CallId(id)).await;
    let mut response = ladder::draw(&messages, query.messages).into_response();
    if query.download
        && let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{id}.txt\""))
    {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Who may read SIP messages. A new role must be decided here.
fn may_trace(role: types::Role) -> Result<(), Problem> {
    match role {
        types::Role::Administrator => Ok(()),
    }
}

fn refused(rejection: &QueryRejection) -> Problem {
    Problem {
        detail: Some(rejection.body_text().chars().take(300).collect()),
        ..Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "The query is not what is expected.")
    }
}

/// `started.id` of the last call of a page.
fn cursor(text: &str) -> Option<(i64, CallId)> {
    let (started, id) = text.split_once('.')?;
    Some((started.parse().ok()?, id.parse().ok()?))
}

/// A file name without a way out of its directory.
fn plain_name(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    plain && !name.is_empty() && !name.starts_with('.')
}
