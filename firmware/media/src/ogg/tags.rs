//! The two header packets of an Ogg Opus recording (RFC 7845 §5).

use std::time::Duration;

use super::{Mark, page};

/// Length of the comment page, always the same: marks are written into it when they come.
pub(super) const TAGS_PAGE: usize = 4096;
/// Most marks that are kept: more would not fit into the page.
pub(super) const MAX_MARKS: usize = 40;

/// OpusHead (RFC 7845 §5.1) for two mono streams: `pre_skip` at 48 kHz, `rate` of the input for information.
pub(super) fn head(pre_skip: u16, rate: u32) -> Vec<u8> {
    let mut out = b"OpusHead\x01\x02".to_vec();
    out.extend(pre_skip.to_le_bytes());
    out.extend(rate.to_le_bytes());
    // No gain; family 1, two streams, none coupled, each its own channel.
    out.extend([0, 0, 1, 2, 0, 0, 1]);
    out
}

/// The page of OpusTags (RFC 7845 §5.2) with the marks as chapters, as Vorbis comments know them (`CHAPTER001=00:00:12.340`), padded
/// with zeros to a fixed length, which §5.2 allows.
pub(super) fn tags_page(serial: u32, marks: &[Mark]) -> Vec<u8> {
    let mut comments =
        vec!["TITLE=Call".to_owned(), "DESCRIPTION=Left: what the party says; right: what it hears".to_owned()];
    for (n, mark) in (1..).zip(marks.iter().take(MAX_MARKS)) {
        comments.push(format!("CHAPTER{n:03}={}", clock(mark.at)));
        comments.push(format!("CHAPTER{n:03}NAME=Recording was paused for {} s", mark.paused.as_secs()));
    }
    let mut packet = b"OpusTags".to_vec();
    let text = |packet: &mut Vec<u8>, text: &str| {
        packet.extend((text.len() as u32).to_le_bytes());
        packet.extend(text.as_bytes());
    };
    text(&mut packet, "Offhook");
    packet.extend((comments.len() as u32).to_le_bytes());
    comments.iter().for_each(|comment| text(&mut packet, comment));
    // 27 bytes of header and a lacing value for every 255 bytes begun.
    packet.resize(TAGS_PAGE - 27 - 16, 0);
    let mut out = Vec::with_capacity(TAGS_PAGE);
    let fits = page::write(&mut out, 0, 0, serial, 1, &[&packet]);
    debug_assert!(fits && out.len() == TAGS_PAGE, "{}", out.len());
    out
}

fn clock(at: Duration) -> String {
    let seconds = at.as_secs();
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, at.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_page_has_one_length_whatever_it_says() {
        let mark = Mark { at: Duration::from_millis(359_999_999), paused: Duration::from_secs(u64::MAX / 4) };
        for marks in [0, 1, MAX_MARKS, 100] {
            assert_eq!(tags_page(1, &vec![mark; marks]).len(), TAGS_PAGE);
        }
        assert_eq!(clock(Duration::from_millis(3_723_004)), "01:02:03.004");
    }
}
