//! HTTP API, live events and the web page of the box.
//!
//! The daemon fills [`Services`] and serves [`Api::network`] on the network (with `into_make_service_with_connect_info::<SocketAddr>()`,
//! so that failed attempts to sign in count by address) and [`Api::local`] on the socket of `offhookctl`, a file of mode 0600.
#![forbid(unsafe_code)]

mod app;
mod attempts;
mod body;
mod clock;
mod convert;
pub mod error;
pub mod guard;
mod handlers;
mod ladder;
pub mod openapi;
pub mod services;
pub mod session;
mod sip_sound;
pub mod types;
mod validate;
mod web;

use app::App;
use axum::extract::DefaultBodyLimit;
use axum::{Extension, Router, middleware};

pub use services::Services;

/// Name of the local socket in the data directory.
pub const SOCKET_FILE: &str = "offhook.sock";

/// Longest body of a request, bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// The API. Both routers share sessions, limits and notices of changes.
#[derive(Clone)]
pub struct Api(App);

impl Api {
    /// The API on these services.
    pub fn new(services: Services) -> Self {
        Api(App::new(services))
    }

    /// The API and the web page, for the network.
    pub fn network(&self) -> Router {
        api(self.0.clone()).fallback(web::serve).layer(middleware::from_fn(web::secure))
    }

    /// The API with the rights of an administrator, for the local socket.
    pub fn local(&self) -> Router {
        api(self.0.clone()).layer(Extension(guard::Local))
    }
}

fn api(app: App) -> Router {
    openapi::routes()
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(app)
}

/// The OpenAPI document as committed in `firmware/api/openapi.json`.
pub fn openapi_json() -> String {
    use utoipa::OpenApi as _;
    let mut text = openapi::ApiDoc::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
