//! The audio of an analog port: a pair of short queues of 20 ms frames between the engine and the line's driver.
//!
//! Neither side waits: a frame that is missing is silence, a frame that finds the queue full or comes when too many wait is
//! dropped, so that two clocks that drift apart cost a frame now and then and never a growing delay.

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

use crate::Frame;

/// Most frames that wait in one direction: 80 ms.
pub const DEPTH: usize = 4;

/// The driver's end: what the line says goes in, what it should hear comes out.
#[derive(Debug)]
pub struct DriverSide {
    to_engine: Sender<Frame>,
    from_engine: Receiver<Frame>,
}

/// The engine's end.
#[derive(Clone, Debug)]
pub struct EngineSide {
    to_driver: Sender<Frame>,
    from_driver: Receiver<Frame>,
}

/// A connected pair.
pub fn pair() -> (DriverSide, EngineSide) {
    let (to_engine, from_driver) = bounded(DEPTH);
    let (to_driver, from_engine) = bounded(DEPTH);
    (DriverSide { to_engine, from_engine }, EngineSide { to_driver, from_driver })
}

impl DriverSide {
    /// Gives 20 ms of what the line says. Returns false when it was dropped because the engine is behind or gone.
    pub fn say(&self, frame: &Frame) -> bool {
        self.to_engine.try_send(*frame).is_ok()
    }

    /// Takes 20 ms of what the line should hear; `None` means silence.
    pub fn hear(&self) -> Option<Frame> {
        take(&self.from_engine)
    }
}

impl EngineSide {
    /// Takes 20 ms of what the line says; `None` means silence.
    pub fn take(&self) -> Option<Frame> {
        take(&self.from_driver)
    }

    /// Gives 20 ms of what the line should hear. Returns false when it was dropped.
    pub fn give(&self, frame: &Frame) -> bool {
        self.to_driver.try_send(*frame).is_ok()
    }

    /// Throws away what waits from an earlier use.
    pub fn drain(&self) {
        for _ in 0..DEPTH {
            if self.from_driver.try_recv() == Err(TryRecvError::Empty) {
                break;
            }
        }
    }
}

/// The oldest frame; with a full queue the oldest is given up for the next, so that delay goes back down.
fn take(queue: &Receiver<Frame>) -> Option<Frame> {
    if queue.len() >= DEPTH {
        let _late = queue.try_recv();
    }
    queue.try_recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_pass_in_order_and_the_depth_is_bounded() {
        let (driver, engine) = pair();
        assert_eq!(engine.take(), None);
        for n in 0..DEPTH as i16 {
            assert!(driver.say(&[n; 160]));
        }
        assert!(!driver.say(&[9; 160]), "the queue is full");
        assert_eq!(engine.take(), Some([1; 160]), "the oldest is given up");
        assert_eq!(engine.take(), Some([2; 160]));
        assert!(engine.give(&[7; 160]));
        assert_eq!(driver.hear(), Some([7; 160]));
        engine.drain();
        assert_eq!(engine.take(), None);
        drop(engine);
        assert!(!driver.say(&[0; 160]));
        assert_eq!(driver.hear(), None);
    }
}
