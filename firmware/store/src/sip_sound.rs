//! How sound and digits go to a SIP telephone or trunk: the same columns in both tables.

use offhook_switch::config::{CodecName, DigitMode, MediaEncryption, SipSound};
use rusqlite::Row;

use crate::sql::Json;

/// The columns, in the order [`read`] takes them in.
pub(crate) const COLUMNS: &str = "encryption, codecs, digits";

/// Reads the columns from the one numbered `first` on. A name that a later version wrote is taken for the default.
pub(crate) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<SipSound> {
    Ok(SipSound {
        encryption: MediaEncryption::from_name(row.get_ref(first)?.as_str()?).unwrap_or_default(),
        codecs: row.get::<_, Json<Vec<CodecName>>>(first + 1)?.0,
        digits: DigitMode::from_name(row.get_ref(first + 2)?.as_str()?).unwrap_or_default(),
    })
}
