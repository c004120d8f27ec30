//! Handlers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use crate::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;

/// The site's settings.
#[utoipa::path(get, path = "/api/v1/site", tag = "site", responses((status = 200, description = "Done", body = types::Site), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_site(State(_app): State<App>) -> Result<Json<types::Site>, Problem> {
    Err(Problem::not_ready())
}

/// Changes the site's settings.
#[utoipa::path(put, path = "/api/v1/site", tag = "site", request_body = types::SiteInput, responses((status = 200, description = "Done", body = types::Site), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_site(
    State(_app): State<App>,
    Body(_input): Body<types::SiteInput>,
) -> Result<Json<types::Site>, Problem> {
    Err(Problem::not_ready())
}

/// The whole configuration as one readable file (TOML). It holds secrets.
#[utoipa::path(get, path = "/api/v1/site-file", tag = "site", responses((status = 200, description = "Done", body = String, content_type = "application/toml"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn export_site_file(State(_app): State<App>) -> Result<Json<String>, Problem> {
    Err(Problem::not_ready())
}
