//! A session description taken apart (RFC 8866). The reader survives what phones send: bare LF, missing `o=`, `s=` or `t=`,
//! odd spaces, unknown lines, missing `rtpmap` of static types.

use std::net::{IpAddr, SocketAddr};

use super::security::Secured;
use super::{Codec, Direction, Unusable};

/// Longest description read, in bytes.
pub const MAX_LENGTH: usize = 64 * 1024;
/// Most `m=` lines.
pub const MAX_STREAMS: usize = 100;
/// Most attributes of the session or of one stream that are looked at; the rest is refused.
pub const MAX_ATTRIBUTES: usize = 256;
/// Most formats on one `m=` line.
pub const MAX_FORMATS: usize = 128;

/// A description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Session id and version of `o=`.
    pub origin: Option<(u64, u64)>,
    /// Session-level `c=`.
    pub connection: Option<Connection>,
    /// Session-level direction.
    pub direction: Option<Direction>,
    /// Protection, at session level.
    pub secured: Secured,
    /// The streams, in the order of their `m=` lines.
    pub streams: Vec<Stream>,
}

/// What a `c=` line says.
#[derive(Clone, Copy, derive_more::Debug, PartialEq, Eq)]
pub enum Connection {
    /// An address.
    Address(#[debug("…")] IpAddr),
    /// A host name or something else that is no address.
    Other,
}

/// One `m=` line with what belongs to it.
#[derive(Clone, derive_more::Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// `audio`, `video`, `image`, …
    pub kind: String,
    /// The port; 0 means refused or not used.
    pub port: u16,
    /// `RTP/AVP`, `RTP/AVPF`, `RTP/SAVP`, `udptl`, …
    pub protocol: String,
    /// The formats as written, in order.
    pub formats: Vec<String>,
    /// `c=` of the stream.
    pub connection: Option<Connection>,
    /// Direction of the stream.
    pub direction: Option<Direction>,
    /// `a=ptime`, in milliseconds.
    pub ptime: Option<u32>,
    /// `a=maxptime`, in milliseconds.
    pub maxptime: Option<u32>,
    /// `a=rtcp` (RFC 3605): the port and, when named, the address.
    #[debug("…")]
    pub rtcp: Option<(u16, Option<IpAddr>)>,
    /// `a=rtcp-mux` (RFC 5761).
    pub rtcp_mux: bool,
    /// Protection of the stream.
    pub secured: Secured,
    /// `a=rtcp-xr` names VoIP metrics (RFC 3611 §5.1).
    pub rtcp_xr: bool,
    /// `rtpmap` lines: payload type, codec, channels.
    maps: Vec<(u8, String, u32, u8)>,
    /// `fmtp` lines: payload type and parameters.
    #[debug("…")]
    parameters: Vec<(u8, String)>,
}

impl Description {
    /// Reads a description.
    ///
    /// # Errors
    /// [`Unusable`] with status 400 when it is none, or over a limit.
    pub fn parse(bytes: &[u8]) -> Result<Description, Unusable> {
        if bytes.len() > MAX_LENGTH {
            return Err(bad("session description too long"));
        }
        let text = String::from_utf8_lossy(bytes);
        let mut description = Description::default();
        let mut attributes = 0;
        let mut any = false;
        for line in text.split(['\r', '\n']).map(str::trim) {
            let Some((kind, value)) = line.split_once('=') else {
                // Empty lines and garbage between lines are stepped over.
                continue;
            };
            let value = value.trim();
            match kind.trim() {
                "v" => any = true,
                "o" => description.origin = origin(value),
                "c" => {
                    let connection = Some(connection(value));
                    match description.streams.last_mut() {
                        Some(stream) => stream.connection = stream.connection.or(connection),
                        None => description.connection = connection,
                    }
                }
                "m" => {
                    any = true;
                    attributes = 0;
                    if description.streams.len() == MAX_STREAMS {
                        return Err(bad("too many media streams"));
                    }
                    description.streams.push(stream(value)?);
                }
                "a" => {
                    attributes += 1;
                    if attributes > MAX_ATTRIBUTES {
                        return Err(bad("too many attributes"));
                    }
                    let (name, value) = value.split_once(':').unwrap_or((value, ""));
                    match description.streams.last_mut() {
                        Some(stream) => stream.attribute(name.trim(), value.trim()),
                        None if description.secured.attribute(&name.trim().to_ascii_lowercase(), value.trim()) => {}
                        None => description.direction = direction(name.trim()).or(description.direction),
                    }
                }
                _ => {}
            }
        }
        if any { Ok(description) } else { Err(bad("not a session description")) }
    }

    /// Where the peer wants RTP of a stream: `None` when it wants none or does not say.
    pub fn remote(&self, stream: &Stream) -> Option<SocketAddr> {
        match stream.connection.or(self.connection) {
            Some(Connection::Address(ip)) if !super::is_hold_address(ip) && stream.port != 0 => {
                Some(SocketAddr::new(ip, stream.port))
            }
            _ => None,
        }
    }

    /// Where the peer wants RTCP of a stream (RFC 3605, else the next port).
    pub fn remote_rtcp(&self, stream: &Stream) -> Option<SocketAddr> {
        let rtp = self.remote(stream)?;
        match stream.rtcp {
            Some((0, _)) => None,
            Some((port, ip)) => {
                let ip = ip.filter(|ip| !super::is_hold_address(*ip)).unwrap_or(rtp.ip());
                Some(SocketAddr::new(ip, port))
            }
            None => rtp.port().checked_add(1).map(|port| SocketAddr::new(rtp.ip(), port)),
        }
    }

    /// The direction of a stream from its writer's view. An unspecified address is a hold of RFC 2543 and takes the
    /// receiving half away (RFC 3264 §8.4).
    pub fn direction(&self, stream: &Stream) -> Direction {
        let written = stream.direction.or(self.direction).unwrap_or(Direction::SendRecv);
        // An agent of ICE that has no candidate yet writes it too (RFC 8840 §4.1.1).
        let held = self.ice(stream).is_none()
            && matches!(
                stream.connection.or(self.connection),
                Some(Connection::Address(ip)) if super::is_hold_address(ip)
            );
        if held { Direction::new(written.sends(), false) } else { written }
    }
}

impl Stream {
    /// The codecs of the stream in the peer's order. Formats without a meaning known here are left out.
    pub fn codecs(&self) -> Vec<Codec> {
        let known = |format: &String| {
            let payload_type: u8 = format.parse().ok().filter(|number| *number < 128)?;
            let mapped = self.maps.iter().find(|map| map.0 == payload_type);
            let (name, clock_rate) = match mapped {
                Some((_, name, rate, channels)) => {
                    let stereo = *channels > 1 && !name.eq_ignore_ascii_case("opus");
                    (!stereo).then(|| (name.clone(), *rate))?
                }
                None => static_type(payload_type).map(|(name, rate)| (name.to_owned(), rate))?,
            };
            // RFC 3551 §4.5.2: the RTP clock of G.722 is 8000 by an old mistake; some phones write the sampling rate.
            let clock_rate = if name.eq_ignore_ascii_case("G722") { 8000 } else { clock_rate };
            let fmtp = self.parameters.iter().find(|(number, _)| *number == payload_type);
            Some(Codec { payload_type, name, clock_rate, fmtp: fmtp.map(|(_, text)| text.clone()) })
        };
        self.formats.iter().filter_map(known).collect()
    }

    /// RTP, which the media engine speaks, plain or protected.
    pub fn is_rtp(&self) -> bool {
        let plain = ["RTP/AVP", "RTP/AVPF"].iter().any(|known| self.protocol.eq_ignore_ascii_case(known));
        plain || self.is_secure_profile()
    }

    /// An audio stream.
    pub fn is_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio")
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "rtpmap" => self.maps.extend(rtpmap(value)),
            "fmtp" => self.parameters.extend(fmtp(value)),
            "ptime" => self.ptime = milliseconds(value).or(self.ptime),
            "maxptime" => self.maxptime = milliseconds(value).or(self.maxptime),
            "rtcp" => self.rtcp = rtcp(value).or(self.rtcp),
            "rtcp-mux" => self.rtcp_mux = true,
            _ if self.secured.attribute(&lower, value) => {}
            "rtcp-xr" => self.rtcp_xr = value.split_whitespace().any(|kind| kind.eq_ignore_ascii_case("voip-metrics")),
            _ => self.direction = direction(&lower).or(self.direction),
        }
    }
}

pub(super) fn bad(reason: &'static str) -> Unusable {
    Unusable { status: 400, reason }
}

/// Payload types with a fixed meaning (RFC 3551 §6), one channel only.
fn static_type(payload_type: u8) -> Option<(&'static str, u32)> {
    Some(match payload_type {
        0 => ("PCMU", 8000),
        3 => ("GSM", 8000),
        4 => ("G723", 8000),
        5 => ("DVI4", 8000),
        6 => ("DVI4", 16_000),
        7 => ("LPC", 8000),
        8 => ("PCMA", 8000),
        9 => ("G722", 8000),
        11 => ("L16", 44_100),
        12 => ("QCELP", 8000),
        13 => ("CN", 8000),
        15 => ("G728", 8000),
        16 => ("DVI4", 11_025),
        17 => ("DVI4", 22_050),
        18 => ("G729", 8000),
        _ => return None,
    })
}

fn origin(value: &str) -> Option<(u64, u64)> {
    let mut fields = value.split_whitespace().skip(1);
    Some((number(fields.next()?)?, number(fields.next()?)?))
}

/// Session ids may be longer than 64 bits: then the last digits tell them apart well enough.
fn number(text: &str) -> Option<u64> {
    let digits = text.len() <= 64 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'))))
}

fn connection(value: &str) -> Connection {
    // Some phones leave out `IN IP4`; multicast has `/ttl` after the address.
    let address = value.split_whitespace().last().unwrap_or("");
    address_of(address.split('/').next().unwrap_or("")).map_or(Connection::Other, Connection::Address)
}

fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    // A zone names an interface of the peer's.
    bare.split('%').next().unwrap_or(bare).parse().ok()
}

fn stream(value: &str) -> Result<Stream, Unusable> {
    let mut fields = value.split_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(bad("malformed media line"));
    };
    let port = port.split('/').next().unwrap_or(port).parse().map_err(|_| bad("malformed media port"))?;
    let formats: Vec<String> = fields.take(MAX_FORMATS + 1).map(str::to_owned).collect();
    if formats.len() > MAX_FORMATS {
        return Err(bad("too many media formats"));
    }
    Ok(Stream { kind: kind.to_owned(), port, protocol: protocol.to_owned(), formats, ..Stream::default() })
}

fn rtpmap(value: &str) -> Option<(u8, String, u32, u8)> {
    let (payload_type, encoding) = value.split_once([' ', '\t'])?;
    let mut parts = encoding.split('/').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    // A missing clock rate is taken as telephony's.
    let rate = parts.next().map_or(Some(8000), |rate| rate.parse().ok())?;
    let channels = parts.next().and_then(|channels| channels.parse().ok()).unwrap_or(1);
    Some((payload_type.trim().parse().ok()?, name.to_owned(), rate, channels))
}

fn fmtp(value: &str) -> Option<(u8, String)> {
    let (payload_type, parameters) = value.split_once([' ', '\t'])?;
    Some((payload_type.trim().parse().ok()?, parameters.trim().to_owned()))
}

fn milliseconds(value: &str) -> Option<u32> {
    // "20.0" has been seen.
    value.split('.').next()?.trim().parse().ok().filter(|value| (1..=1000).contains(value))
}

fn rtcp(value: &str) -> Option<(u16, Option<IpAddr>)> {
    let mut fields = value.split_whitespace();
    let port = fields.next()?.parse().ok()?;
    Some((port, fields.last().and_then(address_of)))
}

fn direction(name: &str) -> Option<Direction> {
    [
        ("sendrecv", Direction::SendRecv),
        ("sendonly", Direction::SendOnly),
        ("recvonly", Direction::RecvOnly),
        ("inactive", Direction::Inactive),
    ]
    .into_iter()
    .find(|(known, _)| name.eq_ignore_ascii_case(known))
    .map(|(_, direction)| direction)
}
