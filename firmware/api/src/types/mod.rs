//! What goes over the wire: JSON bodies of the API. Times are UTC milliseconds, durations milliseconds, identifiers UUIDs.

pub mod access;
pub mod call;
pub mod event;
pub mod extension;
pub mod line;
pub mod plan;
pub mod sip_sound;
pub mod site;
pub mod status;
pub mod trunk;

pub use access::*;
pub use call::*;
pub use event::*;
pub use extension::*;
pub use line::*;
pub use plan::*;
pub use sip_sound::*;
pub use site::*;
pub use status::*;
pub use trunk::*;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a deletion answers: the way to take it back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Deleted {
    /// Hand this to `POST /undo/{token}` to restore what was deleted, with the same identifiers.
    pub undo: Uuid,
    /// Identifier of what was deleted.
    pub id: Uuid,
    /// A name to show, e.g. `1001 Reception`.
    pub label: String,
    /// Until when it can be taken back, UTC milliseconds.
    pub until: i64,
}
