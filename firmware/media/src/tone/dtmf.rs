//! DTMF generation (ITU-T Q.23).

use crate::command::{Digit, ToneSegment};
use crate::tone::generator::ToneGenerator;
use std::time::Duration;

/// Low group frequencies, one per row of the keypad, Hz (Q.23 §1).
pub const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// High group frequencies, one per column of the keypad, Hz.
pub const HIGH: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
/// The keypad by rows.
pub const KEYS: [[Digit; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
/// Level of each frequency, dBm0: within what ETSI ES 201 235-2 and Q.24's receivers expect.
pub const LEVEL_DBM0: f32 = -8.0;
/// Silence after a digit before the next: 60 ms (Q.24 asks receivers for 40 ms or less in most networks, 70 at worst).
pub const PAUSE: Duration = Duration::from_millis(60);

/// The two frequencies of a digit, Hz.
pub fn frequencies(digit: Digit) -> Option<(f32, f32)> {
    let digit = digit.to_ascii_uppercase();
    KEYS.iter()
        .zip(LOW)
        .find_map(|(row, low)| row.iter().zip(HIGH).find(|(key, _)| **key == digit).map(|(_, h)| (low, h)))
}

/// A digit's tone and the pause after it.
pub fn generator(digit: Digit, duration: Duration) -> Option<ToneGenerator> {
    let (low, high) = frequencies(digit)?;
    let segments = [
        ToneSegment { hz: vec![low, high], duration: Some(duration), once: true },
        ToneSegment { hz: Vec::new(), duration: Some(PAUSE), once: true },
    ];
    Some(ToneGenerator::new(&segments, LEVEL_DBM0))
}
