//! The end of each input: what the endpoint and the ports have to say is taken until nothing is left, then media and display of
//! the calls that changed are brought up to date.

use std::sync::Arc;

use offhook_sip::endpoint as sip;

use super::{Exchange, Live, Now, Output};
use crate::config::Config;
use crate::index::Index;
use crate::timer::Timer;

impl Exchange {
    pub(super) fn settle(&mut self, now: Now) {
        loop {
            while let Some(output) = self.endpoint.poll_output() {
                match output {
                    sip::Output::Event(event) => self.sip_event(now, event),
                    output => self.outputs.push_back(Output::Sip(output)),
                }
            }
            if let Some(line) = self.touched_lines.pop_front() {
                self.drain_line(now, line);
                continue;
            }
            break;
        }
        while let Some(call) = self.dirty.pop_first() {
            self.refresh_media(now, call);
            if let Some(found) = self.calls.get(&call) {
                let call = self.live_call(found);
                self.outputs.push_back(Output::Live(Live::Call { call }));
            }
        }
    }

    pub(super) fn timer_due(&mut self, now: Now, timer: Timer) {
        match timer {
            Timer::NoAnswer(call) => self.no_answer(now, call),
            Timer::TrunkSilent(call) => self.trunk_silent(now, call),
            Timer::TrunkRegistration(trunk) => self.register_trunk(now, trunk),
            Timer::CallWaitingTone(line) => self.call_waiting_tone(now, line),
            Timer::RingBack(line, leg) => self.ring_back_over(now, line, leg),
            Timer::HeldDigits(leg) => self.held_digits_due(now, leg),
            Timer::LongestCall(call) => self.end_call(now, call, crate::cause::ReleaseCause::TIMER.into(), false),
        }
    }

    /// A new configuration. Calls under way go on; what they do next follows the new one.
    pub(super) fn apply_config(&mut self, now: Now, config: Arc<Config>) {
        self.index = Index::new(&config);
        self.ports.set_range(config.network.rtp_first, config.network.rtp_last);
        if config.site.realm != self.config.site.realm || config.sip != self.config.sip {
            let seed = self.derive_seed();
            self.authenticator = crate::access::authenticator(&config, seed, now.instant);
        }
        self.config = config;
        self.close_lines(now);
        self.touched_lines.extend(self.lines.keys());
        self.open_lines(now);
        self.start_trunks(now);
    }
}
