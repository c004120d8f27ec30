//! ITU-T G.711: A-law and µ-law, by tables made at compile time.
//!
//! Linear samples are 16 bit: G.711's 13 bit A-law values times 8, its 14 bit µ-law values times 4.

/// A-law code to linear.
pub static ALAW_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = alaw_expand(code as u8);
        code += 1;
    }
    table
};

/// µ-law code to linear.
pub static ULAW_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = ulaw_expand(code as u8);
        code += 1;
    }
    table
};

/// Upper 12 bits of a sample's bit pattern to A-law.
static ALAW_ENCODE: [u8; 4096] = {
    let mut table = [0; 4096];
    let mut index = 0;
    while index < 4096 {
        table[index] = alaw_compress(((index as u16) << 4) as i16);
        index += 1;
    }
    table
};

/// Upper 14 bits of a sample's bit pattern to µ-law.
static ULAW_ENCODE: [u8; 16384] = {
    let mut table = [0; 16384];
    let mut index = 0;
    while index < 16384 {
        table[index] = ulaw_compress(((index as u16) << 2) as i16);
        index += 1;
    }
    table
};

/// A-law to µ-law (through linear).
pub static ALAW_TO_ULAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = ulaw_compress(alaw_expand(code as u8));
        code += 1;
    }
    table
};

/// µ-law to A-law (through linear).
pub static ULAW_TO_ALAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = alaw_compress(ulaw_expand(code as u8));
        code += 1;
    }
    table
};

/// Linear to A-law.
#[inline]
pub fn alaw_encode(sample: i16) -> u8 {
    ALAW_ENCODE[usize::from(sample as u16 >> 4)]
}

/// Linear to µ-law.
#[inline]
pub fn ulaw_encode(sample: i16) -> u8 {
    ULAW_ENCODE[usize::from(sample as u16 >> 2)]
}

/// G.711 Table 1: sign, three bits of segment, four of interval; even bits inverted on the wire.
const fn alaw_compress(sample: i16) -> u8 {
    // Twelve bits of magnitude, one's complement for negative values so that both signs have the same 2048 steps.
    let negative = sample < 0;
    let magnitude = (if negative { !sample } else { sample }) >> 4;
    let code = if magnitude < 32 {
        magnitude // Segments 0 and 1 are one straight line.
    } else {
        let mut segment = 1;
        let mut interval = magnitude;
        while interval > 16 + 15 {
            interval >>= 1;
            segment += 1;
        }
        (segment << 4) | (interval - 16)
    } as u8;
    let signed = if negative { code } else { code | 0x80 };
    signed ^ 0x55
}

const fn alaw_expand(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = (code & 0x70) >> 4;
    let interval = (code & 0x0f) as i16;
    // The middle of the interval, in 16 bit units (a step of the first segment is 16).
    let magnitude = match segment {
        0 => (interval << 4) + 8,
        _ => ((interval << 4) + 0x108) << (segment - 1),
    };
    if code & 0x80 != 0 { magnitude } else { -magnitude }
}

/// G.711 Table 2: bias 33 (in 14 bit units), all bits inverted on the wire.
const fn ulaw_compress(sample: i16) -> u8 {
    let negative = sample < 0;
    let mut magnitude = ((if negative { !sample } else { sample }) >> 2) + 33;
    if magnitude > 0x1fff {
        magnitude = 0x1fff;
    }
    let mut segment = 0;
    let mut rest = magnitude >> 6;
    while rest != 0 {
        segment += 1;
        rest >>= 1;
    }
    let interval = (magnitude >> (segment + 1)) & 0x0f;
    let code = !((segment << 4) | interval) as u8 & 0x7f;
    if negative { code } else { code | 0x80 }
}

const fn ulaw_expand(code: u8) -> i16 {
    let code = !code;
    let segment = (code & 0x70) >> 4;
    let interval = (code & 0x0f) as i16;
    let magnitude = (((interval << 3) + 0x84) << segment) - 0x84;
    if code & 0x80 != 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decision values x_n and code words of G.711 Table 1a (A-law, positive, 13 bit units): (from, to, step) per segment.
    const ALAW_SEGMENTS: [(i32, i32, i32); 7] =
        [(0, 64, 2), (64, 128, 4), (128, 256, 8), (256, 512, 16), (512, 1024, 32), (1024, 2048, 64), (2048, 4096, 128)];

    /// G.711 Table 2a (µ-law, positive, 14 bit units): the first interval is half as wide as its neighbours.
    fn ulaw_decisions() -> Vec<i32> {
        let mut decisions = vec![0, 1];
        for (segment_end, step) in
            [(31, 2), (95, 4), (223, 8), (479, 16), (991, 32), (2015, 64), (4063, 128), (8159, 256)]
        {
            while *decisions.last().unwrap() < segment_end {
                decisions.push(decisions.last().unwrap() + step);
            }
        }
        decisions
    }

    fn alaw_decisions() -> Vec<i32> {
        let mut decisions = vec![0];
        for (_, to, step) in ALAW_SEGMENTS {
            while *decisions.last().unwrap() < to {
                decisions.push(decisions.last().unwrap() + step);
            }
        }
        decisions
    }

    #[test]
    fn alaw_follows_the_decision_values_of_table_1() {
        let decisions = alaw_decisions();
        assert_eq!(decisions.len(), 129);
        for (n, pair) in decisions.windows(2).enumerate() {
            let (from, to) = (pair[0], pair[1]);
            for value in from..to {
                let code = alaw_encode((value * 8) as i16);
                assert_eq!(code ^ 0x55, 0x80 | n as u8, "{value}");
                assert_eq!(alaw_encode((-value * 8 - 1) as i16) ^ 0x55, n as u8, "-{value}");
            }
            // The decoder's output is the middle of the interval.
            assert_eq!(i32::from(ALAW_DECODE[usize::from((0x80 | n as u8) ^ 0x55)]), (from + to) * 4);
        }
    }

    #[test]
    fn ulaw_follows_the_decision_values_of_table_2() {
        let decisions = ulaw_decisions();
        assert_eq!(decisions.len(), 129);
        for (n, pair) in decisions.windows(2).enumerate() {
            let (from, to) = (pair[0], pair[1]);
            for value in from..to {
                assert_eq!(ulaw_encode((value * 4) as i16), 0xff - n as u8, "{value}");
                assert_eq!(ulaw_encode((-value * 4 - 1) as i16), 0x7f - n as u8, "-{value}");
            }
            // y_0 is 0, the others the middle of their interval.
            let expected = if n == 0 { 0 } else { (from + to) * 2 };
            assert_eq!(i32::from(ULAW_DECODE[0xff - n]), expected);
            assert_eq!(i32::from(ULAW_DECODE[0x7f - n]), -expected);
        }
    }

    #[test]
    fn the_ends_clip() {
        assert_eq!(alaw_encode(i16::MAX), 0xaa);
        assert_eq!(alaw_encode(i16::MIN), 0x2a);
        assert_eq!(ulaw_encode(i16::MAX), 0x80);
        assert_eq!(ulaw_encode(i16::MIN), 0x00);
        assert_eq!(ALAW_DECODE[0xaa], 32256);
        assert_eq!(ULAW_DECODE[0x80], 32124);
        assert_eq!(ALAW_DECODE[0xd5], 8);
        assert_eq!(ULAW_DECODE[0xff], 0);
    }

    #[test]
    fn every_code_survives_a_round_trip() {
        for code in 0..=255u8 {
            assert_eq!(alaw_encode(ALAW_DECODE[usize::from(code)]), code);
            // µ-law has two zeros; the negative one comes back as the positive one.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(ulaw_encode(ULAW_DECODE[usize::from(code)]), expected);
            let through = ULAW_TO_ALAW[usize::from(ALAW_TO_ULAW[usize::from(code)])];
            let (a, b) = (ALAW_DECODE[usize::from(code)], ALAW_DECODE[usize::from(through)]);
            assert!((i32::from(a) - i32::from(b)).abs() <= i32::from(a.unsigned_abs()) / 16 + 16, "{code}: {a} {b}");
        }
    }
}
