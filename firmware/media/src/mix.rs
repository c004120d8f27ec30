//! Mixing: each party hears the sum of the others.
//!
//! A conference is mixed at one rate: the highest that at least two members speak at or above, else 8 kHz. So two wide-band
//! telephones keep their quality, and one alone, whose full band nobody else could hear, costs nothing.

use crate::sound::{MAX_FRAME, Rate, Sound};

/// Most parties in one bridge.
pub const MAX_PARTIES: usize = 32;

/// The rate to mix members of these rates at.
pub fn rate(members: impl Iterator<Item = Rate>) -> Rate {
    // The second highest: two members can use it.
    let (mut highest, mut second) = (Rate::Narrow, Rate::Narrow);
    for rate in members {
        second = second.max(rate.min(highest));
        highest = highest.max(rate);
    }
    second
}

/// A sum that does not overflow with [`MAX_PARTIES`] parties.
#[derive(Clone, Debug)]
pub struct Sum {
    rate: Rate,
    samples: [i32; MAX_FRAME],
}

impl Sum {
    /// Nothing, at this rate.
    pub fn new(rate: Rate) -> Self {
        Sum { rate, samples: [0; MAX_FRAME] }
    }

    /// Adds what a party says, at the rate of the sum.
    pub fn add(&mut self, sound: &Sound) {
        for (sum, &sample) in self.samples.iter_mut().zip(sound.samples()) {
            *sum += i32::from(sample);
        }
    }

    /// The sum, limited to what a sample can hold.
    pub fn all(&self, out: &mut Sound) {
        for (sample, &sum) in out.at(self.rate).iter_mut().zip(&self.samples) {
            *sample = saturate(sum);
        }
    }

    /// The sum without one party's own part, limited to what a sample can hold.
    pub fn without(&self, own: &Sound, out: &mut Sound) {
        for ((sample, &sum), &own) in out.at(self.rate).iter_mut().zip(&self.samples).zip(own.samples()) {
            *sample = saturate(sum - i32::from(own));
        }
    }
}

fn saturate(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(rate: Rate, value: i16) -> Sound {
        let mut sound = Sound::silence(rate);
        sound.samples_mut().fill(value);
        sound
    }

    #[test]
    fn each_hears_the_others_and_loud_sums_saturate() {
        for rate in Rate::ALL {
            let mut sum = Sum::new(rate);
            let sounds: Vec<Sound> = (0..MAX_PARTIES as i16).map(|n| constant(rate, n * 100)).collect();
            sounds.iter().for_each(|s| sum.add(s));
            let total: i32 = (0..32).map(|n| n * 100).sum();
            let mut out = Sound::default();
            for (n, own) in sounds.iter().enumerate() {
                sum.without(own, &mut out);
                assert_eq!(out, constant(rate, (total - n as i32 * 100).min(32767) as i16));
            }
            let mut sum = Sum::new(rate);
            (0..MAX_PARTIES).for_each(|_| sum.add(&constant(rate, i16::MIN)));
            sum.all(&mut out);
            assert_eq!(out, constant(rate, i16::MIN));
        }
    }

    #[test]
    fn the_rate_is_the_highest_two_members_can_use() {
        use Rate::{Full, Narrow, Wide};
        for (members, expected) in [
            (&[][..], Narrow),
            (&[Full], Narrow),
            (&[Full, Narrow], Narrow),
            (&[Full, Wide, Narrow], Wide),
            (&[Wide, Narrow, Wide], Wide),
            (&[Full, Narrow, Full, Narrow], Full),
            (&[Narrow, Narrow, Narrow], Narrow),
        ] {
            assert_eq!(rate(members.iter().copied()), expected, "{members:?}");
        }
    }
}
