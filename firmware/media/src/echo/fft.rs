//! A real discrete Fourier transform of 64 points, and spectra as the adaptive filter keeps them.

use std::f32::consts::TAU;

/// Points of the transform: two blocks.
pub(super) const POINTS: usize = 64;
/// New samples per transform: 4 ms at 8 kHz. Five blocks are a frame.
pub(super) const BLOCK: usize = POINTS / 2;
/// Frequencies 0 to 4 kHz, 125 Hz apart: 33, and zeros up to a multiple of four, which vector instructions want.
pub(super) const BINS: usize = 36;
/// Frequencies that mean something.
const USED: usize = BLOCK + 1;
const STAGES: u32 = BLOCK.ilog2();

/// The lower half of a real signal's spectrum, real and imaginary parts apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spectrum {
    pub(super) re: [f32; BINS],
    pub(super) im: [f32; BINS],
}

impl Spectrum {
    pub(super) const ZERO: Spectrum = Spectrum { re: [0.0; BINS], im: [0.0; BINS] };

    /// Squared magnitudes.
    pub(super) fn power(&self) -> [f32; BINS] {
        std::array::from_fn(|n| {
            let (re, im) = (self.re.get(n), self.im.get(n));
            re.map_or(0.0, |x| x * x) + im.map_or(0.0, |x| x * x)
        })
    }

    /// Adds the product of two spectra.
    pub(super) fn add_product(&mut self, a: &Spectrum, b: &Spectrum) {
        let a = a.re.iter().zip(&a.im);
        let b = b.re.iter().zip(&b.im);
        for (((re, im), (ar, ai)), (br, bi)) in self.re.iter_mut().zip(&mut self.im).zip(a).zip(b) {
            *re += ar * br - ai * bi;
            *im += ar * bi + ai * br;
        }
    }
}

/// Tables of the transform.
#[derive(Debug)]
pub(super) struct Fft {
    /// exp(-2πi n / 64).
    cos: [f32; POINTS],
    sin: [f32; POINTS],
    reversed: [u8; BLOCK],
}

impl Fft {
    pub(super) fn new() -> Self {
        Fft {
            cos: std::array::from_fn(|n| (TAU * n as f32 / POINTS as f32).cos()),
            sin: std::array::from_fn(|n| -(TAU * n as f32 / POINTS as f32).sin()),
            reversed: std::array::from_fn(|n| ((n as u32).reverse_bits() >> (32 - STAGES)) as u8),
        }
    }

    /// Cosine and sine of a 64th of a turn times `n`.
    pub(super) fn unit(&self, n: usize) -> (f32, f32) {
        self.twiddle(n)
    }

    fn twiddle(&self, n: usize) -> (f32, f32) {
        (self.cos[n % POINTS], self.sin[n % POINTS])
    }

    /// The spectrum of 64 samples, not scaled.
    pub(super) fn forward(&self, samples: &[f32; POINTS]) -> Spectrum {
        // Even samples as real and odd ones as imaginary parts: a complex transform of half the size.
        let (mut re, mut im) = ([0.0; BLOCK], [0.0; BLOCK]);
        for (&place, pair) in self.reversed.iter().zip(samples.as_chunks::<2>().0) {
            [re[usize::from(place) % BLOCK], im[usize::from(place) % BLOCK]] = *pair;
        }
        self.butterflies(&mut re, &mut im);
        let mut out = Spectrum::ZERO;
        for n in 0..USED {
            let (a, b) = (n % BLOCK, (BLOCK - n) % BLOCK);
            let (even_re, even_im) = ((re[a] + re[b]) / 2.0, (im[a] - im[b]) / 2.0);
            let (odd_re, odd_im) = ((im[a] + im[b]) / 2.0, (re[b] - re[a]) / 2.0);
            let (c, s) = self.twiddle(n);
            out.re[n] = even_re + c * odd_re - s * odd_im;
            out.im[n] = even_im + c * odd_im + s * odd_re;
        }
        out
    }

    /// The 64 samples of a spectrum, scaled so that it undoes [`Fft::forward`].
    pub(super) fn inverse(&self, spectrum: &Spectrum) -> [f32; POINTS] {
        let (mut re, mut im) = ([0.0; BLOCK], [0.0; BLOCK]);
        for n in 0..BLOCK {
            let (ar, ai) = (spectrum.re[n], spectrum.im[n]);
            let (br, bi) = (spectrum.re[BLOCK - n], -spectrum.im[BLOCK - n]);
            let (even_re, even_im) = (ar + br, ai + bi);
            let (c, s) = self.twiddle(n);
            // Times exp(+2πi n / 64).
            let (odd_re, odd_im) = ((ar - br) * c + (ai - bi) * s, (ai - bi) * c - (ar - br) * s);
            let place = usize::from(self.reversed[n]) % BLOCK;
            // Conjugated, so that the forward butterflies make the inverse transform.
            re[place] = even_re - odd_im;
            im[place] = -(even_im + odd_re);
        }
        self.butterflies(&mut re, &mut im);
        let scale = 1.0 / POINTS as f32;
        std::array::from_fn(|n| if n % 2 == 0 { re[n / 2] * scale } else { -im[n / 2] * scale })
    }

    /// Decimation in time, radix two, of 32 complex points in bit-reversed order.
    fn butterflies(&self, re: &mut [f32; BLOCK], im: &mut [f32; BLOCK]) {
        let mut half = 1;
        while half < BLOCK {
            for start in (0..BLOCK).step_by(2 * half) {
                for n in 0..half {
                    let (c, s) = self.twiddle(n * BLOCK / half);
                    let (a, b) = ((start + n) % BLOCK, (start + n + half) % BLOCK);
                    let (tr, ti) = (re[b] * c - im[b] * s, re[b] * s + im[b] * c);
                    (re[b], im[b]) = (re[a] - tr, im[a] - ti);
                    (re[a], im[a]) = (re[a] + tr, im[a] + ti);
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_discrete_fourier_transform_and_its_inverse() {
        let fft = Fft::new();
        let mut seed = 1u32;
        let samples: [f32; POINTS] = std::array::from_fn(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 8_388_608.0 - 1.0
        });
        let spectrum = fft.forward(&samples);
        for n in 0..USED {
            let (mut re, mut im) = (0.0, 0.0);
            for (k, x) in samples.iter().enumerate() {
                let angle = f64::from(TAU) * (n * k) as f64 / POINTS as f64;
                re += f64::from(*x) * angle.cos();
                im -= f64::from(*x) * angle.sin();
            }
            assert!((f64::from(spectrum.re[n]) - re).abs() < 1e-4, "{n}");
            assert!((f64::from(spectrum.im[n]) - im).abs() < 1e-4, "{n}");
        }
        for (a, b) in fft.inverse(&spectrum).iter().zip(&samples) {
            assert!((a - b).abs() < 1e-5);
        }
    }
}
