//! Recording rules.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use offhook_store::Store;
use offhook_switch::config::RecordingRule;
use uuid::Uuid;

use crate::app::App;
use crate::body::{Body, Id};
use crate::clock::now;
use crate::error::Problem;
use crate::types;
use crate::types::Resource;
use crate::validate;

/// All of them, in order.
#[utoipa::path(get, path = "/api/v1/recording-rules", tag = "recording_rules", responses((status = 200, description = "Done", body = Vec<types::RecordingRule>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_recording_rules(State(app): State<App>) -> Result<Json<Vec<types::RecordingRule>>, Problem> {
    let found = app.store(Store::recording_rules).await?;
    Ok(Json(found.into_iter().map(shown).collect()))
}

/// Adds a recording rule.
#[utoipa::path(post, path = "/api/v1/recording-rules", tag = "recording_rules", request_body = types::RecordingRuleInput, responses((status = 201, description = "Done", body = types::RecordingRule), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_recording_rule(
    State(app): State<App>,
    Body(input): Body<types::RecordingRuleInput>,
) -> Result<(StatusCode, Json<types::RecordingRule>), Problem> {
    Ok((StatusCode::CREATED, Json(save(&app, Uuid::now_v7(), input).await?)))
}

/// Changes a recording rule.
#[utoipa::path(put, path = "/api/v1/recording-rules/{id}", tag = "recording_rules", request_body = types::RecordingRuleInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::RecordingRule), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_recording_rule(
    State(app): State<App>,
    Id(id): Id,
    Body(input): Body<types::RecordingRuleInput>,
) -> Result<Json<types::RecordingRule>, Problem> {
    let found = app.store(Store::recording_rules).await?;
    if !found.iter().any(|(other, _)| *other == id) {
        return Err(Problem::not_found());
    }
    Ok(Json(save(&app, id, input).await?))
}

/// Deletes a recording rule.
#[utoipa::path(delete, path = "/api/v1/recording-rules/{id}", tag = "recording_rules", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_recording_rule(State(app): State<App>, Id(id): Id) -> Result<Json<types::Deleted>, Problem> {
    let undo = app.store(move |store| store.delete_recording_rule(id, now())).await?;
    app.changed(Resource::RecordingRules).await?;
    Ok(Json(undo.into()))
}

fn shown((id, rule): (Uuid, RecordingRule)) -> types::RecordingRule {
    types::RecordingRule { id, caller: rule.caller, callee: rule.callee }
}

async fn save(app: &App, id: Uuid, input: types::RecordingRuleInput) -> Result<types::RecordingRule, Problem> {
    let rule = RecordingRule {
        caller: validate::pattern(input.caller.as_deref(), "caller")?,
        callee: validate::pattern(input.callee.as_deref(), "callee")?,
    };
    let kept = rule.clone();
    app.store(move |store| store.put_recording_rule(id, kept)).await?;
    app.changed(Resource::RecordingRules).await?;
    Ok(shown((id, rule)))
}
