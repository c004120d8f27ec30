//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// All of them, in order.
#[utoipa::path(get, path = "/api/v1/recording-rules", tag = "recording_rules", responses((status = 200, description = "Done", body = Vec<types::RecordingRule>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_recording_rules(
    State(_app): State<App>,
) -> Result<Json<Vec<types::RecordingRule>>, Problem> {
    Err(Problem::not_ready())
}

/// Adds a recording rule.
#[utoipa::path(post, path = "/api/v1/recording-rules", tag = "recording_rules", request_body = types::RecordingRuleInput, responses((status = 201, description = "Done", body = types::RecordingRule), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_recording_rule(
    State(_app): State<App>,
    Body(_input): Body<types::RecordingRuleInput>,
) -> Result<Json<types::RecordingRule>, Problem> {
    Err(Problem::not_ready())
}

/// Changes a recording rule.
#[utoipa::path(put, path = "/api/v1/recording-rules/{id}", tag = "recording_rules", request_body = types::RecordingRuleInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::RecordingRule), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_recording_rule(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
    Body(_input): Body<types::RecordingRuleInput>,
) -> Result<Json<types::RecordingRule>, Problem> {
    Err(Problem::not_ready())
}

/// Deletes a recording rule.
#[utoipa::path(delete, path = "/api/v1/recording-rules/{id}", tag = "recording_rules", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_recording_rule(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Deleted>, Problem> {
    Err(Problem::not_ready())
}
