//! The analog ports of the box in the shell. Here: simulated ones, each with a telephone set (FXS) or the telephone company (FXO)
//! behind it, worked from the web page.

mod bank;
mod port;

pub use bank::LineBank;
pub use port::{Action, View};

use offhook_media::Frame;
use tokio::sync::mpsc;

/// A person at a simulated port: hears it, speaks into it, sees it.
#[derive(Debug)]
pub struct Widget {
    /// 20 ms of speech into the port. Full means too fast: the frame is dropped.
    pub speak: mpsc::Sender<Frame>,
    /// What is heard and seen.
    pub notice: mpsc::Receiver<Notice>,
}

/// What a person at a simulated port notices.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// 20 ms of sound.
    Sound(Frame),
    /// The port looks different now.
    View(View),
}
