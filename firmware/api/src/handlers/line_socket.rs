//! The WebSocket of a simulated line: audio both ways, actions in, state out.

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use offhook_switch::id::LineId;
use tokio::sync::watch;

use super::line_widget::act;
use crate::app::App;
use crate::services::{Frame, LineAudio, LineView};
use crate::types::{LineAction, LineMessage};

/// Bytes of a frame: 160 samples of 16 bits.
const FRAME_BYTES: usize = 320;

/// Until either side closes.
pub(crate) async fn run(
    app: App,
    line: LineId,
    socket: WebSocket,
    mut view: watch::Receiver<LineView>,
    mut audio: LineAudio,
) {
    let (mut sender, mut receiver) = socket.split();
    view.mark_changed();
    let mut hears = true;
    loop {
        let out = tokio::select! {
            changed = view.changed() => {
                if changed.is_err() {
                    break;
                }
                let state = state_of(&view.borrow_and_update());
                text(&state)
            }
            frame = audio.from_line.recv(), if hears => match frame {
                Some(frame) => Some(Message::Binary(bytes_of(&frame))),
                // Another page has taken the audio over; this one still shows the line.
                None => {
                    hears = false;
                    None
                }
            },
            message = receiver.next() => match message {
                None | Some(Err(_) | Ok(Message::Close(_))) => break,
                Some(Ok(Message::Binary(bytes))) => {
                    if let Some(frame) = frame_of(&bytes) {
                        // A frame that does not fit is lost, as on a bad line.
                        let _ = audio.to_line.try_send(frame);
                    }
                    None
                }
                Some(Ok(Message::Text(message))) => answer(&app, line, message.as_str()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
            },
        };
        if let Some(message) = out
            && sender.send(message).await.is_err()
        {
            break;
        }
    }
    // The other side may be gone already.
    let _ = sender.close().await;
}

fn answer(app: &App, line: LineId, message: &str) -> Option<Message> {
    let code = match serde_json::from_str::<LineAction>(message) {
        Ok(action) => act(app, line, action).err()?.code,
        Err(_) => "invalid_body".to_owned(),
    };
    text(&LineMessage::Error { code })
}

fn text(message: &LineMessage) -> Option<Message> {
    serde_json::to_string(message).ok().map(|text| Message::Text(text.into()))
}

fn state_of(view: &LineView) -> LineMessage {
    LineMessage::State {
        state: view.state.clone(),
        ringing: view.ringing,
        off_hook: view.off_hook,
        caller: view.caller.clone(),
        dialled: view.dialled.clone(),
    }
}

fn bytes_of(frame: &Frame) -> Bytes {
    frame.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn frame_of(bytes: &[u8]) -> Option<Frame> {
    if bytes.len() != FRAME_BYTES {
        return None;
    }
    let mut frame = [0; 160];
    for (sample, pair) in frame.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *sample = i16::from_le_bytes(*pair);
    }
    Some(frame)
}
