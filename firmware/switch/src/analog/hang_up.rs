//! Lines to the telephone company end their calls when their busy or congestion tone is heard.

use offhook_lines::country::{Country, ToneKind};
use offhook_lines::fxo;
use offhook_media::command as media;
use offhook_media::tone::hang_up::ToneProfile;

use crate::exchange::{Exchange, Now};

impl Exchange {
    /// Asks the engine to listen for the country's tones on a line.
    pub(super) fn listen_for_hang_up(&mut self, stream: media::StreamId, country: &Country) {
        let mut hang_up: Vec<ToneProfile> = Vec::new();
        for kind in [ToneKind::Busy, ToneKind::Congestion] {
            // A tone that has no cadence of its own cannot be told from dial tone.
            if let Ok(profile) = ToneProfile::of_tone(&super::super::bridge::segments(country, kind))
                && !profile.cadence_ms().is_empty()
                && !hang_up.contains(&profile)
            {
                hang_up.push(profile);
            }
        }
        self.media(media::Command::Listen { stream, hang_up, fax: false });
    }

    /// The engine heard a tone in what a party says.
    pub(crate) fn tone_heard(&mut self, now: Now, stream: media::StreamId, tone: media::HeardTone) {
        let line = self.lines.iter().find(|(_, port)| port.stream == stream).map(|(id, _)| *id);
        match (tone, line) {
            (media::HeardTone::HangUp, Some(line)) => self.handle_fxo(now, line, fxo::Input::DisconnectTone),
            // Nobody asks for the others yet.
            (media::HeardTone::HangUp, None) | (media::HeardTone::Fax(_), _) => {}
        }
    }
}
