//! The wrapper for what must not be logged: numbers, names, digits, addresses of callers (DESIGN.md truth 5).

use std::fmt;

/// Prints as `…` in `Debug` and `Display`. The value itself is reached by `.0`, which a reviewer can search for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pii<T>(pub T);

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
