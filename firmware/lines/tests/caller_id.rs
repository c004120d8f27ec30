//! Caller ID from message to sound and back, through telephone lines, and before other judges.

#[path = "../../media/tests/sound/mod.rs"]
mod sound;

use std::process::{Command, Stdio};
use std::time::Duration;

use offhook_lines::caller_id::{Absence, LocalTime, Message, MessageReceiver, Presentation, Shown, Standard, dtmf};
use offhook_media::fsk::{Demodulated, FskDemodulator, FskModulator, Modem, Preamble};
use offhook_media::level::dbm0;
use offhook_media::tone::detector::DtmfDetector;
use offhook_media::tone::dtmf::DigitTone;
use sound::judge::{self, Files};
use sound::speech::Speech;
use sound::{Chance, add_noise, alaw, pcm};

fn call() -> Message {
    Message::Call(Presentation {
        time: Some(LocalTime { month: 11, day: 23, hour: 20, minute: 35 }),
        number: Shown::Known("0123456789".into()),
        name: Some(Shown::Known("Jean Dupont".into())),
    })
}

/// A message as sound, with 100 ms of silence around.
fn sent(modem: Modem, preamble: Preamble, bytes: Vec<u8>, level: f32, clock: f64) -> Vec<f64> {
    let mut out = vec![0.0; 800];
    let mut modulator = FskModulator::new(modem, preamble, bytes, level).with_clock_error(clock);
    let mut frame = [0; 160];
    while modulator.frame(&mut frame) {
        out.extend(frame.iter().map(|&s| f64::from(s)));
    }
    out.extend([0.0; 800]);
    out
}

fn received(modem: Modem, samples: &[i16]) -> Vec<Message> {
    let (mut demodulator, mut receiver) = (FskDemodulator::new(modem), MessageReceiver::default());
    let mut out = Vec::new();
    for chunk in samples.chunks(160) {
        demodulator.samples(chunk, |what| match what {
            Demodulated::Marks => receiver.marks(),
            Demodulated::Byte(byte) => out.extend(receiver.byte(byte)),
            Demodulated::Lost => receiver.lost(),
        });
    }
    out
}

/// What a line does to high frequencies: above zero they lose, below they gain, so many dB from 1200 to 2200 Hz.
fn tilted(samples: &[f64], db: f64) -> Vec<f64> {
    // One zero or one pole at ±0.3: 3 dB between the two frequencies; as often as needed.
    let mut out = samples.to_vec();
    for _ in 0..(db.abs() / 3.0).round() as usize {
        let mut before = 0.0;
        for sample in &mut out {
            let now = *sample;
            *sample = if db > 0.0 { (now + 0.3 * before) / 1.3 } else { (now - 0.3 * before) / 1.3 };
            before = now;
        }
    }
    out
}

#[test]
fn messages_arrive_over_every_level_noise_clock_and_tilt() {
    let message = call();
    let mut seed = 0;
    let mut failed = Vec::new();
    for (modem, standard) in [(Modem::Bell202, Standard::BellcoreMultiple), (Modem::V23, Standard::Etsi)] {
        for level in [0.0, -5.0, -13.5, -20.0, -30.0, -40.0] {
            for clock in [-0.02, -0.01, 0.0, 0.01, 0.02] {
                for preamble in [Preamble::ON_HOOK, Preamble::OFF_HOOK] {
                    for tilt in [-3.0f64, 0.0, 3.0, 6.0] {
                        seed += 1;
                        // Only 3 dB are left above 0 dBm0.
                        let tilt = if level > -3.0 { tilt.max(0.0) } else { tilt };
                        let mut samples =
                            tilted(&sent(modem, preamble, message.to_bytes(standard), level, clock), tilt);
                        let arrives = f64::from(dbm0(&pcm(&samples[800..samples.len() - 1000])));
                        add_noise(&mut samples, arrives - 20.0, &mut Chance::new(seed));
                        let got = received(modem, &alaw(&pcm(&samples)));
                        let what = format!("{modem:?}, {level} dBm0, clock {clock}, {preamble:?}, tilt {tilt}");
                        if got != [message.clone()] {
                            failed.push(what);
                        }
                    }
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} of {seed}: {failed:#?}", failed.len());
}

#[test]
fn a_receiver_for_one_modem_reads_the_other() {
    // Lines are set up by country, and countries have networks of both kinds.
    for (sender, receiver) in [(Modem::Bell202, Modem::V23), (Modem::V23, Modem::Bell202)] {
        let samples = sent(sender, Preamble::ON_HOOK, call().to_bytes(Standard::Etsi), -13.5, 0.0);
        assert_eq!(received(receiver, &pcm(&samples)), [call()]);
    }
}

#[test]
fn several_messages_and_speech_between() {
    let mut all = Vec::new();
    let waiting = Message::Waiting { on: true, count: None };
    let private = Message::Call(Presentation { time: None, number: Shown::Absent(Absence::Private), name: None });
    let messages = [call(), waiting, private];
    for (n, message) in messages.iter().enumerate() {
        let mut talk = vec![0.0; 16_000];
        Speech::new(n as u64).add(&mut talk);
        all.extend(talk);
        all.extend(sent(Modem::V23, Preamble::ON_HOOK, message.to_bytes(Standard::Etsi), -13.5, 0.0));
    }
    assert_eq!(received(Modem::V23, &alaw(&pcm(&all))), messages);
    let mut talk = vec![0.0; 8000 * 600];
    Speech::new(77).add(&mut talk);
    assert_eq!(received(Modem::V23, &pcm(&talk)), [], "ten minutes of speech");
}

#[test]
fn minimodem_reads_ours() {
    let files = Files::new("caller-id-ours");
    for (level, clock) in [(-13.5, 0.0), (-30.0, 0.0), (-3.0, 0.01), (-13.5, -0.01)] {
        let bell = sent(Modem::Bell202, Preamble::ON_HOOK, call().to_bytes(Standard::BellcoreMultiple), level, clock);
        let path = files.wav("bell", &pcm(&bell));
        let text = judge::run(Command::new("minimodem").args(["--rx", "--quiet", "--file"]).arg(&path).arg("callerid"));
        assert!(text.contains("Phone: 012-345-6789\nName:  Jean Dupont"), "{level} {clock}: {text:?}");
        let v23 = sent(Modem::V23, Preamble::ON_HOOK, call().to_bytes(Standard::Etsi), level, clock);
        let path = files.wav("v23", &pcm(&v23));
        let text = judge::run(
            Command::new("minimodem")
                .args(["--rx", "--quiet", "-8", "-M", "1300", "-S", "2100", "--file"])
                .arg(&path)
                .arg("1200"),
        );
        assert!(text.contains("0123456789") && text.contains("Jean Dupont"), "V.23 {level} {clock}: {text:?}");
    }
}

#[test]
fn we_read_minimodem() {
    let files = Files::new("caller-id-theirs");
    for (modem, mark, space) in [(Modem::Bell202, "1200", "2200"), (Modem::V23, "1300", "2100")] {
        for volume in ["1.0", "0.2", "0.02"] {
            let make = |name: &str, options: &[&str], bytes: &[u8]| {
                let path = files.path(name);
                // At 8 kHz its bits would be whole samples, which is no modem's rate.
                let mut child = Command::new("minimodem")
                    .args(["--tx", "--quiet", "-8", "-R", "48000", "-v", volume, "-M", mark, "-S", space, "--file"])
                    .arg(&path)
                    .args(options)
                    .arg("1200")
                    .stdin(Stdio::piped())
                    .spawn()
                    .expect("minimodem (tools/install test)");
                std::io::Write::write_all(&mut child.stdin.take().expect("its input"), bytes).expect("bytes are taken");
                assert!(child.wait().is_ok_and(|status| status.success()));
                let slow = files.path("slow.wav");
                judge::run(Command::new("sox").arg(&path).args(["-r", "8000"]).arg(&slow));
                let bytes = std::fs::read(&slow).expect("sox wrote a file");
                offhook_media::wav::reader::read(&bytes, 60).expect("a WAV file").to_vec()
            };
            // Without start bits, bytes of ones are the marks before a message.
            let mut samples = make("marks.wav", &["--startbits", "0"], &[0xff; 20]);
            samples.extend(make("message.wav", &[], &call().to_bytes(Standard::Etsi)));
            samples.extend([0; 800]);
            assert_eq!(received(modem, &samples), [call()], "{modem:?}, volume {volume}");
        }
    }
}

#[test]
fn dtmf_caller_id_is_read_by_multimon_ng_and_by_us() {
    let files = Files::new("caller-id-dtmf");
    for (form, written) in
        [(dtmf::Form::Abc, "A0701234567C"), (dtmf::Form::Hash, "A0701234567#"), (dtmf::Form::Dc, "D0701234567C")]
    {
        let number = Shown::Known("0701234567".to_owned());
        let mut samples = vec![0; 800];
        for digit in dtmf::digits(&number, form).chars() {
            let mut tone = DigitTone::new(digit, Duration::from_millis(70)).expect("a digit");
            let mut frame = [0; 160];
            while tone.frame(&mut frame) {
                samples.extend(frame);
            }
        }
        let heard = judge::multimon("DTMF", &files.wav("number", &samples));
        let digits: String = heard.lines().filter_map(|l| l.strip_prefix("DTMF: ")).map(str::trim).collect();
        assert_eq!(digits, written);
        let (mut detector, mut receiver) = (DtmfDetector::default(), dtmf::DtmfReceiver::default());
        let told = samples.chunks(160).filter_map(|c| detector.samples(c)).find_map(|d| receiver.digit(d));
        assert_eq!(told, Some(number), "{form:?}");
    }
}
