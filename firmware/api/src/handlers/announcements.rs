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
#[utoipa::path(get, path = "/api/v1/announcements", tag = "announcements", responses((status = 200, description = "Done", body = Vec<types::Announcement>), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn list_announcements(
    State(_app): State<App>,
) -> Result<Json<Vec<types::Announcement>>, Problem> {
    Err(Problem::not_ready())
}

/// Adds an announcement.
#[utoipa::path(post, path = "/api/v1/announcements", tag = "announcements", request_body = types::AnnouncementInput, responses((status = 201, description = "Done", body = types::Announcement), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_announcement(
    State(_app): State<App>,
    Body(_input): Body<types::AnnouncementInput>,
) -> Result<Json<types::Announcement>, Problem> {
    Err(Problem::not_ready())
}

/// Changes an announcement.
#[utoipa::path(put, path = "/api/v1/announcements/{id}", tag = "announcements", request_body = types::AnnouncementInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Announcement), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_announcement(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
    Body(_input): Body<types::AnnouncementInput>,
) -> Result<Json<types::Announcement>, Problem> {
    Err(Problem::not_ready())
}

/// Deletes an announcement.
#[utoipa::path(delete, path = "/api/v1/announcements/{id}", tag = "announcements", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_announcement(
    State(_app): State<App>,
    Path(_id): Path<Uuid>,
) -> Result<Json<types::Deleted>, Problem> {
    Err(Problem::not_ready())
}
