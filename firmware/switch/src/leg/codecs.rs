//! Which codecs a leg may use, in which order: by the policy of its device or trunk, and so that nothing needs transcoding.
//!
//! - Allowed is what the list of the device or trunk says, else the site's usual one: Opus, G.722, then both laws of G.711, the country's own first.
//! - An offer to B begins with what A offered (or has agreed on), in A's order. An analog party has G.711's quality: it comes first.
//! - The answer to A follows what B chose where A offered it and its policy allows it, else A's own order.
//! - Sides that agreed on different codecs all the same are transcoded; nobody is sent a re-INVITE for it.

use offhook_media::command as media;
use offhook_media::sound::Rate;
use offhook_sip::sdp::{self, Codec};

use super::{Kind, Leg, Phase};
use crate::config::{CodecName, DeviceKind, DigitMode, SipSound, TrunkKind};
use crate::exchange::Exchange;
use crate::id::{CallId, DeviceId, LegId, TrunkId};

/// Countries whose telephone network uses µ-law (ITU-T G.711: North America and Japan).
const MU_LAW: [&str; 4] = ["US", "CA", "JP", "TW"];

/// What we want to receive (RFC 7587 §6.1): redundancy against loss, pauses left out, one channel.
const OPUS: &str = "minptime=10;useinbandfec=1;usedtx=1;stereo=0;sprop-stereo=0";
/// Names of formats that are no speech.
const BESIDE_SPEECH: [&str; 3] = [EVENTS, "CN", "red"];
/// Digits as events (RFC 4733).
const EVENTS: &str = "telephone-event";

impl CodecName {
    /// As SDP names it, with its RTP clock.
    pub(crate) fn in_sdp(self) -> (&'static str, u32) {
        match self {
            CodecName::Opus => ("opus", 48_000),
            CodecName::G722 => ("G722", 8000),
            CodecName::Pcma => ("PCMA", 8000),
            CodecName::Pcmu => ("PCMU", 8000),
            CodecName::L16 => ("L16", 16_000),
        }
    }

    fn named(name: &str) -> Option<CodecName> {
        CodecName::ALL.into_iter().find(|codec| codec.in_sdp().0.eq_ignore_ascii_case(name))
    }

    fn payload_type(self) -> u8 {
        match self {
            CodecName::Pcmu => 0,
            CodecName::Pcma => 8,
            CodecName::G722 => 9,
            // Dynamic ones, as browsers number them.
            CodecName::Opus => 111,
            CodecName::L16 => 112,
        }
    }
}

impl Exchange {
    /// What a site uses where nothing else is said.
    fn usual_codecs(&self) -> Vec<CodecName> {
        let [a, mu] = [CodecName::Pcma, CodecName::Pcmu];
        let g711 = if MU_LAW.contains(&self.config.site.country.as_str()) { [mu, a] } else { [a, mu] };
        [CodecName::Opus, CodecName::G722].into_iter().chain(g711).collect()
    }

    /// How sound and digits go to a device, or to a trunk; `None` for an analog party.
    pub(crate) fn sound_of(&self, device: Option<DeviceId>, trunk: Option<TrunkId>) -> Option<&SipSound> {
        if let Some(device) = device.and_then(|device| self.config.devices.get(&device)) {
            return matches!(device.kind, DeviceKind::Sip { .. }).then_some(&device.sound);
        }
        match &self.config.trunks.get(&trunk?)?.kind {
            TrunkKind::Sip { sound, .. } => Some(sound),
            TrunkKind::Line { .. } => None,
        }
    }

    /// What a leg may use, best first.
    pub(crate) fn allowed_codecs(&self, leg: Option<&Leg>) -> Vec<CodecName> {
        match leg.and_then(|leg| self.sound_of(leg.device, leg.trunk)) {
            Some(sound) if !sound.codecs.is_empty() => sound.codecs.clone(),
            _ => self.usual_codecs(),
        }
    }

    /// The formats of a leg's next description: what it may use, with `first` in front in its own order.
    pub(crate) fn formats(&self, leg: Option<&Leg>, first: &[String]) -> Vec<Codec> {
        let sound = leg.and_then(|leg| self.sound_of(leg.device, leg.trunk));
        let mut allowed = self.allowed_codecs(leg);
        if leg.is_some_and(|leg| self.carries_fax(leg.id)) {
            // Whatever its list says: no other codec lets a fax through.
            allowed = self.usual_codecs();
            allowed.retain(|codec| matches!(codec, CodecName::Pcma | CodecName::Pcmu));
        }
        let mut formats = formats(&order(allowed, first));
        if sound.is_some_and(|sound| !matches!(sound.digits, DigitMode::Auto | DigitMode::Events)) {
            formats.retain(|format| format.name != EVENTS);
        }
        formats
    }

    /// The codecs of the party that `leg` is to speak with, best first; none when there is no such party.
    pub(crate) fn other_codecs(&self, call: CallId, leg: LegId) -> Vec<String> {
        let Some(call) = self.calls.get(&call) else {
            return Vec::new();
        };
        let party = call.legs.iter().filter(|other| **other != leg).find_map(|other| {
            let other = self.legs.get(other)?;
            (matches!(other.phase, Phase::Calling | Phase::Connected) && !other.transferring).then_some(other.id)
        });
        party.map(|party| self.codecs_of(party)).unwrap_or_default()
    }

    /// Names of the codecs a leg uses or asks for, best first.
    pub(crate) fn codecs_of(&self, leg: LegId) -> Vec<String> {
        let Some(leg) = self.legs.get(&leg) else {
            return Vec::new();
        };
        match &leg.kind {
            Kind::Fxs(_) | Kind::Fxo(_) => {
                let narrow = |codec: &CodecName| matches!(codec, CodecName::Pcma | CodecName::Pcmu);
                self.usual_codecs().into_iter().filter(narrow).map(|codec| codec.in_sdp().0.to_owned()).collect()
            }
            Kind::Sip(sip) => match (&sip.negotiated, &sip.remote_offer) {
                (Some(negotiated), _) => vec![negotiated.codec.name.clone()],
                (None, Some(offer)) => {
                    let allowed = self.allowed_codecs(Some(leg));
                    offered(offer).into_iter().filter(|name| is_in(&allowed, name)).collect()
                }
                (None, None) => Vec::new(),
            },
        }
    }
}

fn is_in(allowed: &[CodecName], name: &str) -> bool {
    CodecName::named(name).is_some_and(|codec| allowed.contains(&codec))
}

/// Names of the speech codecs of the first open audio stream of a description, in its order.
fn offered(description: &[u8]) -> Vec<String> {
    let Ok(description) = sdp::Description::parse(description) else {
        return Vec::new();
    };
    let stream = description.streams.iter().find(|stream| stream.is_audio() && stream.port != 0);
    let codecs = stream.map(sdp::Stream::codecs).unwrap_or_default();
    codecs
        .into_iter()
        .map(|codec| codec.name)
        .filter(|name| !BESIDE_SPEECH.iter().any(|other| name.eq_ignore_ascii_case(other)))
        .collect()
}

/// `allowed`, with those named first in front in that order.
fn order(allowed: Vec<CodecName>, first: &[String]) -> Vec<CodecName> {
    let mut ordered: Vec<CodecName> = Vec::new();
    let named = first.iter().filter_map(|name| CodecName::named(name)).filter(|codec| allowed.contains(codec));
    for codec in named.chain(allowed.iter().copied()) {
        if !ordered.contains(&codec) {
            ordered.push(codec);
        }
    }
    ordered
}

/// Formats of SDP: the codecs, then telephone events at each of their clocks (RFC 4733 §2.1).
pub(crate) fn formats(codecs: &[CodecName]) -> Vec<Codec> {
    let mut formats: Vec<Codec> = codecs
        .iter()
        .map(|codec| {
            let (name, clock_rate) = codec.in_sdp();
            let fmtp = (*codec == CodecName::Opus).then(|| OPUS.to_owned());
            Codec { payload_type: codec.payload_type(), name: name.into(), clock_rate, fmtp }
        })
        .collect();
    for (payload_type, clock_rate) in [(101, 8000), (110, 48_000), (113, 16_000)] {
        // At 8000 Hz always: some telephones with wide-band codecs know no other.
        if clock_rate == 8000 || codecs.iter().any(|codec| codec.in_sdp().1 == clock_rate) {
            let fmtp = Some("0-15".into());
            formats.push(Codec { payload_type, name: EVENTS.into(), clock_rate, fmtp });
        }
    }
    formats
}

/// The formats without the speech codecs other than `only`.
pub(crate) fn only(formats: &[Codec], only: &str) -> Vec<Codec> {
    let beside = |name: &str| BESIDE_SPEECH.iter().any(|other| name.eq_ignore_ascii_case(other));
    formats.iter().filter(|f| beside(&f.name) || f.name.eq_ignore_ascii_case(only)).cloned().collect()
}

/// The engine's codec for an agreed one.
pub(crate) fn engine_codec(codec: &Codec) -> media::Codec {
    match CodecName::named(&codec.name) {
        Some(CodecName::Pcmu) => media::Codec::Pcmu,
        Some(CodecName::G722) => media::Codec::G722,
        Some(CodecName::Opus) => media::Codec::Opus,
        Some(CodecName::L16) => media::Codec::L16(Rate::from_hz(codec.clock_rate).unwrap_or(Rate::Wide)),
        Some(CodecName::Pcma) | None => media::Codec::Pcma,
    }
}

/// What the peer wants of the Opus it receives (RFC 7587 §6.1, §7).
pub(crate) fn opus_settings(codec: &Codec) -> media::OpusSettings {
    let mut settings = media::OpusSettings::default();
    for (key, value) in codec.fmtp.as_deref().unwrap_or("").split(';').filter_map(|p| p.split_once('=')) {
        let Ok(value) = value.trim().parse::<u32>() else {
            continue;
        };
        match key.trim().to_ascii_lowercase().as_str() {
            "maxplaybackrate" => settings.max_playback_rate = value,
            "maxaveragebitrate" => settings.max_average_bitrate = value,
            "useinbandfec" => settings.fec = value == 1,
            "usedtx" => settings.dtx = value == 1,
            "cbr" => settings.constant_bitrate = value == 1,
            _ => {}
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_other_offered_comes_first() {
        use CodecName::{G722, Opus, Pcma, Pcmu};
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let allowed = vec![Opus, G722, Pcma, Pcmu];
        assert_eq!(order(allowed.clone(), &names(&["pcmu", "G729", "g722"])), [Pcmu, G722, Opus, Pcma]);
        assert_eq!(order(vec![Pcma], &names(&["opus"])), [Pcma]);
        assert_eq!(order(allowed.clone(), &[]), allowed);
    }

    #[test]
    fn events_are_offered_at_each_clock() {
        let events = |codecs: &[CodecName]| -> Vec<u32> {
            formats(codecs).iter().filter(|f| f.name == "telephone-event").map(|f| f.clock_rate).collect()
        };
        assert_eq!(events(&[CodecName::Pcma]), [8000]);
        assert_eq!(events(&[CodecName::Opus, CodecName::Pcma]), [8000, 48_000]);
    }

    #[test]
    fn wishes_of_the_peer_are_read() {
        let codec =
            |fmtp: &str| Codec { payload_type: 96, name: "OPUS".into(), clock_rate: 48_000, fmtp: Some(fmtp.into()) };
        let settings =
            opus_settings(&codec("maxplaybackrate=16000; useinbandfec=1;usedtx=1; stereo=1;x;maxaveragebitrate=q"));
        assert_eq!((settings.max_playback_rate, settings.fec, settings.dtx), (16_000, true, true));
        assert_eq!((settings.max_average_bitrate, settings.constant_bitrate), (0, false));
        assert_eq!(engine_codec(&codec("")), media::Codec::Opus);
    }
}
