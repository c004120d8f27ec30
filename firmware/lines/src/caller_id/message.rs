//! The messages: Telcordia GR-30-CORE (SDMF, MDMF; parameters of GR-31 and GR-1188, waiting messages of GR-1401) and ETSI
//! EN 300 659-3. A message is its type, its length, its parameters and a checksum that makes the sum of all bytes zero.

use super::text::{seven_bit, shown};
use super::{Absence, LocalTime, Shown};

/// Message types.
const SDMF_CALL: u8 = 0x04;
const SDMF_WAITING: u8 = 0x06;
const MDMF_CALL: u8 = 0x80;
const MDMF_WAITING: u8 = 0x82;
/// Parameters of MDMF.
const TIME: u8 = 0x01;
const NUMBER: u8 = 0x02;
const NUMBER_ABSENT: u8 = 0x04;
const NAME: u8 = 0x07;
const NAME_ABSENT: u8 = 0x08;
const INDICATOR: u8 = 0x0b;
const CALL_TYPE: u8 = 0x11;
const WAITING_COUNT: u8 = 0x13;
/// ETSI call type: voice call.
const VOICE: u8 = 0x01;

/// Whose rules a message follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// One parameter: time and number (GR-30 SDMF; old displays).
    BellcoreSingle,
    /// Several parameters: name too (GR-30 MDMF). Numbers to 10 digits in the network's own plan, names to 15 characters.
    BellcoreMultiple,
    /// EN 300 659-3: as MDMF, with the call type; numbers to 20 digits, names to 50 characters.
    Etsi,
}

/// A call as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// When, in local time; needed by most displays.
    pub time: Option<LocalTime>,
    /// Who: digits, `*`, `#`, and a leading `+` that is left out.
    pub number: Shown<String>,
    /// Who, by name; `None` when the service is not offered.
    pub name: Option<Shown<String>>,
}

/// A message to a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A call comes.
    Call(Presentation),
    /// Messages wait (`true`) or no longer; how many, where known.
    Waiting {
        /// The lamp.
        on: bool,
        /// How many.
        count: Option<u8>,
    },
}

impl Message {
    /// Its bytes, from type to checksum.
    pub fn to_bytes(&self, standard: Standard) -> Vec<u8> {
        let mut body = Vec::new();
        let kind = match (self, standard) {
            (Message::Call(call), Standard::BellcoreSingle) => {
                body.extend(time(call.time.unwrap_or(LocalTime { month: 1, day: 1, hour: 0, minute: 0 })));
                match &call.number {
                    Shown::Known(number) => body.extend(digits(number, 10)),
                    Shown::Absent(absence) => body.push(reason(*absence)),
                }
                SDMF_CALL
            }
            (Message::Call(call), _) => {
                let etsi = standard == Standard::Etsi;
                if etsi {
                    parameter(&mut body, CALL_TYPE, &[VOICE]);
                }
                if let Some(at) = call.time {
                    parameter(&mut body, TIME, &time(at));
                }
                match &call.number {
                    Shown::Known(number) => parameter(&mut body, NUMBER, &digits(number, if etsi { 20 } else { 10 })),
                    Shown::Absent(absence) => parameter(&mut body, NUMBER_ABSENT, &[reason(*absence)]),
                }
                match &call.name {
                    Some(Shown::Known(name)) => {
                        parameter(&mut body, NAME, &seven_bit(name, if etsi { 50 } else { 15 }))
                    }
                    Some(Shown::Absent(absence)) => parameter(&mut body, NAME_ABSENT, &[reason(*absence)]),
                    None => {}
                }
                MDMF_CALL
            }
            (Message::Waiting { on, .. }, Standard::BellcoreSingle) => {
                // GR-1401: three times the same byte.
                body.extend([if *on { 0x42 } else { 0x6f }; 3]);
                SDMF_WAITING
            }
            (Message::Waiting { on, count }, _) => {
                parameter(&mut body, INDICATOR, &[if *on { 0xff } else { 0x00 }]);
                if let Some(count) = count {
                    parameter(&mut body, WAITING_COUNT, &[*count]);
                }
                MDMF_WAITING
            }
        };
        // Bounded above: 3 + 10 + 22 + 52 bytes.
        let mut out = vec![kind, body.len() as u8];
        out.extend(body);
        out.push(checksum(&out));
        out
    }

    /// Reads type and body of a message whose checksum was right. `None` when it is of no kind known here.
    fn parse(kind: u8, body: &[u8]) -> Option<Message> {
        match kind {
            SDMF_CALL => {
                let (at, number) = body.split_at_checked(8)?;
                Some(Message::Call(Presentation { time: read_time(at), number: read_number(number), name: None }))
            }
            SDMF_WAITING => Some(Message::Waiting { on: body.first() == Some(&0x42), count: None }),
            MDMF_CALL => {
                let mut call = Presentation { time: None, number: Shown::Absent(Absence::Unavailable), name: None };
                each_parameter(body, |kind, value| match kind {
                    TIME => call.time = read_time(value),
                    NUMBER => call.number = read_number(value),
                    NUMBER_ABSENT => call.number = Shown::Absent(read_reason(value)),
                    NAME => call.name = Some(Shown::Known(shown(value))),
                    NAME_ABSENT => call.name = Some(Shown::Absent(read_reason(value))),
                    _ => {}
                });
                Some(Message::Call(call))
            }
            MDMF_WAITING => {
                let (mut on, mut waiting) = (None, None);
                each_parameter(body, |kind, value| match kind {
                    INDICATOR => on = value.first().map(|v| *v != 0),
                    WAITING_COUNT => waiting = value.first().copied(),
                    _ => {}
                });
                on.map(|on| Message::Waiting { on, count: waiting })
            }
            _ => None,
        }
    }
}

/// Collects the bytes that a modem receives until they are a message.
#[derive(Clone, Debug, Default)]
pub struct MessageReceiver {
    bytes: Vec<u8>,
    listening: bool,
}

impl MessageReceiver {
    /// The marks before a message are heard: bytes count from here.
    pub fn marks(&mut self) {
        self.bytes.clear();
        self.listening = true;
    }

    /// The signal is gone: what there is of a message is worth nothing.
    pub fn lost(&mut self) {
        self.bytes.clear();
        self.listening = false;
    }

    /// Takes a byte; returns the message that it completes. A message with a wrong checksum, or of an unknown kind, is dropped whole.
    pub fn byte(&mut self, byte: u8) -> Option<Message> {
        if !self.listening {
            return None;
        }
        self.bytes.push(byte);
        let length = usize::from(*self.bytes.get(1)?);
        if self.bytes.len() < length + 3 {
            return None;
        }
        self.listening = false;
        let sum = self.bytes.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
        let message =
            (sum == 0).then(|| Message::parse(*self.bytes.first()?, self.bytes.get(2..length + 2)?)).flatten();
        self.bytes.clear();
        message
    }
}

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |sum, b| sum.wrapping_add(*b)).wrapping_neg()
}

fn parameter(body: &mut Vec<u8>, kind: u8, value: &[u8]) {
    // Values are cut to at most 50 bytes before.
    body.extend([kind, value.len() as u8]);
    body.extend(value);
}

fn each_parameter(mut body: &[u8], mut take: impl FnMut(u8, &[u8])) {
    while let [kind, length, rest @ ..] = body {
        let Some((value, rest)) = rest.split_at_checked(usize::from(*length)) else { return };
        take(*kind, value);
        body = rest;
    }
}

fn digits(number: &str, most: usize) -> Vec<u8> {
    let dialled: Vec<u8> = number.bytes().filter(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#')).collect();
    // The last digits tell callers apart.
    dialled.get(dialled.len().saturating_sub(most)..).unwrap_or_default().to_vec()
}

fn reason(absence: Absence) -> u8 {
    match absence {
        Absence::Private => b'P',
        Absence::Unavailable => b'O',
    }
}

fn read_reason(value: &[u8]) -> Absence {
    if value.first() == Some(&b'P') { Absence::Private } else { Absence::Unavailable }
}

fn read_number(value: &[u8]) -> Shown<String> {
    match value {
        b"P" => Shown::Absent(Absence::Private),
        b"O" | b"" => Shown::Absent(Absence::Unavailable),
        digits => Shown::Known(shown(digits)),
    }
}

fn time(at: LocalTime) -> [u8; 8] {
    let mut out = [b'0'; 8];
    for (pair, value) in out.chunks_exact_mut(2).zip([at.month, at.day, at.hour, at.minute]) {
        pair.copy_from_slice(&[b'0' + value / 10 % 10, b'0' + value % 10]);
    }
    out
}

fn read_time(value: &[u8]) -> Option<LocalTime> {
    let mut parts = value.chunks_exact(2).map(|pair| str::from_utf8(pair).ok()?.parse::<u8>().ok());
    let mut next = |range: std::ops::RangeInclusive<u8>| parts.next().flatten().filter(|v| range.contains(v));
    Some(LocalTime { month: next(1..=12)?, day: next(1..=31)?, hour: next(0..=23)?, minute: next(0..=59)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(bytes: &[u8]) -> Option<Message> {
        let mut receiver = MessageReceiver::default();
        receiver.marks();
        bytes.iter().find_map(|b| receiver.byte(*b))
    }

    fn call(number: Shown<String>, name: Option<Shown<String>>) -> Message {
        let time = Some(LocalTime { month: 11, day: 23, hour: 20, minute: 5 });
        Message::Call(Presentation { time, number, name })
    }

    /// The example of GR-30: 30 September, 12:24, 609 555 1212.
    #[test]
    fn the_single_message_of_the_standard_is_read() {
        let bytes = b"\x04\x1209301224609555121\x32\x51";
        let Some(Message::Call(call)) = receive(bytes) else { panic!("{:?}", receive(bytes)) };
        assert_eq!(call.number, Shown::Known("6095551212".into()));
        assert_eq!(call.time, Some(LocalTime { month: 9, day: 30, hour: 12, minute: 24 }));
        assert_eq!(Message::Call(call).to_bytes(Standard::BellcoreSingle), bytes);
    }

    #[test]
    fn what_is_written_is_read() {
        let known = |text: &str| Shown::Known(text.to_owned());
        for message in [
            call(known("0612345678"), Some(known("Jean Dupont"))),
            call(known("0612345678"), None),
            call(Shown::Absent(Absence::Private), Some(Shown::Absent(Absence::Private))),
            call(Shown::Absent(Absence::Unavailable), Some(Shown::Absent(Absence::Unavailable))),
            Message::Waiting { on: true, count: Some(3) },
            Message::Waiting { on: false, count: None },
        ] {
            for standard in [Standard::BellcoreMultiple, Standard::Etsi] {
                assert_eq!(receive(&message.to_bytes(standard)), Some(message.clone()), "{standard:?}");
            }
        }
        let single = call(Shown::Absent(Absence::Private), None);
        assert_eq!(receive(&single.to_bytes(Standard::BellcoreSingle)), Some(single));
        for on in [false, true] {
            let waiting = Message::Waiting { on, count: None };
            assert_eq!(receive(&waiting.to_bytes(Standard::BellcoreSingle)), Some(waiting));
        }
        let long = call(known("+33 1 23 45 67 89"), Some(known("Zoé Á. Very-Long-Family-Name")));
        assert_eq!(
            receive(&long.to_bytes(Standard::BellcoreMultiple)),
            Some(call(known("3123456789"), Some(known("Zoe A. Very-Lon"))))
        );
    }

    #[test]
    fn a_wrong_byte_anywhere_is_noticed_and_nothing_harms() {
        let bytes = call(Shown::Known("0612345678".into()), Some(Shown::Known("A".into()))).to_bytes(Standard::Etsi);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut wrong = bytes.clone();
                wrong[at] ^= 1 << bit;
                assert_eq!(receive(&wrong), None, "byte {at}, bit {bit}");
            }
        }
        let mut state = 7u32;
        let mut receiver = MessageReceiver::default();
        for n in 0..1_000_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if n % 50 == 0 {
                receiver.marks();
            }
            receiver.byte((state >> 24) as u8);
        }
    }
}
