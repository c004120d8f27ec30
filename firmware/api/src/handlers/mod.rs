//! One file per resource. Each handler carries its OpenAPI description.

pub(crate) mod announcements;
pub(crate) mod calls;
pub(crate) mod devices;
mod event_stream;
pub(crate) mod extensions;
mod file;
pub(crate) mod inbound_routes;
mod line_socket;
pub(crate) mod line_widget;
pub(crate) mod lines;
pub(crate) mod live;
pub(crate) mod outbound_routes;
pub(crate) mod recording_rules;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod site;
pub(crate) mod status;
pub(crate) mod trunks;
pub(crate) mod undo;
mod view;
