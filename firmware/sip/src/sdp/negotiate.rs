//! Offer and answer (RFC 3264, RFC 6337) for one audio stream.

use super::description::{Description, Stream, bad};
use super::security::Protection;
use super::write::{Line, Rtcp, write};
use super::{Capabilities, Codec, Direction, Negotiated, Unusable};

/// Packet times the media engine makes, in milliseconds.
const PTIME: std::ops::RangeInclusive<u32> = 10..=60;

/// Writes our offer.
pub fn offer(ours: &Capabilities) -> Vec<u8> {
    let (protocol, attributes) = ours.security.offer(ours.local);
    let audio = Line::Audio {
        protocol,
        codecs: &ours.codecs,
        port: ours.local.port(),
        direction: ours.direction,
        ptime: ours.ptime,
        attributes: &attributes.media,
        // A peer that does not know them passes over both, and RTCP has its own port.
        rtcp: Rtcp { mux: true, xr: true },
    };
    write(ours, &attributes.session, &[audio])
}

/// Writes a later offer in a session: `previous` is the last description we sent. Streams keep their places (RFC 3264 §8),
/// refused ones stay refused, and codecs keep their payload types (§8.3.2). When `previous` cannot be read it is a first offer.
pub fn reoffer(ours: &Capabilities, previous: &[u8]) -> Vec<u8> {
    let Ok(previous) = Description::parse(previous) else {
        return offer(ours);
    };
    // The stream that was in use, or the first that could be.
    let mut audios = previous.streams.iter().enumerate().filter(|(_, stream)| is_usable(stream));
    let chosen = audios.clone().find(|(_, stream)| stream.port != 0).or_else(|| audios.next());
    let Some((chosen, stream)) = chosen else {
        return offer(ours);
    };
    let codecs = keep_payload_types(&ours.codecs, &stream.codecs());
    let (_, mut attributes) = ours.security.offer(ours.local);
    attributes.media.extend(stream.secured.mid.iter().map(|mid| format!("mid:{mid}")));
    let lines: Vec<Line<'_>> = previous
        .streams
        .iter()
        .enumerate()
        .map(|(index, stream)| {
            if index != chosen {
                return Line::Refused(stream);
            }
            Line::Audio {
                protocol: &stream.protocol,
                codecs: &codecs,
                port: ours.local.port(),
                direction: ours.direction,
                ptime: ours.ptime,
                attributes: &attributes.media,
                rtcp: Rtcp { mux: stream.rtcp_mux, xr: stream.rtcp_xr },
            }
        })
        .collect();
    write(ours, &attributes.session, &lines)
}

/// Answers an offer: the answer to send and what was agreed. Streams other than the first usable audio are refused with port 0.
///
/// # Errors
/// [`Unusable`] when it does not parse or there is no common codec.
pub fn answer(ours: &Capabilities, offer: &[u8]) -> Result<(Vec<u8>, Negotiated), Unusable> {
    let offer = Description::parse(offer)?;
    let (index, stream, codec, protection) = choose(ours, &offer)?;
    let attributes = ours.security.answer(&protection, &offer, stream, ours.local);
    let offered = stream.codecs();
    let event = telephone_event(&ours.codecs, &offered, codec.clock_rate);
    let telephone_event_clock = event.as_ref().map_or(codec.clock_rate, |event| event.clock_rate);
    let ptime = packet_time(ours, stream);
    let direction =
        if stream.port == 0 { Direction::Inactive } else { offer.direction(stream).reversed().and(ours.direction) };
    // One codec in the answer: the peer cannot change it in mid-stream (RFC 6337 §4.2). Its own parameters are ours to name.
    let own = |theirs: &Codec| Codec {
        fmtp: matching(&ours.codecs, theirs).and_then(|ours| ours.fmtp.clone()),
        ..theirs.clone()
    };
    let mut codecs = vec![own(&codec)];
    codecs.extend(event.as_ref().map(|event| {
        let fmtp = own(event).fmtp.or_else(|| Some("0-15".into()));
        Codec { fmtp, ..event.clone() }
    }));
    let lines: Vec<Line<'_>> = offer
        .streams
        .iter()
        .enumerate()
        .map(|(at, stream)| {
            if at != index {
                return Line::Refused(stream);
            }
            Line::Audio {
                protocol: &stream.protocol,
                codecs: &codecs,
                port: if stream.port == 0 { 0 } else { ours.local.port() },
                direction,
                ptime,
                attributes: &attributes.media,
                rtcp: Rtcp { mux: stream.rtcp_mux, xr: stream.rtcp_xr },
            }
        })
        .collect();
    let remote = offer.remote(stream);
    let negotiated = Negotiated {
        remote,
        remote_rtcp: if stream.rtcp_mux { remote } else { offer.remote_rtcp(stream) },
        receive_payload_type: codec.payload_type,
        codec,
        telephone_event: event.as_ref().map(|event| event.payload_type),
        receive_telephone_event: event.as_ref().map(|event| event.payload_type),
        telephone_event_clock,
        ptime,
        direction,
        rtcp_mux: stream.rtcp_mux,
        protection,
        rtcp_xr: stream.rtcp_xr,
    };
    Ok((write(ours, &attributes.session, &lines), negotiated))
}

/// Reads the answer to [`offer`] made of the same capabilities.
///
/// # Errors
/// [`Unusable`] when it does not parse or holds no codec of ours.
pub fn accept(ours: &Capabilities, answer: &[u8]) -> Result<Negotiated, Unusable> {
    accept_for(ours, &offer(ours), answer)
}

/// Reads the answer to an offer of ours, as it was sent ([`offer`] or [`reoffer`]).
///
/// # Errors
/// [`Unusable`] when it does not parse, refuses the audio or holds no codec of ours.
pub fn accept_for(ours: &Capabilities, offer: &[u8], answer: &[u8]) -> Result<Negotiated, Unusable> {
    let offer = Description::parse(offer)?;
    let answer = Description::parse(answer)?;
    let (index, offered) = offer
        .streams
        .iter()
        .enumerate()
        .find(|(_, stream)| is_usable(stream) && stream.port != 0)
        .ok_or(bad("no audio was offered"))?;
    // Streams match by their place; a peer that leaves out refused ones is forgiven.
    let stream = answer
        .streams
        .get(index)
        .filter(|stream| is_usable(stream))
        .or_else(|| answer.streams.iter().find(|stream| is_usable(stream)))
        .ok_or(nothing("no audio in the answer"))?;
    if stream.port == 0 {
        return Err(nothing("audio was refused"));
    }
    let receivable = offered.codecs();
    let codecs = stream.codecs();
    let (codec, receive) = codecs
        .iter()
        .filter(|codec| is_speech(codec))
        .find_map(|codec| Some((codec, matching(&receivable, codec)?)))
        .ok_or(nothing("no common codec"))?;
    let event = telephone_event(&receivable, &codecs, codec.clock_rate);
    let receive_event = event.as_ref().and_then(|event| matching(&receivable, event));
    let protection =
        ours.security.accept(offered, &answer, stream).ok_or(nothing("the answer does not protect the media"))?;
    let remote = answer.remote(stream);
    let rtcp_mux = offered.rtcp_mux && stream.rtcp_mux;
    Ok(Negotiated {
        remote,
        remote_rtcp: if rtcp_mux { remote } else { answer.remote_rtcp(stream) },
        codec: codec.clone(),
        receive_payload_type: receive.payload_type,
        telephone_event: event.as_ref().map(|event| event.payload_type),
        receive_telephone_event: receive_event.or(event.as_ref()).map(|event| event.payload_type),
        telephone_event_clock: event.as_ref().map_or(codec.clock_rate, |event| event.clock_rate),
        ptime: packet_time(ours, stream),
        direction: answer.direction(stream).reversed().and(ours.direction),
        rtcp_mux,
        protection,
        rtcp_xr: stream.rtcp_xr,
    })
}

/// Whether a new description of the peer changes nothing: the same session and version in `o=` (RFC 3264 §8), as a session refresh
/// sends it.
pub fn is_unchanged(previous: &[u8], new: &[u8]) -> bool {
    if previous == new {
        return true;
    }
    match (Description::parse(previous), Description::parse(new)) {
        (Ok(previous), Ok(new)) => {
            // The version alone is not trusted: phones exist that change the direction without it.
            previous.origin.is_some() && previous == new
        }
        _ => false,
    }
}

impl Direction {
    /// From its halves.
    pub fn new(sends: bool, receives: bool) -> Direction {
        match (sends, receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }
    /// The writer sends.
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }
    /// The writer receives.
    pub fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }
    /// The same from the other end.
    #[must_use]
    pub fn reversed(self) -> Direction {
        Direction::new(self.receives(), self.sends())
    }
    /// What both allow.
    #[must_use]
    pub fn and(self, other: Direction) -> Direction {
        Direction::new(self.sends() && other.sends(), self.receives() && other.receives())
    }
}

fn nothing(reason: &'static str) -> Unusable {
    Unusable { status: 488, reason }
}

fn is_usable(stream: &Stream) -> bool {
    stream.is_audio() && stream.is_rtp()
}

/// The first audio stream that is open and has a codec of ours; else the first closed one (port 0 for an old-style hold).
fn choose<'a>(ours: &Capabilities, offer: &'a Description) -> Result<(usize, &'a Stream, Codec, Protection), Unusable> {
    let common = |stream: &Stream| {
        let speech = |codec: &Codec| is_speech(codec) && matching(&ours.codecs, codec).is_some();
        stream.codecs().into_iter().find(speech)
    };
    let find = |open: bool| {
        offer
            .streams
            .iter()
            .enumerate()
            .filter(|(_, stream)| is_usable(stream) && (stream.port != 0) == open)
            .find_map(|(index, stream)| Some((index, stream, common(stream)?, ours.security.take(offer, stream)?)))
    };
    // An offer of T.38 alone closes the audio, or leaves it out. There is no gateway: refused, the peer stays with the sound
    // it has (RFC 3261 §14.2) instead of losing it.
    let fax_relay = offer.streams.iter().any(|stream| stream.kind.eq_ignore_ascii_case("image") && stream.port != 0);
    find(true).or_else(|| find(false).filter(|_| !fax_relay)).ok_or_else(|| {
        let mut usable = offer.streams.iter().filter(|stream| is_usable(stream)).peekable();
        if usable.peek().is_none() {
            nothing("no audio over RTP")
        } else if usable.any(|stream| ours.security.take(offer, stream).is_some()) {
            nothing("no common codec")
        } else {
            nothing("the media must be, or must not be, protected")
        }
    })
}

/// Events and comfort noise go beside speech.
fn is_speech(codec: &Codec) -> bool {
    !["telephone-event", "CN", "RED"].iter().any(|other| codec.name.eq_ignore_ascii_case(other))
}

fn matching<'a>(codecs: &'a [Codec], wanted: &Codec) -> Option<&'a Codec> {
    codecs.iter().find(|codec| codec.name.eq_ignore_ascii_case(&wanted.name) && codec.clock_rate == wanted.clock_rate)
}

/// The event format of the peer's at the clock rate of the codec (RFC 4733 §2.1); when it has none there, one at a rate of
/// ours: with wide-band codecs many phones offer events at 8000 Hz only.
fn telephone_event(ours: &[Codec], theirs: &[Codec], clock_rate: u32) -> Option<Codec> {
    let is_event = |codec: &&Codec| codec.name.eq_ignore_ascii_case("telephone-event");
    let our_rates: Vec<u32> = ours.iter().filter(is_event).map(|codec| codec.clock_rate).collect();
    if our_rates.is_empty() {
        return None;
    }
    let mut events = theirs.iter().filter(is_event);
    events
        .clone()
        .find(|event| event.clock_rate == clock_rate)
        .or_else(|| events.find(|event| our_rates.contains(&event.clock_rate)))
        .cloned()
}

/// The packet time to send: the peer's wish within its limit and the engine's.
fn packet_time(ours: &Capabilities, stream: &Stream) -> u32 {
    let limit = stream.maxptime.unwrap_or(*PTIME.end());
    let wish = stream.ptime.unwrap_or(ours.ptime).min(limit);
    (wish / 10 * 10).clamp(*PTIME.start(), *PTIME.end())
}

/// Our codecs, numbered as `before` numbered them; numbers taken by another codec move to a free one.
fn keep_payload_types(ours: &[Codec], before: &[Codec]) -> Vec<Codec> {
    let mut used: Vec<u8> = before.iter().map(|codec| codec.payload_type).collect();
    ours.iter()
        .map(|codec| {
            if let Some(known) = matching(before, codec) {
                return Codec { payload_type: known.payload_type, ..codec.clone() };
            }
            let mut payload_type = codec.payload_type;
            if used.contains(&payload_type) && payload_type >= 96 {
                payload_type = (96..128).find(|free| !used.contains(free)).unwrap_or(payload_type);
            }
            used.push(payload_type);
            Codec { payload_type, ..codec.clone() }
        })
        .collect()
}
