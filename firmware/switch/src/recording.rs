//! Recording of whole calls by rule: a file per call, two channels, named by the call's id.

use offhook_media::command as media;

use crate::call::Recording;
use crate::exchange::{Exchange, Now};
use crate::id::{CallId, LegId};
use crate::routing::pattern;

impl Exchange {
    /// Starts recording if a rule says so. `answered`: the leg that has just answered.
    pub(crate) fn start_recording(&mut self, _now: Now, call: CallId, answered: LegId) {
        let Some(found) = self.calls.get(&call) else {
            return;
        };
        if found.recorded.is_some() || found.recording.is_some() {
            return;
        }
        let callee = self.legs.get(&answered).filter(|leg| !leg.caller).map(|leg| leg.number.as_str());
        let caller = found.caller_user.is_some().then_some(found.caller.0.as_str());
        let wanted = self.config.recording.iter().any(|rule| {
            let caller = rule.caller.as_deref().is_none_or(|rule| caller.is_some_and(|n| pattern::matches(rule, n)));
            let callee = rule.callee.as_deref().is_none_or(|rule| {
                pattern::matches(rule, &found.called.0) || callee.is_some_and(|n| pattern::matches(rule, n))
            });
            caller && callee
        });
        if !wanted {
            return;
        }
        // Left: our user who called, or who was called.
        let leg = match self.caller_leg(call).filter(|_| found.caller_user.is_some()) {
            Some(caller) => caller,
            None => answered,
        };
        let Some(stream) = self.legs.get(&leg).and_then(|leg| self.stream_of(leg)) else {
            return;
        };
        let name = format!("{call}.wav");
        let path = self.data.join("recordings").join(&name);
        let recording = media::RecordingId(self.new_media_id());
        if let Some(found) = self.calls.get_mut(&call) {
            found.recording = Some(Recording { id: recording, leg });
            found.recorded = Some(name);
        }
        self.media(media::Command::Record { recording, stream, path });
    }

    /// Stops the recording of a call.
    pub(crate) fn stop_recording(&mut self, call: CallId) {
        if let Some(recording) = self.calls.get_mut(&call).and_then(|call| call.recording.take()) {
            self.media(media::Command::StopRecording { recording: recording.id });
        }
    }

    /// The party recorded leaves: the recording ends with it.
    pub(crate) fn stop_recording_of(&mut self, leg: LegId) {
        let Some(call) = self.legs.get(&leg).map(|leg| leg.call) else {
            return;
        };
        if self.calls.get(&call).and_then(|call| call.recording.as_ref()).is_some_and(|recording| recording.leg == leg)
        {
            self.stop_recording(call);
        }
    }
}
