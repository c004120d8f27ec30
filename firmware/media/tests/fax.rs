//! A fax on a line, through the engine to a phone's RTP.

mod support;

use std::time::Instant;

use offhook_media::command::{BridgeId, Codec, Command, Event, LineAudio, LinePort, StreamId};
use offhook_media::engine::EngineConfig;
use offhook_media::fax::hdlc::{HdlcEvent, HdlcReceiver, HdlcSender};
use offhook_media::fax::v21::{V21Demodulator, V21Modulator};
use support::{PATIENCE, start};

/// A digital identification signal.
const DIS: [u8; 8] = [0xff, 0x13, 0x80, 0x00, 0xce, 0xf8, 0x81, 0x01];

#[test]
fn a_fax_is_found_and_passes_untouched_while_both_ends_send() {
    let b = start(EngineConfig::default());
    let line = b.engine.line(LinePort(1));
    // Everything that could spoil it is on.
    b.engine.set_line_audio(LinePort(1), LineAudio { automatic_level: true, ..LineAudio::default() });
    let mut phone = b.party(1, Codec::Pcma);
    b.command(Command::OpenLine { stream: StreamId(2), port: LinePort(1) });
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![phone.stream, StreamId(2)] });
    let (mut modem, mut sender) = (V21Modulator::new(-30.0), HdlcSender::default());
    let (mut demodulator, mut receiver) = (V21Demodulator::default(), HdlcReceiver::default());
    let deadline = Instant::now() + PATIENCE;
    let (mut packets, mut found, mut frames) = (Vec::new(), false, 0);
    while frames < 5 {
        assert!(Instant::now() < deadline, "no fax arrives: found {found}, {frames} frames");
        if line.hear().is_none() {
            std::thread::yield_now();
            continue;
        }
        phone.say(1650.0);
        let mut frame = [0; 160];
        modem.frame(&mut frame, || {
            let _busy = found && sender.frame(&DIS);
            sender.next_bit()
        });
        line.say(&frame);
        found |= b.events.try_iter().any(|e| e == Event::FaxDetected { stream: StreamId(2) });
        phone.hear_waiting(&mut packets);
        for packet in packets.drain(..) {
            let sound = support::decode(&packet);
            demodulator.samples(&sound, |bit| match receiver.bit(bit) {
                Some(HdlcEvent::Frame(frame)) => {
                    assert_eq!(frame, DIS);
                    frames += 1;
                }
                // On a machine too busy a frame may be torn; five whole ones in a row are wanted.
                Some(HdlcEvent::Broken | HdlcEvent::Abort) => frames = 0,
                _ => {}
            });
        }
    }
    assert!(found);
}
