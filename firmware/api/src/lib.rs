//! HTTP API, live events and the web page of the box.
#![forbid(unsafe_code)]

mod body;
pub mod error;
mod handlers;
pub mod openapi;
pub mod session;
pub mod types;

/// What handlers share.
#[derive(Clone)]
pub struct App;

/// The OpenAPI document as committed in `firmware/api/openapi.json`.
pub fn openapi_json() -> String {
    use utoipa::OpenApi;
    let mut text = openapi::ApiDoc::openapi()
        .to_pretty_json()
        .unwrap_or_default();
    text.push('\n');
    text
}

/// For the first slice only.
pub fn router_skeleton() -> axum::Router {
    openapi::routes().with_state(App)
}
