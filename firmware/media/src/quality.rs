//! How a call sounds, as one number: the E-model (ITU-T G.107) with the impairment of codecs and losses of G.113 Appendix I.
//!
//! All but delay, loss and codec has the default of G.107 Table 2, as is usual for reports from the middle of a network (RFC 3611
//! §4.7.5). The scale is the narrow-band one also for wide-band codecs, whose better sound it does not credit.

use crate::command::Codec;
use crate::sound::Rate;

/// What is known of the way to a listener.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// One-way delay from mouth to ear, milliseconds.
    pub one_way_ms: f64,
    /// Equipment impairment factor Ie.
    pub ie: f64,
    /// Packet-loss robustness Bpl.
    pub bpl: f64,
    /// Sound lost or made up, percent.
    pub loss_percent: f64,
    /// Burst ratio: mean length of a run of losses against that of random loss; at least 1.
    pub burst_ratio: f64,
}

impl Default for Path {
    /// G.711 without delay or loss.
    fn default() -> Self {
        Path { one_way_ms: 0.0, ie: 0.0, bpl: 25.1, loss_percent: 0.0, burst_ratio: 1.0 }
    }
}

/// Ie and Bpl of a codec. G.711 with concealment is G.113 Appendix I Table I.3. For codecs of wider band there are no values on this scale:
/// they are taken as G.711 without concealment, which is known to be no better than they are.
pub fn impairment(codec: Codec) -> (f64, f64) {
    match codec.rate() {
        Rate::Narrow => (0.0, 25.1),
        Rate::Wide | Rate::Full => (0.0, 4.3),
    }
}

/// The transmission rating R, 0–100 (G.107 §7.1).
pub fn rating(path: &Path) -> f64 {
    // Defaults of G.107 Table 2.
    let (slr, rlr, stmr, lstr, ds) = (8.0, 2.0, 15.0, 18.0, 3.0);
    let (telr, wepl, qdu) = (65.0, 110.0, 1.0f64);
    let (nc, nfor, ps, pr) = (-70.0f64, -64.0, 35.0, 35.0);
    let power = |db: f64| 10f64.powf(db / 10.0);
    // T, Ta and Tr: an echo goes there and back.
    let t = path.one_way_ms.clamp(0.0, 10_000.0);
    let (ta, tr) = (t, 2.0 * t);

    // §7.2: signal against noise.
    let olr = slr + rlr;
    let nos = ps - slr - ds - 100.0 + 0.004 * (ps - olr - ds - 14.0f64).powi(2);
    let pre = pr + 10.0 * (1.0 + power(10.0 - lstr)).log10();
    let nor = rlr - 121.0 + pre + 0.008 * (pre - 35.0).powi(2);
    let nfo: f64 = nfor + rlr;
    let no = 10.0 * (power(nc) + power(nos) + power(nor) + power(nfo)).log10();
    let ro = 15.0 - 1.5 * (slr + no);

    // §7.3: what happens together with the voice.
    let xolr = olr + 0.2 * (64.0 + no - rlr);
    let iolr = 20.0 * ((1.0 + (xolr / 8.0f64).powi(8)).powf(1.0 / 8.0) - xolr / 8.0);
    let stmro = -10.0 * (power(-stmr) + (-t / 4.0).exp() * power(-telr)).log10();
    let root = |x: f64, n: i32| (1.0 + x.powi(n)).powf(1.0 / f64::from(n));
    let ist = 12.0 * root((stmro - 13.0) / 6.0, 8)
        - 28.0 * root((stmro + 1.0) / 19.4, 35)
        - 13.0 * root((stmro - 3.0) / 33.0, 13)
        + 29.0;
    let q = 37.0 - 15.0 * qdu.log10();
    let g = 1.07 + 0.258 * q + 0.0602 * q * q;
    let y = (ro - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0;
    let z = 46.0 / 30.0 - g / 40.0;
    let iq = 15.0 * (1.0 + 10f64.powf(y) + 10f64.powf(z)).log10();

    // §7.4: echo of the talker, echo of the listener, and waiting for an answer.
    let roe = -1.5 * (no - rlr);
    let terv = telr - 40.0 * ((1.0 + t / 10.0) / (1.0 + t / 150.0)).log10() + 6.0 * (-0.3 * t * t).exp();
    let re = 80.0 + 2.5 * (terv - 14.0);
    let idte = ((roe - re) / 2.0 + ((roe - re).powi(2) / 4.0 + 100.0).sqrt() - 1.0) * (1.0 - (-t).exp());
    let rle = 10.5 * (wepl + 7.0) * (tr + 1.0).powf(-0.25);
    let idle = (ro - rle) / 2.0 + ((ro - rle).powi(2) / 4.0 + 169.0).sqrt();
    let idd = if ta <= 100.0 {
        0.0
    } else {
        let x = (ta / 100.0).log2();
        25.0 * (root(x, 6) - 3.0 * root(x / 3.0, 6) + 2.0)
    };

    // §7.5: the codec and what is lost.
    let loss = path.loss_percent.clamp(0.0, 100.0);
    let burst_ratio = path.burst_ratio.clamp(1.0, 100.0);
    let ie_eff = path.ie + (95.0 - path.ie) * loss / (loss / burst_ratio + path.bpl.max(0.1));
    (ro - (iolr + ist + iq) - (idte + idle + idd) - ie_eff).clamp(0.0, 100.0)
}

/// The mean opinion score estimated for a conversation, 1–4.5 (G.107 Annex B).
pub fn mean_opinion(r: f64) -> f64 {
    if r <= 0.0 {
        1.0
    } else if r >= 100.0 {
        4.5
    } else {
        (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(change: impl FnOnce(&mut Path)) -> f64 {
        let mut path = Path::default();
        change(&mut path);
        rating(&path)
    }

    #[test]
    fn the_defaults_give_the_rating_of_the_recommendation() {
        // G.107 §7.7: R = 93.2 with all parameters at their defaults; Annex B: MOS 4.41.
        assert!((r(|_| ()) - 93.2).abs() < 0.05, "{}", r(|_| ()));
        assert!((mean_opinion(93.2) - 4.41).abs() < 0.005);
        // Annex B Table B.1: R 90, 80, 70, 60, 50 are MOS 4.34, 4.03, 3.60, 3.10, 2.58.
        for (r, mos) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)] {
            assert!((mean_opinion(r) - mos).abs() < 0.01, "{r}: {}", mean_opinion(r));
        }
        assert_eq!((mean_opinion(-5.0), mean_opinion(100.0), mean_opinion(120.0)), (1.0, 4.5, 4.5));
        assert!((1..100).all(|r| (1.0..=4.5).contains(&mean_opinion(f64::from(r)))));
    }

    #[test]
    fn loss_counts_by_the_codecs_robustness() {
        // Ie,eff by hand: 95 × 2 / (2 + 25.1) = 7.01; without concealment 95 × 2 / (2 + 4.3) = 30.16.
        assert!((r(|_| ()) - r(|p| p.loss_percent = 2.0) - 7.01).abs() < 0.01);
        assert!((r(|_| ()) - r(|p| (p.loss_percent, p.bpl) = (2.0, 4.3)) - 30.16).abs() < 0.01);
        // Bursts: 95 × 2 / (2 / 4 + 25.1) = 7.42.
        assert!((r(|_| ()) - r(|p| (p.loss_percent, p.burst_ratio) = (2.0, 4.0)) - 7.42).abs() < 0.01);
        // G.729A: Ie 11.
        assert!((r(|_| ()) - r(|p| (p.ie, p.bpl) = (11.0, 19.0)) - 11.0).abs() < 0.01);
        assert_eq!(r(|p| (p.loss_percent, p.ie, p.bpl) = (100.0, 90.0, 0.0)), 0.0);
    }

    #[test]
    fn delay_counts_little_to_150_ms_and_much_beyond() {
        // With no echo to speak of, waiting costs nothing to 100 ms; at 400 ms Idd alone is 25 × (64^(1/6)… − …) = 22.6 or so (G.107 Figure 2).
        let (short, mid, long) = (r(|p| p.one_way_ms = 50.0), r(|p| p.one_way_ms = 150.0), r(|p| p.one_way_ms = 400.0));
        assert!(short > 89.0 && mid > 85.0 && (55.0..70.0).contains(&long), "{short} {mid} {long}");
        let mut last = 101.0;
        for ms in 0..1000 {
            let now = r(|p| p.one_way_ms = f64::from(ms));
            assert!(now <= last + 0.3, "{ms} ms: {now} after {last}");
            last = now;
        }
    }
}
