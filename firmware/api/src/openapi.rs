//! Every path of the API, and its description.

use axum::Router;
use axum::routing::{delete, get, post, put};
use utoipa::OpenApi;

use crate::app::App;
use crate::error::Problem;
use crate::handlers as h;
use crate::types;

/// The description of the API, generated from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(title = "Offhook", description = "The local API of an Offhook box.", license(name = "Apache-2.0 OR MIT")),
    security(("session" = [])),
    modifiers(&SessionCookie),
    components(schemas(Problem, types::LineMessage, types::LiveEvent)),
    paths(
        h::setup::get_setup,
        h::setup::post_setup,
        h::session::sign_in,
        h::session::sign_out,
        h::session::get_me,
        h::session::put_me,
        h::session::put_password,
        h::site::get_site,
        h::site::put_site,
        h::site::export_site_file,
        h::extensions::list_extensions,
        h::extensions::create_extension,
        h::extensions::get_extension,
        h::extensions::put_extension,
        h::extensions::delete_extension,
        h::devices::create_device,
        h::devices::put_device,
        h::devices::delete_device,
        h::devices::get_credentials,
        h::devices::renew_secret,
        h::lines::list_lines,
        h::lines::create_line,
        h::lines::put_line,
        h::lines::delete_line,
        h::trunks::list_trunks,
        h::trunks::create_trunk,
        h::trunks::put_trunk,
        h::trunks::delete_trunk,
        h::outbound_routes::list_outbound_routes,
        h::outbound_routes::create_outbound_route,
        h::outbound_routes::put_outbound_route,
        h::outbound_routes::delete_outbound_route,
        h::inbound_routes::list_inbound_routes,
        h::inbound_routes::create_inbound_route,
        h::inbound_routes::put_inbound_route,
        h::inbound_routes::delete_inbound_route,
        h::announcements::list_announcements,
        h::announcements::create_announcement,
        h::announcements::put_announcement,
        h::announcements::delete_announcement,
        h::recording_rules::list_recording_rules,
        h::recording_rules::create_recording_rule,
        h::recording_rules::put_recording_rule,
        h::recording_rules::delete_recording_rule,
        h::line_widget::line_action,
        h::line_widget::line_audio,
        h::undo::undo,
        h::calls::list_calls,
        h::calls::get_call,
        h::calls::get_recording,
        h::calls::get_trace,
        h::calls::get_trace_text,
        h::live::list_live_calls,
        h::live::hang_up,
        h::live::events,
        h::status::get_status,
    )
)]
pub struct ApiDoc;

struct SessionCookie;

impl utoipa::Modify for SessionCookie {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
        let components = openapi.components.get_or_insert_with(Default::default);
        let cookie = ApiKeyValue::with_description(
            crate::session::COOKIE,
            "Set by `POST /session`. Every request that is not GET also needs the header `X-Offhook: 1`.",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// The paths.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/setup", get(h::setup::get_setup).post(h::setup::post_setup))
        .route("/api/v1/session", post(h::session::sign_in).delete(h::session::sign_out))
        .route("/api/v1/me", get(h::session::get_me).put(h::session::put_me))
        .route("/api/v1/me/password", put(h::session::put_password))
        .route("/api/v1/site", get(h::site::get_site).put(h::site::put_site))
        .route("/api/v1/site-file", get(h::site::export_site_file))
        .route("/api/v1/extensions", get(h::extensions::list_extensions).post(h::extensions::create_extension))
        .route(
            "/api/v1/extensions/{id}",
            get(h::extensions::get_extension).put(h::extensions::put_extension).delete(h::extensions::delete_extension),
        )
        .route("/api/v1/extensions/{id}/devices", post(h::devices::create_device))
        .route("/api/v1/devices/{id}", put(h::devices::put_device).delete(h::devices::delete_device))
        .route("/api/v1/devices/{id}/credentials", get(h::devices::get_credentials))
        .route("/api/v1/devices/{id}/secret", post(h::devices::renew_secret))
        .route("/api/v1/lines", get(h::lines::list_lines).post(h::lines::create_line))
        .route("/api/v1/lines/{id}", put(h::lines::put_line).delete(h::lines::delete_line))
        .route("/api/v1/trunks", get(h::trunks::list_trunks).post(h::trunks::create_trunk))
        .route("/api/v1/trunks/{id}", put(h::trunks::put_trunk).delete(h::trunks::delete_trunk))
        .route(
            "/api/v1/routes/outbound",
            get(h::outbound_routes::list_outbound_routes).post(h::outbound_routes::create_outbound_route),
        )
        .route(
            "/api/v1/routes/outbound/{id}",
            put(h::outbound_routes::put_outbound_route).delete(h::outbound_routes::delete_outbound_route),
        )
        .route(
            "/api/v1/routes/inbound",
            get(h::inbound_routes::list_inbound_routes).post(h::inbound_routes::create_inbound_route),
        )
        .route(
            "/api/v1/routes/inbound/{id}",
            put(h::inbound_routes::put_inbound_route).delete(h::inbound_routes::delete_inbound_route),
        )
        .route(
            "/api/v1/announcements",
            get(h::announcements::list_announcements).post(h::announcements::create_announcement),
        )
        .route(
            "/api/v1/announcements/{id}",
            put(h::announcements::put_announcement).delete(h::announcements::delete_announcement),
        )
        .route(
            "/api/v1/recording-rules",
            get(h::recording_rules::list_recording_rules).post(h::recording_rules::create_recording_rule),
        )
        .route(
            "/api/v1/recording-rules/{id}",
            put(h::recording_rules::put_recording_rule).delete(h::recording_rules::delete_recording_rule),
        )
        .route("/api/v1/lines/{id}/actions", post(h::line_widget::line_action))
        .route("/api/v1/lines/{id}/audio", get(h::line_widget::line_audio))
        .route("/api/v1/undo/{token}", post(h::undo::undo))
        .route("/api/v1/calls", get(h::calls::list_calls))
        .route("/api/v1/calls/{id}", get(h::calls::get_call))
        .route("/api/v1/calls/{id}/recording", get(h::calls::get_recording))
        .route("/api/v1/calls/{id}/trace", get(h::calls::get_trace))
        .route("/api/v1/calls/{id}/trace.txt", get(h::calls::get_trace_text))
        .route("/api/v1/live/calls", get(h::live::list_live_calls))
        .route("/api/v1/live/calls/{id}", delete(h::live::hang_up))
        .route("/api/v1/events", get(h::live::events))
        .route("/api/v1/status", get(h::status::get_status))
}
