//! Mixing: each party hears the sum of the others.

use crate::{FRAME, Frame};

/// Most parties in one bridge.
pub const MAX_PARTIES: usize = 32;

/// A sum that does not overflow with [`MAX_PARTIES`] parties.
#[derive(Clone, Debug)]
pub struct Sum([i32; FRAME]);

impl Default for Sum {
    fn default() -> Self {
        Sum([0; FRAME])
    }
}

impl Sum {
    /// Empties it.
    pub fn clear(&mut self) {
        self.0 = [0; FRAME];
    }

    /// Adds what a party says.
    pub fn add(&mut self, frame: &Frame) {
        for (sum, &sample) in self.0.iter_mut().zip(frame) {
            *sum += i32::from(sample);
        }
    }

    /// The sum, limited to what a sample can hold.
    pub fn all(&self, out: &mut Frame) {
        for (sample, &sum) in out.iter_mut().zip(&self.0) {
            *sample = saturate(sum);
        }
    }

    /// The sum without one party's own part, limited to what a sample can hold.
    pub fn without(&self, own: &Frame, out: &mut Frame) {
        for ((sample, &sum), &own) in out.iter_mut().zip(&self.0).zip(own) {
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

    #[test]
    fn each_hears_the_others_and_loud_sums_saturate() {
        let mut sum = Sum::default();
        let frames: Vec<Frame> = (0..MAX_PARTIES as i16).map(|n| [n * 100; FRAME]).collect();
        frames.iter().for_each(|f| sum.add(f));
        let total: i32 = (0..32).map(|n| n * 100).sum();
        let mut out = [0; FRAME];
        for (n, own) in frames.iter().enumerate() {
            sum.without(own, &mut out);
            assert_eq!(i32::from(out[7]), (total - n as i32 * 100).min(32767));
        }
        sum.clear();
        (0..MAX_PARTIES).for_each(|_| sum.add(&[i16::MIN; FRAME]));
        sum.all(&mut out);
        assert_eq!(out, [i16::MIN; FRAME]);
    }
}
