//! The power of one frequency in a block of samples (Goertzel's algorithm).

/// Running sums for one frequency.
#[derive(Clone, Copy, Debug)]
pub struct Goertzel {
    coefficient: f32,
    s1: f32,
    s2: f32,
}

impl Goertzel {
    /// For a frequency in Hz at 8 kHz.
    pub fn new(hz: f32) -> Self {
        Goertzel { coefficient: 2.0 * (std::f32::consts::TAU * hz / 8000.0).cos(), s1: 0.0, s2: 0.0 }
    }

    /// Adds a sample.
    #[inline]
    pub fn add(&mut self, sample: f32) {
        let s0 = sample + self.coefficient * self.s1 - self.s2;
        self.s2 = self.s1;
        self.s1 = s0;
    }

    /// The squared magnitude of the sum since the last call, and a new start.
    pub fn take(&mut self) -> f32 {
        let magnitude = self.s1 * self.s1 + self.s2 * self.s2 - self.coefficient * self.s1 * self.s2;
        (self.s1, self.s2) = (0.0, 0.0);
        magnitude.max(0.0)
    }

    /// The sum since the last call as a complex number (real, imaginary), its phase that of the last sample, and a new start. `hz` as
    /// given to [`Goertzel::new`].
    pub fn take_complex(&mut self, hz: f32) -> (f32, f32) {
        let (sine, cosine) = (std::f32::consts::TAU * hz / 8000.0).sin_cos();
        let sum = (self.s1 - self.s2 * cosine, self.s2 * sine);
        (self.s1, self.s2) = (0.0, 0.0);
        sum
    }
}

/// Mean square of the sine of this frequency in the samples.
pub fn power(samples: &[i16], hz: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * hz / 8000.0).cos();
    let (mut s1, mut s2) = (0.0f64, 0.0f64);
    for &sample in samples {
        let s0 = f64::from(sample) + coefficient * s1 - s2;
        (s2, s1) = (s1, s0);
    }
    let magnitude = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    let n = samples.len().max(1) as f64;
    2.0 * magnitude.max(0.0) / (n * n)
}
