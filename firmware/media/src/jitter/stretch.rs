//! Removing or inserting one period of a sound, so that nobody hears it (time-domain pitch-synchronous overlap-add, as WSOLA).
//!
//! The lag at which the sound looks most like itself is searched between 2.5 and 15 ms; the two stretches that far apart are faded into one
//! another. At both ends of the fade the sound goes on as it was, so there is no step. In quiet any lag will do.

use crate::resample::dot;
use crate::sound::Rate;

/// Shortest and longest period, in thousandths of a second and halves.
const SHORTEST_US: usize = 2500;
const LONGEST_US: usize = 15_000;
/// The search runs at about this rate first.
const COARSE_RATE: u32 = 4000;
/// Samples of two of the longest periods at the highest rate, and at most of the coarse search.
const FINE: usize = Rate::Full.hz() as usize * 2 * LONGEST_US / 1_000_000;
const COARSE: usize = FINE / (Rate::Full.hz() / COARSE_RATE) as usize;
/// Mean square below which nothing is heard: about −56 dBm0.
const QUIET: f32 = 1600.0;
/// How alike the two stretches must be, and when there is no time to be choosy.
const ALIKE: f32 = 0.85;
const ALIKE_URGENT: f32 = 0.3;

/// Samples needed in front to work on: 30 ms.
pub fn needed(rate: u32) -> usize {
    rate as usize * 2 * LONGEST_US / 1_000_000
}

/// Removes one period from the front of `samples[..length]`, in quiet about `by` samples; returns the new length. `None`: nothing suits.
pub fn shorten(samples: &mut [i16], length: usize, rate: u32, by: usize, urgent: bool) -> Option<usize> {
    let lag = find(samples.get(..length)?, rate, by, urgent)?;
    for n in 0..lag {
        let mixed = fade(*samples.get(n)?, *samples.get(n + lag)?, n, lag);
        *samples.get_mut(n)? = mixed;
    }
    samples.copy_within(2 * lag..length, lag);
    Some(length - lag)
}

/// Inserts one period near the front of `samples[..length]`, in quiet about `by` samples; returns the new length. `None`: nothing
/// suits, or there is no room.
pub fn lengthen(samples: &mut [i16], length: usize, rate: u32, by: usize, urgent: bool) -> Option<usize> {
    let lag = find(samples.get(..length)?, rate, by, urgent)?;
    if length + lag > samples.len() {
        return None;
    }
    samples.copy_within(lag..length, 2 * lag);
    for n in 0..lag {
        // From the second period back to the first, which then goes on with the second.
        let mixed = fade(*samples.get(n + 2 * lag)?, *samples.get(n)?, n, lag);
        *samples.get_mut(n + lag)? = mixed;
    }
    Some(length + lag)
}

/// Nobody hears what is done to these samples.
pub fn is_quiet(samples: &[i16]) -> bool {
    let energy: f32 = samples.iter().map(|&s| f32::from(s) * f32::from(s)).sum();
    energy < QUIET * samples.len() as f32
}

/// From one sample to another, the `n`th of `count` steps.
fn fade(from: i16, to: i16, n: usize, count: usize) -> i16 {
    let (n, count) = (n as i64, count as i64);
    ((i64::from(from) * (count - n) + i64::from(to) * n) / count) as i16
}

/// The lag to work with. Searched coarsely in sound of a low rate, then around the best with all samples: a sound without a period, which must
/// be looked at again and again, costs little.
fn find(samples: &[i16], rate: u32, by: usize, urgent: bool) -> Option<usize> {
    let at = |us: usize| rate as usize * us / 1_000_000;
    let longest = at(LONGEST_US).min(samples.len() / 2);
    let shortest = at(SHORTEST_US);
    if longest < shortest || shortest == 0 {
        return None;
    }
    let samples = samples.get(..2 * longest)?;
    if is_quiet(samples) {
        return Some(by.clamp(shortest, longest));
    }
    let step = (rate / COARSE_RATE).max(1) as usize;
    let mut coarse = [0f32; COARSE];
    let count = (samples.len() / step).min(COARSE);
    for (to, from) in coarse.iter_mut().zip(samples.chunks_exact(step)) {
        *to = from.iter().map(|&s| f32::from(s)).sum();
    }
    let coarse = coarse.get(..count)?;
    let around = step * best(coarse, shortest.div_ceil(step), longest / step)?.0;
    let mut fine = [0f32; FINE];
    fine.iter_mut().zip(samples).for_each(|(to, &from)| *to = f32::from(from));
    let fine = fine.get(..samples.len())?;
    let (lag, alike) = best(fine, around.saturating_sub(step - 1).max(shortest), (around + step - 1).min(longest))?;
    (alike >= if urgent { ALIKE_URGENT } else { ALIKE }).then_some(lag)
}

/// The lag from `shortest` to `longest` at which the first half looks most like what comes so much later, and how much so, −1 to 1.
fn best(samples: &[f32], shortest: usize, longest: usize) -> Option<(usize, f32)> {
    let (first, _) = samples.split_at(samples.len() / 2);
    let one = dot(first, first) + 1.0;
    let mut found = None;
    for lag in shortest..=longest {
        let later = samples.get(lag..lag + first.len())?;
        let alike = dot(first, later) / (one * (dot(later, later) + 1.0)).sqrt();
        if found.is_none_or(|(_, most)| alike > most) {
            found = Some((lag, alike));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, rate: u32, count: usize) -> Vec<i16> {
        let wave = |n: usize| (10_000.0 * (std::f64::consts::TAU * hz * n as f64 / f64::from(rate)).sin()) as i16;
        (0..count).map(wave).collect()
    }

    fn largest_step(samples: &[i16]) -> u16 {
        samples.windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap()
    }

    #[test]
    fn periodic_sound_changes_length_without_a_click() {
        for rate in [8000, 16_000, 48_000] {
            for hz in [90.0, 133.0, 220.0, 440.0, 1004.0, 1320.0, 2100.0] {
                let count = needed(rate);
                let whole = sine(hz, rate, count);
                let most = largest_step(&whole) + largest_step(&whole) / 5 + 200;
                let mut samples = whole.clone();
                let shorter = shorten(&mut samples, count, rate, 80, false).unwrap();
                assert!(shorter < count && shorter >= count / 2, "{rate} {hz}");
                assert!(
                    largest_step(&samples[..shorter]) <= most,
                    "{rate} {hz}: {}",
                    largest_step(&samples[..shorter])
                );
                // It ends as it did.
                assert_eq!(samples[shorter - 1], whole[count - 1]);
                let mut samples = [whole.clone(), vec![0; count]].concat();
                let longer = lengthen(&mut samples, count, rate, 80, false).unwrap();
                assert!(longer > count && longer <= count * 3 / 2);
                assert!(largest_step(&samples[..longer]) <= most, "{rate} {hz}: {}", largest_step(&samples[..longer]));
                assert_eq!((samples[0], samples[longer - 1]), (whole[0], whole[count - 1]));
            }
        }
    }

    #[test]
    fn noise_is_left_alone_unless_urgent_and_quiet_never_is() {
        let mut seed = 1u32;
        let mut noise: Vec<i16> = (0..240)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 18) as i16
            })
            .collect();
        noise.iter_mut().for_each(|s| *s -= 8192);
        assert_eq!(shorten(&mut noise, 240, 8000, 200, false), None);
        let mut quiet: Vec<i16> = noise.iter().map(|s| s / 512).collect();
        assert_eq!(shorten(&mut quiet, 240, 8000, 200, false), Some(120));
        quiet.resize(480, 0);
        assert_eq!(lengthen(&mut quiet, 120, 8000, 500, false), Some(180));
        assert_eq!(lengthen(&mut quiet, 480, 8000, 80, false), None, "no room");
        assert_eq!(shorten(&mut quiet, 10, 8000, 80, true), None, "too little");
        assert_eq!(shorten(&mut quiet, 1000, 8000, 80, true), None);
    }
}
