//! Packet indices: the roll-over counter and the replay list (RFC 3711 §3.3).

/// Indices remembered behind the highest one.
const WINDOW: u64 = 128;
/// Largest index of RTP: 48 bits.
const MAX_INDEX: u64 = (1 << 48) - 1;

/// What was seen of one source.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    highest: Option<u64>,
    /// Bit n: `highest - n` was seen.
    bits: u128,
}

impl Seen {
    /// The most likely index of a sequence number (RFC 3711 appendix A). `None` past the key's life.
    pub(super) fn guess(&self, sequence: u16) -> Option<u64> {
        let Some(highest) = self.highest else {
            return Some(u64::from(sequence));
        };
        let (counter, last) = (highest >> 16, highest as u16);
        let counter = if last < 0x8000 {
            // A number far ahead belongs to before the last roll-over; there is nothing before the first.
            if i32::from(sequence) - i32::from(last) > 0x8000 { counter.checked_sub(1)? } else { counter }
        } else if i32::from(last) - 0x8000 > i32::from(sequence) {
            counter + 1
        } else {
            counter
        };
        let index = (counter << 16) | u64::from(sequence);
        (index <= MAX_INDEX).then_some(index)
    }

    /// It is neither known nor too old to tell.
    pub(super) fn is_new(&self, index: u64) -> bool {
        match self.highest {
            Some(highest) if index <= highest => {
                let behind = highest - index;
                behind < WINDOW && self.bits & (1 << behind) == 0
            }
            _ => true,
        }
    }

    /// Remembers an index that [`Seen::is_new`].
    pub(super) fn mark(&mut self, index: u64) {
        match self.highest {
            Some(highest) if index <= highest => self.bits |= 1_u128.checked_shl((highest - index) as u32).unwrap_or(0),
            highest => {
                let ahead = highest.map_or(WINDOW, |highest| index - highest);
                self.bits = self.bits.checked_shl(ahead.min(WINDOW) as u32).unwrap_or(0) | 1;
                self.highest = Some(index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_counter_rolls_over_and_stragglers_belong_to_before() {
        let mut seen = Seen::default();
        seen.mark(seen.guess(0xfffe).unwrap());
        assert_eq!(seen.guess(1), Some(0x1_0001));
        seen.mark(0x1_0001);
        assert_eq!(seen.guess(0xffff), Some(0xffff));
        assert_eq!(seen.guess(2), Some(0x1_0002));
        assert!(seen.is_new(0xffff) && !seen.is_new(0xfffe) && !seen.is_new(0x1_0001));
        // Before the first roll-over there is nothing.
        let mut first = Seen::default();
        first.mark(5);
        assert_eq!(first.guess(0xfff0), None);
        // At the end of the key's life.
        let mut last = Seen::default();
        last.mark(MAX_INDEX);
        assert_eq!(last.guess(0), None);
    }

    proptest! {
        /// Against a model that remembers everything.
        #[test]
        fn nothing_is_new_twice(start in 0_u64..200_000, steps in proptest::collection::vec(-140_i64..200, 1..300)) {
            let (mut seen, mut model) = (Seen::default(), std::collections::BTreeSet::new());
            let mut at = start;
            for step in steps {
                let index = at.saturating_add_signed(step);
                let highest = model.last().copied();
                let expected = !model.contains(&index) && highest.is_none_or(|h: u64| index + WINDOW > h);
                prop_assert_eq!(seen.is_new(index), expected);
                if expected {
                    seen.mark(index);
                    model.insert(index);
                    at = index;
                }
            }
        }

        /// The guess is right for any loss and reordering below half the number space.
        #[test]
        fn indices_are_guessed(start in 40_000_u64..1_000_000, step in -32_000_i64..32_000) {
            let mut seen = Seen::default();
            // Reach the counter by walking: a guess cannot jump.
            let mut at = start % 0x1_0000;
            seen.mark(at);
            while at < start {
                at = (at + 20_000).min(start);
                prop_assert_eq!(seen.guess(at as u16), Some(at));
                seen.mark(at);
            }
            let index = at.saturating_add_signed(step);
            if index >= 0x1_0000 || step > 0 {
                prop_assert_eq!(seen.guess(index as u16), Some(index));
            }
        }
    }
}
