//! ITU-T G.722 at 64 kbit/s (mode 1): 16 kHz in two bands of sub-band ADPCM, one byte for two samples.
//!
//! The names of blocks and variables are those of the Recommendation (clauses 3 to 6). Arithmetic is in 16 bit as it asks, done in
//! `i32` with its saturations.

/// Coefficients of the quadrature mirror filters (Table 11), every second one; the others are the same backwards.
const QMF: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

/// Decision levels of the 6 bit quantizer (Table 14, Q6).
const Q6: [i32; 30] = [
    0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339,
    1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/// Output of the inverse quantizers of 6, 4 and 2 bits (Table 14, QQ6, QQ4, QQ2), by code.
const QQ6: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576,
    -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040,
    -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
    4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
];
const QQ4: [i32; 16] =
    [0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0];
const QQ2: [i32; 4] = [-7408, -1616, 7408, 1616];
/// Logarithmic steps of the scale factors (Table 14, WL through RL42, and WH through RH2), by code.
const WL: [i32; 16] = [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];
const WH: [i32; 4] = [798, -214, 798, -214];
/// Base-2 antilogarithm (Table 15, ILB).
const ILB: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025,
    3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

fn saturate(value: i32) -> i32 {
    value.clamp(-32768, 32767)
}

/// The adaptive predictor and scale factor of one band, which encoder and decoder share (blocks 3 and 4).
#[derive(Clone, Debug)]
struct Band {
    /// Predicted sample, and its part from the zeros.
    s: i32,
    sz: i32,
    /// Logarithmic scale factor and the linear one.
    nb: i32,
    det: i32,
    /// Reconstructed samples, partly reconstructed ones, poles: newest first.
    r: [i32; 2],
    p: [i32; 2],
    a: [i32; 2],
    /// Quantized differences and zeros: newest first.
    d: [i32; 6],
    b: [i32; 6],
}

impl Band {
    fn new(det: i32) -> Self {
        Band { s: 0, sz: 0, nb: 0, det, r: [0; 2], p: [0; 2], a: [0; 2], d: [0; 6], b: [0; 6] }
    }

    /// LOGSCL/SCALEL and LOGSCH/SCALEH.
    fn scale(&mut self, step: i32, most: i32, shift: i32) {
        self.nb = (((self.nb * 127) >> 7) + step).clamp(0, most);
        let mantissa = ILB.get(((self.nb >> 6) & 31) as usize).copied().unwrap_or(0);
        let down = shift - (self.nb >> 11);
        self.det = if down < 0 { mantissa << -down } else { mantissa >> down } << 2;
    }

    /// RECONS, PARREC, UPPOL2, UPPOL1, UPZERO, DELAYA, FILTEP, FILTEZ and PREDIC for a quantized difference.
    fn adapt(&mut self, d: i32) {
        let r = saturate(self.s + d);
        let p = saturate(self.sz + d);
        let negative = |value: i32| value < 0;
        let [a1, a2] = self.a;
        let [p1, p2] = self.p;
        let wd1 = saturate(a1 << 2);
        let wd2 = if negative(p) == negative(p1) { (-wd1).min(32767) } else { wd1 };
        let wd3 = if negative(p) == negative(p2) { 128 } else { -128 };
        let ap2 = (wd3 + (wd2 >> 7) + ((a2 * 32512) >> 15)).clamp(-12288, 12288);
        let wd1 = if negative(p) == negative(p1) { 192 } else { -192 };
        let most = saturate(15360 - ap2);
        let ap1 = saturate(wd1 + ((a1 * 32640) >> 15)).clamp(-most, most);
        let step = if d == 0 { 0 } else { 128 };
        for (b, old) in self.b.iter_mut().zip(&self.d) {
            let toward = if negative(*old) == negative(d) { step } else { -step };
            *b = saturate(toward + ((*b * 32640) >> 15));
        }
        self.d.copy_within(0..5, 1);
        self.d[0] = d;
        self.r = [r, self.r[0]];
        self.p = [p, p1];
        self.a = [ap1, ap2];
        let poles: i32 = self.a.iter().zip(&self.r).map(|(a, r)| (a * saturate(r + r)) >> 15).sum();
        let zeros: i32 = self.b.iter().zip(&self.d).map(|(b, d)| (b * saturate(d + d)) >> 15).sum();
        self.sz = saturate(zeros);
        self.s = saturate(saturate(poles) + self.sz);
    }

    /// The lower band goes on from four of its six bits (RIL).
    fn lower(&mut self, ril: usize) {
        let difference = (self.det * QQ4.get(ril).copied().unwrap_or(0)) >> 15;
        self.scale(WL.get(ril).copied().unwrap_or(0), 18432, 8);
        self.adapt(difference);
    }

    /// The higher band goes on from its two bits; gives the quantized difference.
    fn higher(&mut self, ih: usize) -> i32 {
        let difference = (self.det * QQ2.get(ih).copied().unwrap_or(0)) >> 15;
        self.scale(WH.get(ih).copied().unwrap_or(0), 22528, 10);
        self.adapt(difference);
        difference
    }
}

/// The last 24 samples around a mirror filter; gives its two sums.
fn mirror(x: &mut [i32; 24], newest: [i32; 2]) -> (i32, i32) {
    x.copy_within(2.., 0);
    let [.., a, b] = x;
    [*a, *b] = newest;
    let pairs = x.as_chunks::<2>().0;
    let even = pairs.iter().zip(QMF).map(|([even, _], c)| even * c).sum();
    let odd = pairs.iter().zip(QMF.iter().rev()).map(|([_, odd], c)| odd * c).sum();
    (even, odd)
}

/// The encoder of one stream.
#[derive(Clone, Debug)]
pub struct G722Encoder {
    x: [i32; 24],
    low: Band,
    high: Band,
}

impl Default for G722Encoder {
    fn default() -> Self {
        G722Encoder { x: [0; 24], low: Band::new(32), high: Band::new(8) }
    }
}

impl G722Encoder {
    /// Encodes samples at 16 kHz, two to a byte; returns the bytes written.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        let pairs = samples.as_chunks::<2>().0;
        for (code, &[first, second]) in out.iter_mut().zip(pairs) {
            let (even, odd) = mirror(&mut self.x, [i32::from(first), i32::from(second)]);
            *code = self.quantize((even + odd) >> 14, (odd - even) >> 14);
        }
        pairs.len().min(out.len())
    }

    fn quantize(&mut self, xl: i32, xh: i32) -> u8 {
        let el = saturate(xl - self.low.s);
        let size = if el < 0 { -(el + 1) } else { el };
        // QUANTL: the number of the interval, 1 to 30.
        let mil =
            Q6.iter().skip(1).position(|q| size < (q * self.low.det) >> 12).map_or(30, |position| position as i32 + 1);
        let il = match (el < 0, mil) {
            (true, 1) => 63,
            (true, 2) => 62,
            (true, n) => 34 - n,
            (false, n) => 62 - n,
        } as usize;
        self.low.lower(il >> 2);
        let eh = saturate(xh - self.high.s);
        let size = if eh < 0 { -(eh + 1) } else { eh };
        let outer = size >= (564 * self.high.det) >> 12;
        let ih = match (eh < 0, outer) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        };
        self.high.higher(ih);
        (ih << 6 | il) as u8
    }
}

/// The decoder of one stream.
#[derive(Clone, Debug)]
pub struct G722Decoder {
    x: [i32; 24],
    low: Band,
    high: Band,
}

impl Default for G722Decoder {
    fn default() -> Self {
        G722Decoder { x: [0; 24], low: Band::new(32), high: Band::new(8) }
    }
}

impl G722Decoder {
    /// Decodes bytes into two samples at 16 kHz each; returns the samples written.
    pub fn decode(&mut self, codes: &[u8], out: &mut [i16]) -> usize {
        let mut written = 0;
        for (&code, pair) in codes.iter().zip(out.as_chunks_mut::<2>().0) {
            let (il, ih) = (usize::from(code & 0x3f), usize::from(code >> 6));
            // LIMIT: 14 bits and a sign.
            let limit = |value: i32| value.clamp(-16384, 16383);
            let rl = limit(self.low.s + ((self.low.det * QQ6.get(il).copied().unwrap_or(0)) >> 15));
            self.low.lower(il >> 2);
            let predicted = self.high.s;
            let rh = limit(predicted + self.high.higher(ih));
            let (even, odd) = mirror(&mut self.x, [rl + rh, rl - rh]);
            *pair = [saturate(odd >> 11) as i16, saturate(even >> 11) as i16];
            written += 2;
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::dbm0;
    use crate::tone::goertzel::power;

    fn sine(hz: f64, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| (8000.0 * (std::f64::consts::TAU * hz * n as f64 / 16_000.0).sin()).round() as i16)
            .collect()
    }

    #[test]
    fn tones_of_both_bands_come_back() {
        for hz in [100.0, 440.0, 1000.0, 3400.0, 4300.0, 5500.0, 6800.0] {
            let said = sine(hz, 16_000);
            let mut codes = vec![0; 8000];
            assert_eq!(G722Encoder::default().encode(&said, &mut codes), 8000);
            let mut heard = vec![0; 16_000];
            assert_eq!(G722Decoder::default().decode(&codes, &mut heard), 16_000);
            let (said, heard) = (&said[1600..], &heard[1600..]);
            let scaled = hz / 2.0;
            let level = 10.0 * (power(heard, scaled) / power(said, scaled)).log10();
            assert!(level.abs() < 0.5, "{hz} Hz: {level} dB");
            let rest = 10f64.powf(f64::from(dbm0(heard)) / 10.0)
                - 10f64.powf(f64::from(crate::level::mean_square_dbm0(power(heard, scaled))) / 10.0);
            let noise = 10.0 * rest.max(1e-9).log10() - f64::from(dbm0(said));
            assert!(noise < -20.0, "{hz} Hz: noise {noise} dB");
        }
    }

    #[test]
    fn any_bytes_are_harmless_and_silence_is_silent() {
        let mut decoder = G722Decoder::default();
        let mut out = vec![0; 2000];
        let mut state = 1u32;
        for _ in 0..500 {
            let codes: Vec<u8> = (0..1000)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            assert_eq!(decoder.decode(&codes, &mut out), 2000);
        }
        let mut codes = vec![0; 1000];
        G722Encoder::default().encode(&vec![0; 2000], &mut codes);
        G722Decoder::default().decode(&codes, &mut out);
        assert!(out.iter().all(|s| s.unsigned_abs() < 16), "{:?}", out.iter().max());
    }

    #[test]
    fn loud_square_waves_do_not_wrap() {
        let said: Vec<i16> = (0..16_000).map(|n| if n / 40 % 2 == 0 { 32767 } else { -32768 }).collect();
        let mut codes = vec![0; 8000];
        G722Encoder::default().encode(&said, &mut codes);
        let mut heard = vec![0; 16_000];
        G722Decoder::default().decode(&codes, &mut heard);
        // The middle of each half wave has its sign.
        let wrong = (200..16_000 - 100)
            .filter(|n| (10..30).contains(&(n % 40)))
            .filter(|&n| i32::from(said[n]) * i32::from(heard[n + 22]) < 0 && (heard[n + 22]).unsigned_abs() > 8000)
            .count();
        assert!(wrong < 300, "{wrong}");
    }
}
