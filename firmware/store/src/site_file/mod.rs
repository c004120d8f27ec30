//! The site file: a whole site's configuration as one readable TOML file.
//!
//! [`check`] reads it and says all that is wrong, each with its line; [`Store::import_site_file`] puts it into an empty store;
//! [`Store::export_site_file`] writes it. The form is described in `firmware/docs/site-file.md`.

mod check;
mod export;
mod import;
mod plan;
mod schema;

pub use plan::{Finding, Plan};

/// Reads a site file and checks all of it.
///
/// # Errors
/// Everything found wrong, in order of the lines.
pub fn check(text: &str) -> Result<Plan, Vec<Finding>> {
    check::check(text)
}

/// Why a site file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is not right.
    #[error("the site file has {} error(s), the first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    File(Vec<Finding>),
    /// The database refused; [`crate::Conflict::NotEmpty`] when the box is configured already.
    #[error(transparent)]
    Store(#[from] crate::StoreError),
}
