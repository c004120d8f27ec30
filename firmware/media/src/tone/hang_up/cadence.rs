//! Lengths of sound and silence against a cadence.

use super::profile::MOST_SOUNDS;

/// A tone without end is a hang-up after this long, ms.
const ENDLESS_MS: u32 = 4000;
/// Cycles that must agree.
const CYCLES: u32 = 2;

/// Follows a cadence.
#[derive(Clone, Debug)]
pub(super) struct Cadence {
    /// Sound, silence, sound, silence …, ms.
    times: [u32; 2 * MOST_SOUNDS],
    count: usize,
    /// What should come next, when the last lengths agreed.
    next: Option<usize>,
    agreed: u32,
}

impl Cadence {
    pub(super) fn new(cadence_ms: &[(u32, u32)]) -> Self {
        let mut times = [0; 2 * MOST_SOUNDS];
        let flat = cadence_ms.iter().flat_map(|&(on, off)| [on, off]);
        times.iter_mut().zip(flat).for_each(|(to, from)| *to = from);
        Cadence { times, count: 2 * cadence_ms.len().min(MOST_SOUNDS), next: None, agreed: 0 }
    }

    pub(super) fn reset(&mut self) {
        (self.next, self.agreed) = (None, 0);
    }

    /// A sound or silence of this length is over; true when the cadence has agreed for long enough.
    pub(super) fn over(&mut self, sound: bool, ms: u32) -> bool {
        let fits = |&index: &usize| {
            let wanted = self.times.get(index).copied().unwrap_or(0);
            (index % 2 == 0) == sound && ms.abs_diff(wanted) <= tolerance(wanted)
        };
        let follows = self.next.filter(fits);
        self.agreed = if follows.is_some() { self.agreed + 1 } else { 1 };
        match follows.or_else(|| (0..self.count).find(fits)) {
            Some(index) => self.next = Some((index + 1) % self.count.max(1)),
            None => self.reset(),
        }
        self.count > 0 && self.agreed >= CYCLES * self.count as u32
    }

    /// A sound has lasted so long; true when the tone has no cadence and this is enough.
    pub(super) fn lasts(&self, ms: u32) -> bool {
        self.count == 0 && ms >= ENDLESS_MS
    }

    /// No sound or silence of the cadence is so long: it is over.
    pub(super) fn is_too_long(&self, ms: u32) -> bool {
        let longest = self.times.iter().copied().max().unwrap_or(0);
        self.count > 0 && ms > longest + tolerance(longest)
    }
}

/// A length may differ by this: exchanges keep theirs to a tenth, edges are seen to two looks.
pub(super) fn tolerance(ms: u32) -> u32 {
    ms / 8 + 25
}
