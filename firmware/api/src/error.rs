//! Errors as RFC 9457 problem details.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use offhook_store::{Conflict, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was refused (`application/problem+json`, RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// A sentence in English.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable, for programs and translations, e.g. `extension_taken`.
    pub code: String,
    /// The field of the body at fault, e.g. `extension`, `devices.0.label`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// More, e.g. the value or limit at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Problem {
    /// A problem with a status, a code and a sentence.
    pub fn new(status: StatusCode, code: &str, title: impl Into<String>) -> Self {
        Problem {
            kind: "about:blank",
            title: title.into(),
            status: status.as_u16(),
            code: code.into(),
            field: None,
            detail: None,
        }
    }

    /// A value of the body is not acceptable.
    pub fn invalid(field: &str, code: &str, title: impl Into<String>) -> Self {
        Problem { field: Some(field.into()), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, title) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl Problem {
    /// Nothing here, or nothing this person may see.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing.")
    }

    /// Our fault. What went wrong is in the log, not here.
    pub(crate) fn internal(reason: &str) -> Self {
        tracing::error!(reason, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The box could not do this.")
    }

    /// What is asked contradicts what is there.
    pub(crate) fn conflict(code: &str, title: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, title)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let title = error.to_string();
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Conflict(conflict) => {
                let (code, field) = match conflict {
                    Conflict::NumberTaken(_) => ("number_taken", Some("extension")),
                    Conflict::NumberIsEmergency(_) => ("number_is_emergency", Some("extension")),
                    Conflict::UsernameTaken(_) => ("username_taken", Some("kind.username")),
                    Conflict::PortTaken(_) => ("port_taken", Some("port")),
                    Conflict::LineTaken => ("line_taken", Some("kind.line")),
                    Conflict::LineKind => ("line_kind", Some("kind.line")),
                    Conflict::InUse(_) => ("in_use", None),
                    Conflict::Missing(_) => ("reference_missing", None),
                    Conflict::NotEmpty => ("setup_done", None),
                };
                Problem { field: field.map(str::to_owned), ..Self::conflict(code, title) }
            }
            StoreError::DiskFull => Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", title),
            StoreError::ReadOnly => Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_read_only", title),
            StoreError::QueueFull | StoreError::Closed => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_busy", title)
            }
            StoreError::Disk(_) => {
                tracing::error!(error = title, "the database failed");
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_failed", "The disk failed.")
            }
            StoreError::Corrupt(_)
            | StoreError::Migration { .. }
            | StoreError::Key(_)
            | StoreError::Value(_)
            | StoreError::Sql(_) => Self::internal(&title),
        }
    }
}
