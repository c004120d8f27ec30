//! Between what the exchange and the database know and what goes over the wire.

use offhook_store::Undo;
use offhook_store::calls::CallWithLegs;
use offhook_switch::config;
use offhook_switch::exchange::{self, StoredBinding};
use offhook_switch::record;

use crate::{sip_sound, types};

macro_rules! same_names {
    ($($from:path => $to:path { $($name:ident),* $(,)? })*) => {$(
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                match value {
                    $(<$from>::$name => <$to>::$name,)*
                }
            }
        }
    )*};
}

same_names! {
    record::Direction => types::Direction { Internal, Inbound, Outbound }
    types::Direction => record::Direction { Internal, Inbound, Outbound }
    record::LegStatus => types::LegStatus {
        Out, Answered, TooLate, CallAnswered, NoAnswer, Rejected, InCall, Snooze, Planning, NotConnected, SipPhoneError,
    }
    exchange::LegState => types::LegState { Dialling, Ringing, Talking, Held }
    config::LineKind => types::LineKind { Fxs, Fxo }
    config::AnswerSupervision => types::AnswerSupervision { Delay, Reversal }
    types::AnswerSupervision => config::AnswerSupervision { Delay, Reversal }
    types::LineKind => config::LineKind { Fxs, Fxo }
}

impl From<config::LineSound> for types::LineSound {
    fn from(sound: config::LineSound) -> Self {
        let config::LineSound { cancel_echo, from_line_db, to_line_db, automatic_level } = sound;
        types::LineSound { cancel_echo, from_line_db, to_line_db, automatic_level }
    }
}

impl From<types::LineSound> for config::LineSound {
    fn from(sound: types::LineSound) -> Self {
        let types::LineSound { cancel_echo, from_line_db, to_line_db, automatic_level } = sound;
        config::LineSound { cancel_echo, from_line_db, to_line_db, automatic_level }
    }
}

impl From<Undo> for types::Deleted {
    fn from(undo: Undo) -> Self {
        types::Deleted { undo: undo.token, id: undo.id, label: undo.label, until: undo.until }
    }
}

impl From<StoredBinding> for types::Registration {
    fn from(binding: StoredBinding) -> Self {
        types::Registration {
            address: binding.remote.to_string(),
            transport: binding.transport,
            user_agent: binding.user_agent,
            expires: binding.expires,
        }
    }
}

impl From<exchange::LiveCall> for types::LiveCall {
    fn from(call: exchange::LiveCall) -> Self {
        let legs = call.legs.into_iter().map(|leg| types::LiveLeg {
            id: leg.id.0,
            extension_id: leg.user.map(|user| user.0),
            number: leg.number,
            name: leg.name,
            interface: leg.interface,
            state: leg.state.into(),
            caller: leg.caller,
        });
        types::LiveCall {
            id: call.id.0,
            started: call.started,
            answered: call.answered,
            called: call.called,
            legs: legs.collect(),
            recording: call.recording,
        }
    }
}

impl From<exchange::Live> for types::LiveEvent {
    fn from(live: exchange::Live) -> Self {
        match live {
            exchange::Live::Call { call } => types::LiveEvent::Call { call: call.into() },
            exchange::Live::CallEnded { id } => types::LiveEvent::CallEnded { id: id.0 },
            exchange::Live::LegEnded { call, user, status } => types::LiveEvent::LegEnded {
                call: call.0,
                extension_id: user.map(|user| user.0),
                status: status.into(),
            },
            exchange::Live::Registered { user, bindings } => {
                types::LiveEvent::Registered { extension_id: user.0, registrations: bindings }
            }
            exchange::Live::Line { line, state } => types::LiveEvent::Line { line: line.0, state },
        }
    }
}

impl From<&record::LegQuality> for types::LegQuality {
    fn from(quality: &record::LegQuality) -> Self {
        let milliseconds = |us: u32| f64::from(us) / 1000.0;
        types::LegQuality {
            // More places than two say nothing.
            mos: quality.mean_opinion().map(|mos| (mos * 100.0).round() / 100.0),
            rating: quality.rating_tenths.map(|tenths| f64::from(tenths) / 10.0),
            received: quality.received,
            lost: quality.lost,
            discarded: quality.discarded,
            sent: quality.sent,
            jitter_ms: milliseconds(quality.jitter_us),
            round_trip_ms: quality.round_trip_us.map(milliseconds),
            mean_delay_ms: milliseconds(quality.mean_delay_us),
            max_delay_ms: milliseconds(quality.max_delay_us),
            concealed_percent: f64::from(quality.concealed_ppm) / 10_000.0,
            burst_ratio: f64::from(quality.burst_ratio_permille) / 1000.0,
            peer: quality.peer.map(|peer| types::PeerQuality {
                mos: peer.mos_tenths.map(|tenths| f64::from(tenths) / 10.0),
                rating: peer.rating,
                lost: peer.lost,
                jitter_ms: milliseconds(peer.jitter_us),
                delay_ms: peer.delay_ms,
            }),
        }
    }
}

impl From<CallWithLegs> for types::Call {
    fn from(found: CallWithLegs) -> Self {
        let call = found.call;
        let talk = call.answered.zip(call.ended).map_or(0, |(answered, ended)| (ended - answered).max(0));
        let qualities = found.qualities;
        let legs = found.legs.into_iter().map(|leg| types::Leg {
            quality: qualities.iter().find(|quality| quality.leg == leg.id).map(Into::into),
            id: leg.id.0,
            extension_id: leg.user.map(|user| user.0),
            device: leg.device.map(|device| device.0),
            trunk: leg.trunk.map(|trunk| trunk.0),
            number: leg.number,
            interface: leg.interface,
            status: leg.status.into(),
            started: leg.started,
            answered: leg.answered,
            ended: leg.ended,
            cause: leg.cause,
        });
        types::Call {
            id: call.id.0,
            direction: call.direction.into(),
            caller: call.caller,
            caller_name: call.caller_name,
            called: call.called,
            caller_extension_id: call.caller_user.map(|user| user.0),
            answered_by: call.answered_by.map(|user| user.0),
            trunk: call.trunk.map(|trunk| trunk.0),
            started: call.started,
            answered: call.answered,
            ended: call.ended,
            talk_ms: talk,
            cause: call.cause,
            ended_by_callee: call.ended_by_callee,
            interrupted: call.interrupted,
            recording: call.recording.is_some(),
            legs: legs.collect(),
        }
    }
}

impl From<config::Trunk> for types::TrunkKind {
    fn from(trunk: config::Trunk) -> Self {
        match trunk.kind {
            config::TrunkKind::Line { line } => types::TrunkKind::Line { line: line.0 },
            config::TrunkKind::Sip { uri, username, password, addresses, register, sound } => types::TrunkKind::Sip {
                uri,
                username,
                has_password: password.is_some(),
                addresses,
                register,
                encryption: sip_sound::encryption(sound.encryption),
                codecs: sound.codecs.into_iter().map(sip_sound::codec).collect(),
                digits: sip_sound::digits(sound.digits),
            },
        }
    }
}
