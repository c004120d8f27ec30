//! Simulated lines for a box without hardware: what `--simulated-lines` gives.

use offhook_store::{Store, StoreError};
use offhook_switch::config::{AnswerSupervision, Line, LineKind, LineSound};
use offhook_switch::id::LineId;
use uuid::Uuid;

/// Two telephones and one outside line, when the box has no line yet. The first run's page connects them to extensions.
///
/// # Errors
/// When the database cannot be read or written.
pub(crate) fn give_lines(store: &Store) -> Result<(), StoreError> {
    if !store.lines()?.is_empty() {
        return Ok(());
    }
    for (port, kind) in [(1, LineKind::Fxs), (2, LineKind::Fxs), (3, LineKind::Fxo)] {
        // The page names a line without a label in its reader's language.
        // The simulated telephone company reverses its line at the answer.
        let answer_supervision = AnswerSupervision::Reversal;
        store.put_line(
            LineId(Uuid::now_v7()),
            Line { port, kind, label: String::new(), answer_supervision, sound: LineSound::default() },
        )?;
    }
    Ok(())
}
