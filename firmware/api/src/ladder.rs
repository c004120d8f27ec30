//! The SIP messages of a call as a ladder: one column for the box, one for each address it spoke with.

use std::fmt::Write as _;

use crate::types::{TraceDirection, TraceMessage};

/// Width of a column, characters.
const COLUMN: usize = 30;
/// Most columns beside the box; further addresses share the last.
const MOST_COLUMNS: usize = 8;
/// Longest line of a message, characters.
const LINE: usize = 4096;

fn sent(message: &TraceMessage) -> bool {
    message.direction == TraceDirection::Sent
}

fn peer_of(message: &TraceMessage) -> String {
    let address = if sent(message) { &message.to } else { &message.from };
    format!("{} {}", message.transport, address)
}

/// `INVITE [1] +SDP`, `180 Ringing [1 INVITE]`: with the CSeq.
fn label(message: &TraceMessage) -> String {
    let line = &message.first_line;
    let what = match line.strip_prefix("SIP/2.0 ") {
        Some(status) => format!("{status} [{}]", message.cseq),
        None => {
            let method = line.split(' ').next().unwrap_or_default();
            let number = message.cseq.split_whitespace().next().unwrap_or_default();
            format!("{method} [{number}]")
        }
    };
    let body = message.text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.starts_with("v=0"));
    format!("{what}{}", if body { " +SDP" } else { "" })
}

/// At most so many characters; none that could steer a terminal: messages come from outside.
fn cut(text: &str, most: usize) -> String {
    let clean: Vec<char> = text.chars().filter(|character| !character.is_control()).collect();
    if clean.len() <= most {
        return clean.into_iter().collect();
    }
    clean.into_iter().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The ladder; with `whole`, each message after its arrow.
pub(crate) fn draw(messages: &[TraceMessage], whole: bool) -> String {
    let Some(first) = messages.first() else {
        return "the box remembers no SIP message of this call\n".into();
    };
    let mut peers: Vec<String> = Vec::new();
    for message in messages {
        let peer = peer_of(message);
        if !peers.contains(&peer) && peers.len() < MOST_COLUMNS {
            peers.push(peer);
        }
    }
    // The first to speak is left of the box, the others right of it.
    let column_of = |message: &TraceMessage| {
        let peer = peer_of(message);
        let index = peers.iter().position(|known| *known == peer).unwrap_or(peers.len() - 1);
        if index == 0 { 0 } else { index + 1 }
    };
    const BOX: usize = 1;
    let columns = peers.len() + 1;
    let mut text = String::from("           ");
    for column in 0..columns {
        let name = match column {
            BOX => "box",
            0 => peers.first().map_or("", String::as_str),
            _ => peers.get(column - 1).map_or("", String::as_str),
        };
        let _ = write!(text, "{:<COLUMN$}", cut(name, COLUMN - 1));
    }
    trim(&mut text);
    for message in messages {
        let seconds = message.time.saturating_sub(first.time) as f64 / 1000.0;
        let column = column_of(message);
        let (left, right) = (column.min(BOX), column.max(BOX));
        let to_right = sent(message) == (column > BOX);
        let _ = write!(text, "{seconds:>9.3}  ");
        text.push_str(&arrow(&label(message), left, right, to_right, columns));
        trim(&mut text);
        if whole {
            for line in message.text.lines() {
                let _ = writeln!(text, "             {}", cut(line, LINE));
            }
            text.push('\n');
        }
    }
    text
}

/// One line: a bar in each column, an arrow with its label from one to another.
fn arrow(label: &str, left: usize, right: usize, to_right: bool, columns: usize) -> String {
    let mut cells: Vec<char> = vec![' '; columns * COLUMN];
    for column in 0..columns {
        if let Some(cell) = cells.get_mut(column * COLUMN) {
            *cell = '|';
        }
    }
    let (start, end) = (left * COLUMN + 1, right * COLUMN - 1);
    for cell in cells.iter_mut().take(end + 1).skip(start) {
        *cell = '-';
    }
    let (head, sign) = if to_right { (end, '>') } else { (start, '<') };
    if let Some(cell) = cells.get_mut(head) {
        *cell = sign;
    }
    let room = end - start - 3;
    let label = format!(" {} ", cut(label, room.saturating_sub(2)));
    let place = start + (end + 1 - start).saturating_sub(label.chars().count()) / 2;
    for (cell, character) in cells.iter_mut().skip(place).zip(label.chars()) {
        *cell = character;
    }
    cells.into_iter().collect()
}

fn trim(text: &mut String) {
    text.truncate(text.trim_end().len());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(time: i64, direction: &str, peer: &str, first_line: &str, cseq: &str, body: &str) -> TraceMessage {
        let (from, to) = if direction == "sent" { ("10.0.0.1:5060", peer) } else { (peer, "10.0.0.1:5060") };
        TraceMessage {
            time,
            from: from.into(),
            to: to.into(),
            direction: if direction == "sent" { TraceDirection::Sent } else { TraceDirection::Received },
            transport: "udp".into(),
            first_line: first_line.into(),
            cseq: cseq.into(),
            call_id: "a".into(),
            text: format!("{first_line}\r\nCSeq: {cseq}\r\n\r\n{body}"),
        }
    }

    #[test]
    fn a_call_between_two_phones() {
        let (a, b) = ("10.0.0.7:5060", "10.0.0.8:5060");
        let messages = [
            message(1000, "received", a, "INVITE sip:202@box SIP/2.0", "1 INVITE", "v=0\r\n"),
            message(1001, "sent", a, "SIP/2.0 100 Trying", "1 INVITE", ""),
            message(1004, "sent", b, "INVITE sip:202@10.0.0.8 SIP/2.0", "7 INVITE", "v=0\r\n"),
            message(1250, "received", b, "SIP/2.0 180 Ringing", "7 INVITE", ""),
            message(61_250, "received", a, "BYE sip:202@box SIP/2.0", "2 BYE", ""),
        ];
        let expected = [
            "           udp 10.0.0.7:5060             box                           udp 10.0.0.8:5060",
            "    0.000  |------ INVITE [1] +SDP ----->|                             |",
            "    0.001  |<-- 100 Trying [1 INVITE] ---|                             |",
            "    0.004  |                             |------ INVITE [7] +SDP ----->|",
            "    0.250  |                             |<- 180 Ringing [7 INVITE] ---|",
            "   60.250  |---------- BYE [2] --------->|                             |",
        ];
        let drawn = draw(&messages, false);
        assert_eq!(drawn.lines().collect::<Vec<_>>(), expected, "\n{drawn}");
        assert!(draw(&messages, true).contains("             CSeq: 7 INVITE\n"));
        assert_eq!(draw(&[], false), "the box remembers no SIP message of this call\n");
    }

    #[test]
    fn many_peers_and_long_lines_stay_in_their_columns() {
        let messages: Vec<TraceMessage> = (0..20)
            .map(|number| {
                let peer = format!("[2001:db8:1234:5678:9abc:def0:1234:{number:x}]:50600");
                message(number, "sent", &peer, &format!("SIP/2.0 400 {}", "x".repeat(100)), "1 INVITE", "")
            })
            .collect();
        let drawn = draw(&messages, false);
        assert!(drawn.lines().all(|line| line.chars().count() <= 11 + (MOST_COLUMNS + 1) * COLUMN), "{drawn}");
    }
}
