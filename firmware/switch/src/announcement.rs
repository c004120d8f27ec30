//! Fixed announcements: the box answers and plays over and over until the digit that ends it.

use std::path::{Component, Path};
use std::time::Duration;

use offhook_media::command as media;

use crate::call::Purpose;
use crate::exchange::{Exchange, Now};
use crate::id::{CallId, LegId};
use crate::timer::Timer;

/// Longest life of an announcement call: an analog line may never tell that the caller is gone.
const LONGEST: Duration = Duration::from_secs(3600);

impl Exchange {
    /// Connects the call to an announcement.
    pub(crate) fn announce(&mut self, now: Now, call: CallId, position: usize, purpose: Purpose) {
        let Some(announcement) = self.config.announcements.get(position).cloned() else {
            return self.no_route(now, call, purpose);
        };
        let longest = self.timers.set(now.instant + LONGEST, Timer::LongestCall(call));
        let Some(found) = self.calls.get_mut(&call) else {
            return;
        };
        found.announcement = Some(announcement);
        let old = found.longest.replace(longest);
        self.timers.cancel(old);
        if let Purpose::Transfer { by } = purpose {
            self.transfer_done(now, call, by);
        }
        let Some(caller) = self.caller_leg(call).or_else(|| self.calls.get(&call)?.legs.first().copied()) else {
            return self.end_call(now, call, crate::cause::ReleaseCause::NORMAL.into(), false);
        };
        if !self.connect_caller(now, call, caller) {
            return;
        }
        if let Some(found) = self.calls.get_mut(&call) {
            found.answered.get_or_insert(now.wall);
        }
        self.close_missed(now, call, crate::record::LegStatus::CallAnswered, crate::cause::ReleaseCause::NORMAL);
        self.start_recording(now, call, caller);
        self.write_call(call);
    }

    /// What plays.
    pub(crate) fn announcement_source(&self, call: CallId) -> Option<media::Source> {
        let announcement = self.calls.get(&call)?.announcement.as_ref()?;
        let file = announcement.file.as_deref().map(Path::new).filter(|file| {
            // A name inside the directory of sounds, never a way out of it.
            file.components().all(|part| matches!(part, Component::Normal(_)))
        });
        Some(match file {
            Some(file) => media::Source::File { path: self.data.join("sounds").join(file), repeat: None },
            None => media::Source::Chime { repeat: None },
        })
    }

    /// A digit in an announcement. `true`: it has ended the call.
    pub(crate) fn announcement_digit(&mut self, now: Now, leg: LegId, digit: char) -> bool {
        let Some(call) = self.legs.get(&leg).map(|leg| leg.call) else {
            return false;
        };
        let ends = self
            .calls
            .get(&call)
            .and_then(|call| call.announcement.as_ref())
            .is_some_and(|announcement| announcement.hang_up_digit == Some(digit));
        if ends {
            self.end_call(now, call, crate::cause::ReleaseCause::NORMAL.into(), false);
        }
        ends
    }
}
