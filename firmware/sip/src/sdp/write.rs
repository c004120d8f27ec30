//! Writes descriptions.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::description::Stream;
use super::{Capabilities, Codec, Direction};

/// What a stream says of RTCP.
#[derive(Clone, Copy)]
pub(super) struct Rtcp {
    /// On the port of RTP (RFC 5761).
    pub(super) mux: bool,
    /// We read VoIP metrics (RFC 3611 §5.1).
    pub(super) xr: bool,
}

/// One `m=` line to write.
pub(super) enum Line<'a> {
    /// Our audio.
    Audio {
        protocol: &'a str,
        codecs: &'a [Codec],
        port: u16,
        direction: Direction,
        ptime: u32,
        rtcp: Rtcp,
        attributes: &'a [String],
    },
    /// A stream of the peer's that we do not take: its line with port 0 (RFC 3264 §6).
    Refused(&'a Stream),
}

pub(super) fn write(ours: &Capabilities, session: &[String], lines: &[Line<'_>]) -> Vec<u8> {
    let family = match ours.local.ip() {
        IpAddr::V4(_) => "IP4",
        IpAddr::V6(_) => "IP6",
    };
    let address = ours.local.ip();
    let (id, version) = (ours.session_id, ours.session_version);
    // RFC 3264 §5 and RFC 8866 §5: user name and session name that say nothing.
    let mut out =
        format!("v=0\r\no=- {id} {version} IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n");
    for attribute in session {
        let _ = write!(out, "a={attribute}\r\n");
    }
    for line in lines {
        // Writing to a String cannot fail.
        let _ = match line {
            Line::Audio { protocol, codecs, port, direction, ptime, rtcp, attributes } => {
                audio(&mut out, protocol, codecs, *port, *direction, *ptime, *rtcp, attributes, ours.fax)
            }
            Line::Refused(stream) => refused(&mut out, stream),
        };
    }
    out.into_bytes()
}

#[expect(clippy::too_many_arguments, reason = "the fields of one line")]
fn audio(
    out: &mut String,
    protocol: &str,
    codecs: &[Codec],
    port: u16,
    direction: Direction,
    ptime: u32,
    rtcp: Rtcp,
    attributes: &[String],
    fax: bool,
) -> std::fmt::Result {
    write!(out, "m=audio {port} {protocol}")?;
    for codec in codecs {
        write!(out, " {}", codec.payload_type)?;
    }
    out.push_str("\r\n");
    for codec in codecs {
        let Codec { payload_type, name, clock_rate, fmtp } = codec;
        // RFC 7587 §7: always two channels by name. Static types need no rtpmap, but some phones want one.
        let channels = if name.eq_ignore_ascii_case("opus") { "/2" } else { "" };
        write!(out, "a=rtpmap:{payload_type} {name}/{clock_rate}{channels}\r\n")?;
        if let Some(fmtp) = fmtp {
            write!(out, "a=fmtp:{payload_type} {fmtp}\r\n")?;
        }
    }
    write!(out, "a=ptime:{ptime}\r\n")?;
    if fax {
        out.push_str("a=silenceSupp:off - - - -\r\n");
    }
    if rtcp.mux {
        out.push_str("a=rtcp-mux\r\n");
    }
    if rtcp.xr {
        out.push_str("a=rtcp-xr:voip-metrics\r\n");
    }
    for attribute in attributes {
        write!(out, "a={attribute}\r\n")?;
    }
    let direction = match direction {
        Direction::SendRecv => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::RecvOnly => "recvonly",
        Direction::Inactive => "inactive",
    };
    write!(out, "a={direction}\r\n")
}

fn refused(out: &mut String, stream: &Stream) -> std::fmt::Result {
    write!(out, "m={} 0 {}", stream.kind, stream.protocol)?;
    for format in &stream.formats {
        write!(out, " {format}")?;
    }
    if stream.formats.is_empty() {
        // The grammar wants one format.
        out.push_str(" 0");
    }
    out.push_str("\r\n");
    Ok(())
}
