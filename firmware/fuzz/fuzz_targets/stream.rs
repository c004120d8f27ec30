//! Any stream in any pieces: nothing panics, memory is bounded, and the pieces make no difference to the messages.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use offhook_sip::message::Limits;
use offhook_sip::message::framing::{Frame, StreamFramer, websocket_frame};

fuzz_target!(|data: &[u8]| {
    let Some((&size, stream)) = data.split_first() else { return };
    let whole = messages(stream, usize::MAX);
    let pieces = messages(stream, usize::from(size).max(1));
    assert_eq!(whole, pieces);
    let _ = websocket_frame(Bytes::copy_from_slice(stream), Limits::default());
});

fn messages(stream: &[u8], size: usize) -> Vec<Bytes> {
    let limits = Limits::default();
    let mut framer = StreamFramer::new(limits);
    let mut found = Vec::new();
    for piece in stream.chunks(size.min(stream.len().max(1))) {
        framer.push(piece);
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(bytes))) => found.push(bytes),
                Ok(Some(Frame::Ping | Frame::Pong)) => {}
                Ok(None) => break,
                Err(_) => return found,
            }
        }
        assert!(framer.held() <= limits.message + piece.len());
    }
    found
}
