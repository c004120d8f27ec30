//! G.722 and Opus judged by ffmpeg, which has coders of its own: what one side says the other understands, both ways.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test: what it measures is printed")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use offhook_media::codec::{Decoder, Encoder};
use offhook_media::command::{Codec, OpusSettings};
use offhook_media::sound::Rate;
use offhook_media::tone::goertzel::power;

/// Runs ffmpeg with `input` on its standard input; gives its standard output.
fn ffmpeg(arguments: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin"])
        .args(arguments.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is missing: run tools/install test");
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "ffmpeg {arguments}");
    output.stdout
}

fn to_bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|s| s.to_le_bytes()).collect()
}

fn to_samples(bytes: &[u8]) -> Vec<i16> {
    bytes.as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)).collect()
}

/// Two seconds of three tones, one of them above what a telephone of old could carry.
const TONES: [f64; 3] = [310.0, 1170.0, 5230.0];

fn said(rate: Rate) -> Vec<i16> {
    let hz = f64::from(rate.hz());
    (0..rate.hz() * 2)
        .map(|n| {
            TONES.iter().map(|f| 4000.0 * (std::f64::consts::TAU * f * f64::from(n) / hz).sin()).sum::<f64>() as i16
        })
        .collect()
}

/// Opus at 32 kbit/s keeps the sound of a voice, not the wave of three sines: limits for levels and for everything else, dB.
const OPUS_LEVEL: f64 = 4.0;
const OPUS_REST: f64 = 6.0;

/// Largest difference of the levels of the tones, dB, and the share of everything else, dB below them.
fn compare(who: &str, said: &[i16], heard: &[i16], rate: Rate) -> (f64, f64) {
    let middle = |samples: &[i16]| {
        let second = rate.hz() as usize;
        samples[second / 2..second * 3 / 2].to_vec()
    };
    let (said, heard) = (middle(said), middle(heard));
    let scaled = |hz: f64| hz * 8000.0 / f64::from(rate.hz());
    let mut worst = 0f64;
    let mut tones = 0.0;
    for hz in TONES {
        let (a, b) = (power(&said, scaled(hz)), power(&heard, scaled(hz)));
        worst = worst.max((10.0 * (b / a).log10()).abs());
        tones += b;
    }
    let all = heard.iter().map(|s| f64::from(*s) * f64::from(*s)).sum::<f64>() / heard.len() as f64;
    let rest = 10.0 * (tones / (all - tones).max(1e-3)).log10();
    println!("{who}: tones within {worst:.2} dB, everything else {rest:.1} dB below them");
    (worst, rest)
}

fn encode(codec: Codec, opus: OpusSettings, samples: &[i16], packet_ms: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(codec, opus);
    samples
        .chunks_exact(codec.rate().per_millisecond() * packet_ms)
        .map(|part| {
            let mut packet = vec![0; 1400];
            let length = encoder.encode(part, &mut packet);
            packet.truncate(length);
            packet
        })
        .collect()
}

fn decode<'a>(codec: Codec, packets: impl Iterator<Item = &'a [u8]>) -> Vec<i16> {
    let mut decoder = Decoder::new(codec);
    let mut heard = Vec::new();
    for packet in packets {
        let mut out = vec![0; 5760];
        let count = decoder.decode(codec, packet, &mut out);
        heard.extend_from_slice(&out[..count]);
    }
    heard
}

#[test]
fn g722_is_what_ffmpeg_takes_for_it_bit_for_bit() {
    let said = said(Rate::Wide);
    let ours: Vec<u8> = encode(Codec::G722, OpusSettings::default(), &said, 20).concat();
    let theirs = ffmpeg("-f s16le -ar 16000 -ac 1 -i - -c:a g722 -f g722 -", &to_bytes(&said));
    assert_eq!(ours.len(), theirs.len());
    assert!(ours == theirs, "first difference at byte {:?}", ours.iter().zip(&theirs).position(|(a, b)| a != b));
    let heard_by_them = to_samples(&ffmpeg("-f g722 -i - -f s16le -ar 16000 -ac 1 -", &ours));
    let heard_by_us = decode(Codec::G722, theirs.chunks(160));
    assert!(heard_by_us == heard_by_them, "the decoders differ");
    let (level, rest) = compare("G.722", &said, &heard_by_us, Rate::Wide);
    assert!(level < 0.3 && rest > 25.0);
    // Noise at full scale drives every quantizer to its ends.
    let mut state = 1u32;
    let noise: Vec<i16> = (0..32_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i16
        })
        .collect();
    let ours: Vec<u8> = encode(Codec::G722, OpusSettings::default(), &noise, 20).concat();
    let theirs = ffmpeg("-f s16le -ar 16000 -ac 1 -i - -c:a g722 -f g722 -", &to_bytes(&noise));
    assert!(ours == theirs, "noise: first difference at byte {:?}", ours.iter().zip(&theirs).position(|(a, b)| a != b));
}

#[test]
fn opus_is_understood_both_ways() {
    let said = said(Rate::Full);
    for packet_ms in [10, 20, 40, 60] {
        let settings = OpusSettings { fec: packet_ms != 20, ..OpusSettings::default() };
        let ours = encode(Codec::Opus, settings, &said, packet_ms);
        let file = ogg::write(&ours, packet_ms as u64 * 48);
        let heard = to_samples(&ffmpeg("-f ogg -i - -f s16le -ar 48000 -ac 1 -", &file));
        let (level, rest) =
            compare(&format!("Opus of ours, {packet_ms} ms, heard by ffmpeg"), &said, &heard, Rate::Full);
        assert!(level < OPUS_LEVEL && rest > OPUS_REST);
    }
    let file = ffmpeg(
        "-f s16le -ar 48000 -ac 1 -i - -c:a libopus -b:a 32k -application voip -frame_duration 20 -f ogg -",
        &to_bytes(&said),
    );
    let packets = ogg::read(&file);
    let heard = decode(Codec::Opus, packets.iter().skip(2).map(Vec::as_slice));
    let (level, rest) = compare("Opus of ffmpeg heard by us", &said, &heard, Rate::Full);
    assert!(level < OPUS_LEVEL && rest > OPUS_REST);
}

#[test]
fn opus_sends_what_the_peer_can_play() {
    let said = said(Rate::Full);
    let settings = OpusSettings { max_playback_rate: 8000, ..OpusSettings::default() };
    let packets = encode(Codec::Opus, settings, &said, 20);
    let bytes: usize = packets.iter().map(Vec::len).sum();
    let heard = decode(Codec::Opus, packets.iter().map(Vec::as_slice));
    let second = &heard[24_000..72_000];
    let level = |hz: f64| 10.0 * (power(second, hz / 6.0) / (4000.0 * 4000.0 / 2.0)).log10();
    println!("narrow band: {} bit/s, 1170 Hz {:.1} dB, 5230 Hz {:.1} dB", bytes * 4, level(1170.0), level(5230.0));
    assert!(level(1170.0).abs() < 3.0 && level(5230.0) < -30.0);
    assert!(bytes * 4 < 20_000);
}

#[test]
fn a_lost_packet_comes_back_from_the_next_one() {
    // Syllables of a voice: redundancy is made of voiced speech at the rates of a telephone call.
    let said: Vec<i16> = (0..48_000 * 4)
        .map(|n| {
            let t = f64::from(n) / 48_000.0;
            let pitch = 120.0 + 15.0 * (std::f64::consts::TAU * 0.7 * t).sin();
            let envelope = (std::f64::consts::TAU * 2.0 * t).sin().max(0.0);
            (1..20)
                .map(|k| 2500.0 / f64::from(k) * (std::f64::consts::TAU * pitch * f64::from(k) * t).sin())
                .sum::<f64>()
                * envelope
        })
        .map(|s| s as i16)
        .collect();
    let error = |fec: bool| {
        let mut encoder = Encoder::new(
            Codec::Opus,
            OpusSettings { fec, max_playback_rate: 16_000, max_average_bitrate: 24_000, ..OpusSettings::default() },
        );
        encoder.expect_loss(64);
        let packets: Vec<Vec<u8>> = said
            .chunks_exact(960)
            .map(|part| {
                let mut packet = vec![0; 1400];
                let length = encoder.encode(part, &mut packet);
                packet.truncate(length);
                packet
            })
            .collect();
        let whole = decode(Codec::Opus, packets.iter().map(Vec::as_slice));
        let mut decoder = Decoder::new(Codec::Opus);
        let mut heard = Vec::new();
        for (n, packet) in packets.iter().enumerate() {
            let mut out = vec![0; 960];
            match packets.get(n + 1) {
                Some(next) if n % 5 == 3 => decoder.recover(next, &mut out),
                _ => _ = decoder.decode(Codec::Opus, packet, &mut out),
            }
            heard.extend(out);
        }
        let (mut signal, mut noise) = (0.0, 0.0);
        for (n, (a, b)) in whole.iter().zip(&heard).enumerate() {
            if n / 960 % 5 == 3 {
                signal += f64::from(*a).powi(2);
                noise += (f64::from(*a) - f64::from(*b)).powi(2);
            }
        }
        10.0 * (signal / noise).log10()
    };
    let (with, without) = (error(true), error(false));
    println!("every fifth packet lost: {with:.1} dB in its place with redundancy, {without:.1} dB without");
    assert!(with > without + 3.0);
}

/// Just enough of Ogg (RFC 3533) and of Opus in it (RFC 7845) for one stream.
mod ogg {
    fn checksum(page: &[u8]) -> u32 {
        page.iter().fold(0u32, |sum, byte| {
            (0..8)
                .fold(sum ^ (u32::from(*byte) << 24), |s, _| if s >> 31 == 1 { (s << 1) ^ 0x04c1_1db7 } else { s << 1 })
        })
    }

    fn page(out: &mut Vec<u8>, kind: u8, granule: u64, number: u32, packet: &[u8]) {
        let mut page = b"OggS\0".to_vec();
        page.push(kind);
        page.extend(granule.to_le_bytes());
        page.extend(7u32.to_le_bytes());
        page.extend(number.to_le_bytes());
        page.extend([0; 4]);
        page.push((packet.len() / 255 + 1) as u8);
        page.extend(std::iter::repeat_n(255, packet.len() / 255));
        page.push((packet.len() % 255) as u8);
        page.extend(packet);
        let sum = checksum(&page).to_le_bytes();
        page[22..26].copy_from_slice(&sum);
        out.extend(page);
    }

    pub(super) fn write(packets: &[Vec<u8>], samples: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let head = [b"OpusHead\x01\x01".as_slice(), &[0, 0], &48_000u32.to_le_bytes(), &[0, 0, 0]].concat();
        page(&mut out, 2, 0, 0, &head);
        page(&mut out, 0, 0, 1, b"OpusTags\0\0\0\0\0\0\0\0");
        for (n, packet) in packets.iter().enumerate() {
            let kind = if n + 1 == packets.len() { 4 } else { 0 };
            page(&mut out, kind, samples * (n as u64 + 1), n as u32 + 2, packet);
        }
        out
    }

    pub(super) fn read(file: &[u8]) -> Vec<Vec<u8>> {
        let (mut packets, mut packet, mut at) = (Vec::new(), Vec::new(), 0);
        while at < file.len() {
            assert_eq!(&file[at..at + 4], b"OggS");
            let segments = usize::from(file[at + 26]);
            let mut body = at + 27 + segments;
            for &length in &file[at + 27..at + 27 + segments] {
                packet.extend_from_slice(&file[body..body + usize::from(length)]);
                body += usize::from(length);
                if length < 255 {
                    packets.push(std::mem::take(&mut packet));
                }
            }
            at = body;
        }
        packets
    }
}
