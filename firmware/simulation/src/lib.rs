//! The `simulation` room.
