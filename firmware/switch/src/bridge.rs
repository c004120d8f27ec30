//! Who hears what. The media a call ought to have is computed from its legs and compared with what the engine was told last, so
//! that hold, transfer, three-way and early media need no media commands of their own.

use std::time::Duration;

use offhook_lines::country::{Country, ToneKind};
use offhook_media::command as media;

use crate::call::{Purpose, StageKind};
use crate::exchange::{Exchange, Now};
use crate::id::{CallId, LegId};
use crate::leg::{Kind, Leg, Phase};

/// Level of what plays while on hold: soft.
const HOLD_LEVEL: f32 = -26.0;

/// What a stream is playing, as the engine was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Playing {
    Nothing,
    /// On hold.
    Hold,
    /// The party it is being handed over to rings.
    Ringback,
    Announcement,
    /// A tone of the set's own state machine.
    Line(ToneKind),
    /// A burst of call waiting tone.
    CallWaiting,
}

impl Exchange {
    /// Brings the engine in line with a call.
    pub(crate) fn refresh_media(&mut self, now: Now, call: CallId) {
        let Some(found) = self.calls.get(&call) else {
            return;
        };
        let legs: Vec<&Leg> = found.legs.iter().filter_map(|leg| self.legs.get(leg)).collect();
        let early = legs.iter().any(|leg| leg.early_media && leg.phase != Phase::Connected);
        let in_it = |leg: &Leg| {
            !leg.transferring
                && match leg.phase {
                    Phase::Connected => true,
                    Phase::Calling => early && leg.sip().is_none_or(|sip| sip.negotiated.is_some()),
                    Phase::Offered | Phase::Alerting => leg.early_media,
                    Phase::Ending => false,
                }
        };
        let parties: Vec<&Leg> = legs.iter().copied().filter(|leg| in_it(leg)).collect();
        let mut talking: Vec<&Leg> = parties.iter().copied().filter(|leg| !leg.holding).collect();
        let someone_holds = parties.len() > talking.len();
        let alone = talking.len() < 2;
        let handed_over = found.stage.as_ref().is_some_and(|stage| {
            matches!(stage.purpose, Purpose::Transfer { .. })
                && (found.alerted || matches!(stage.kind, StageKind::Trunk { .. }))
        });
        let mut plays: Vec<(LegId, Playing)> = Vec::new();
        for leg in &parties {
            let wanted = if leg.holding || leg.phase != Phase::Connected {
                Playing::Nothing
            } else if found.announcement.is_some() && parties.len() == 1 {
                Playing::Announcement
            } else if alone && handed_over && !early {
                Playing::Ringback
            } else if alone && (someone_holds || found.stage.is_some()) && !early {
                Playing::Hold
            } else {
                Playing::Nothing
            };
            plays.push((leg.id, wanted));
        }
        if alone {
            talking.clear();
        }
        let members: Vec<media::StreamId> = talking.iter().filter_map(|leg| self.stream_of(leg)).collect();
        let members = if members.len() < 2 { Vec::new() } else { members };
        for (leg, wanted) in plays {
            self.play(now, call, leg, wanted);
        }
        let Some(found) = self.calls.get(&call) else {
            return;
        };
        if found.members == members {
            return;
        }
        let bridge = match found.bridge {
            Some(bridge) => bridge,
            None => media::BridgeId(self.new_media_id()),
        };
        if let Some(found) = self.calls.get_mut(&call) {
            found.bridge = (!members.is_empty()).then_some(bridge);
            found.members.clone_from(&members);
        }
        self.media(media::Command::Bridge { bridge, members });
    }

    /// Makes a leg's stream play `wanted` unless it does.
    fn play(&mut self, now: Now, call: CallId, leg: LegId, wanted: Playing) {
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        let Some(stream) = self.stream_of(found) else {
            return;
        };
        let playing = match &found.kind {
            Kind::Sip(sip) => sip.playing,
            Kind::Fxs(line) | Kind::Fxo(line) => self.lines.get(line).map_or(Playing::Nothing, |port| port.playing),
        };
        let own_tone = matches!(playing, Playing::Line(_) | Playing::CallWaiting) && wanted == Playing::Nothing;
        if playing == wanted || own_tone {
            return;
        }
        match found.kind {
            Kind::Sip(_) => {
                if let Some(sip) = self.legs.get_mut(&leg).and_then(Leg::sip_mut) {
                    sip.playing = wanted;
                }
            }
            Kind::Fxs(line) | Kind::Fxo(line) => {
                if let Some(port) = self.lines.get_mut(&line) {
                    port.playing = wanted;
                }
            }
        }
        let _ = now;
        let source = match wanted {
            Playing::Nothing => None,
            Playing::Hold => Some(hold_source()),
            Playing::Ringback => self.tone_source(ToneKind::Ringback),
            Playing::Line(tone) => self.tone_source(tone),
            Playing::CallWaiting => self.tone_source(ToneKind::CallWaiting),
            Playing::Announcement => self.announcement_source(call),
        };
        self.media(match source {
            Some(source) => media::Command::Play { stream, source },
            None => media::Command::Stop { stream },
        });
    }

    /// The table of the site's country, else of France, else any.
    pub(crate) fn country(&self) -> Option<&'static Country> {
        Country::find(&self.config.site.country)
            .or_else(|| Country::find("FR"))
            .or_else(|| Country::codes().first().and_then(|code| Country::find(code)))
    }

    /// A tone of the country.
    pub(crate) fn tone_source(&self, tone: ToneKind) -> Option<media::Source> {
        let country = self.country()?;
        let segments = segments(country, tone);
        Some(media::Source::Tone { segments, level_dbm0: country.frequency_level_dbm0(tone) })
    }
}

/// A tone of a country as the engine plays it.
pub(crate) fn segments(country: &Country, tone: ToneKind) -> Vec<media::ToneSegment> {
    let segment = |s: &offhook_lines::country::ToneSegment| media::ToneSegment {
        hz: s.hz.clone(),
        modulation_hz: s.modulation_hz,
        duration: s.duration,
        once: s.once,
    };
    country.tone(tone).iter().map(segment).collect()
}

/// What is heard on hold until there is music: two soft notes every few seconds, so that the party knows the line is alive.
fn hold_source() -> media::Source {
    let segment = |hz: &[f32], milliseconds| media::ToneSegment {
        hz: hz.to_vec(),
        modulation_hz: None,
        duration: Some(Duration::from_millis(milliseconds)),
        once: false,
    };
    media::Source::Tone {
        segments: vec![segment(&[523.25], 300), segment(&[659.25], 300), segment(&[], 4400)],
        level_dbm0: HOLD_LEVEL,
    }
}
