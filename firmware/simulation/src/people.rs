//! What people do, by chance.

use std::collections::BTreeMap;
use std::time::Duration;

use offhook_lines::simulated::{ExchangeAction, ExchangeState, SetAction};
use offhook_media::command::Event as MediaEvent;
use offhook_switch::config::Config;
use offhook_switch::exchange::{Command, Input};

use crate::chance::Chance;
use crate::check::Emergency;
use crate::network::Weather;
use crate::office::Office;
use crate::phone::DialogState;
use crate::site;

/// The people of the office and outside.
#[derive(Debug)]
pub(crate) struct People {
    /// Pairs found to hear each other.
    pub(crate) heard: u64,
    pub(crate) chance: Chance,
    /// Numbers outside that somebody asked for, by the digits a trunk gets, and on whose account.
    pub(crate) outside: BTreeMap<String, usize>,
    pub(crate) emergencies: Vec<Emergency>,
    pub(crate) dials_checked: usize,
    /// A forward was set at some time since the last quiet.
    pub(crate) forwarded: bool,
    /// Phones and sets (100 + port) in the hands of somebody who needs help, until then.
    reserved: BTreeMap<usize, u64>,
    next_outside: u64,
}

impl People {
    pub(crate) fn new(seed: u64) -> Self {
        People {
            heard: 0,
            chance: Chance::new(seed, 3),
            outside: BTreeMap::new(),
            emergencies: Vec::new(),
            dials_checked: 0,
            forwarded: false,
            reserved: BTreeMap::new(),
            next_outside: 0,
        }
    }

    /// Something happens.
    pub(crate) fn step(&mut self, office: &mut Office) {
        match self.chance.below(100) {
            0..45 => self.at_phone(office),
            45..70 => self.at_set(office),
            70..82 => self.at_line(office),
            82..90 => self.at_carrier(office),
            90..94 => self.administrator(office),
            94..98 => self.weather(office),
            98 => self.digit(office),
            _ => {
                if self.chance.percent(30) && self.emergencies.is_empty() {
                    // Also in the middle of a number: the rest of it must not become another one.
                    office.crash();
                    self.moved(office);
                }
            }
        }
    }

    /// A number to dial, and the user it is dialled for.
    fn number(&mut self, user: usize) -> String {
        match self.chance.below(100) {
            0..65 => (*self.chance.pick(&site::EXTENSIONS).unwrap_or(&"1001")).to_owned(),
            65..90 => self.outside_number(user),
            90..95 => site::ANNOUNCEMENT.to_owned(),
            _ => "1999".to_owned(),
        }
    }

    /// A number outside that nobody has dialled before.
    fn outside_number(&mut self, user: usize) -> String {
        self.next_outside += 1;
        let number = format!("1{:08}", self.next_outside);
        self.outside.insert(number.clone(), user);
        format!("0{number}")
    }

    fn is_reserved(&self, office: &Office, who: usize) -> bool {
        self.reserved.get(&who).is_some_and(|until| office.now < *until)
    }

    fn emergency(&mut self, office: &Office, who: usize) -> String {
        let number = (*self.chance.pick(&site::EMERGENCY).unwrap_or(&"112")).to_owned();
        let until = office.now + 60_000;
        self.reserved.insert(who, until);
        self.emergencies.push(Emergency { number: number.clone(), since: office.now, until });
        // With the digit for an outside line in front, or without.
        if self.chance.percent(50) { format!("0{number}") } else { number }
    }

    fn at_phone(&mut self, office: &mut Office) {
        // Mostly where something goes on already.
        let busy: Vec<usize> =
            office.phones.iter().enumerate().filter(|(_, p)| p.dialogs().next().is_some()).map(|(i, _)| i).collect();
        let ringing: Vec<usize> = (0..office.phones.len())
            .filter(|i| {
                let phone = office.phones.get(*i);
                phone.is_some_and(|p| p.alive && p.dialogs().any(|d| d.state == DialogState::Ringing))
            })
            .collect();
        let busy = if !ringing.is_empty() && self.chance.percent(40) { ringing } else { busy };
        let any = self.chance.below(office.phones.len() as u64) as usize;
        let index = if self.chance.percent(60) { self.chance.pick(&busy).copied().unwrap_or(any) } else { any };
        if self.is_reserved(office, index) {
            return;
        }
        let Some(phone) = office.phones.get(index) else {
            return;
        };
        let user = site::sip_phones().get(index).map_or(0, |p| p.0);
        if !phone.alive {
            if self.chance.percent(30) {
                office.note(|| format!("phone {index} starts again"));
                office.with_phone(index, |phone, now| phone.restart(now));
            }
            return;
        }
        let dialogs: Vec<(u64, DialogState, bool)> = phone.dialogs().map(|d| (d.id, d.state, d.held)).collect();
        let registered = phone.registered;
        let Some((id, state, held)) = self.chance.pick(&dialogs).copied() else {
            return match self.chance.below(100) {
                0..3 => {
                    office.note(|| format!("phone {index} vanishes"));
                    office.with_phone(index, |phone, _| phone.vanish());
                }
                3..5 => {
                    office.with_phone(index, |phone, now| phone.restart(now));
                }
                5..9 if registered => {
                    let number = self.emergency(office, index);
                    office.note(|| format!("phone {index} calls {number} in need"));
                    office.with_phone(index, |phone, now| phone.call(now, &number));
                }
                _ => {
                    let number = self.number(user);
                    office.note(|| format!("phone {index} calls {number}"));
                    office.with_phone(index, |phone, now| phone.call(now, &number));
                }
            };
        };
        let chance = self.chance.below(100);
        office.note(|| format!("phone {index} acts on call {id} in {state:?}, chance {chance}"));
        match (state, chance) {
            (DialogState::Ringing, 0..80) => {
                office.with_phone(index, |phone, now| phone.answer(now, id));
            }
            (DialogState::Ringing, 80..90) => {
                let status = self.chance.pick(&[486, 603, 480, 404]).copied().unwrap_or(486);
                office.with_phone(index, |phone, now| phone.reject(now, id, status));
            }
            (DialogState::Calling, 0..12) | (DialogState::Up, 0..15) => {
                office.with_phone(index, |phone, now| phone.hang_up(now, id));
            }
            (DialogState::Up, 15..35) => {
                office.with_phone(index, |phone, now| phone.hold(now, id, !held));
            }
            (DialogState::Up, 35..47) => {
                let number = self.number(user);
                self.moved(office);
                office.note(|| format!("phone {index} transfers call {id} to {number}"));
                office.with_phone(index, |phone, now| phone.transfer(now, id, &number));
            }
            (DialogState::Up, 47..62) => {
                let second = dialogs.iter().find(|d| d.0 != id && d.1 == DialogState::Up);
                if let Some((second, ..)) = second.copied() {
                    self.moved(office);
                    office.note(|| format!("phone {index} joins calls {id} and {second}"));
                    office.with_phone(index, |phone, now| phone.transfer_attended(now, id, second));
                }
            }
            (DialogState::Up, 62..80) if dialogs.len() < 3 => {
                let number = self.number(user);
                office.note(|| format!("phone {index} calls {number} too"));
                office.with_phone(index, |phone, now| phone.hold(now, id, true));
                office.with_phone(index, |phone, now| phone.call(now, &number));
            }
            (DialogState::Up, 80..82) => {
                office.note(|| format!("phone {index} vanishes in a call"));
                office.with_phone(index, |phone, _| phone.vanish());
            }
            (_, _) => {}
        }
    }

    fn at_set(&mut self, office: &mut Office) {
        let busy: Vec<(u16, usize)> = site::SETS
            .into_iter()
            .filter(|(port, _)| office.sets.get(port).is_some_and(|set| set.shows().lifted || set.shows().ringing))
            .collect();
        let any = self.chance.pick(&site::SETS).copied().unwrap_or((1, 1));
        let (port, user) = if self.chance.percent(60) { self.chance.pick(&busy).copied().unwrap_or(any) } else { any };
        let who = 100 + usize::from(port);
        let Some(set) = office.sets.get(&port) else {
            return;
        };
        if self.is_reserved(office, who) {
            return;
        }
        let (lifted, ringing) = (set.shows().lifted, set.shows().ringing);
        let chance = self.chance.below(100);
        match (lifted, ringing, chance) {
            (false, true, 0..80) => {
                office.note(|| format!("set {port} is lifted"));
                office.with_set(port, SetAction::Lift);
            }
            (false, true, _) => {}
            (false, false, 0..70) => {
                // Put down and lifted at once would be no more than a bounce of the hook.
                office.pass(600);
                if office.sets.get(&port).is_some_and(|set| set.shows().ringing) {
                    return;
                }
                // Dial tone is as sure as the line: an emergency call begins on a set that does not ring.
                let number = if self.chance.percent(6) { self.emergency(office, who) } else { self.number(user) };
                office.note(|| format!("set {port} dials {number}"));
                office.with_set(port, SetAction::Lift);
                office.pass(200);
                self.dial(office, port, &number);
            }
            (false, false, _) => {}
            (true, _, 0..20) => {
                office.note(|| format!("set {port} is put down"));
                office.with_set(port, SetAction::PutDown);
            }
            (true, _, 20..55) if !is_dialling(office, port) => {
                self.moved(office);
                office.note(|| format!("set {port} flashes"));
                office.with_set(port, SetAction::Flash(Duration::from_millis(150)));
                if self.chance.percent(40) {
                    office.pass(600);
                    let number = self.number(user);
                    office.note(|| format!("set {port} dials {number} too"));
                    self.dial(office, port, &number);
                }
            }
            (true, _, _) => {}
        }
    }

    fn dial(&mut self, office: &mut Office, port: u16, number: &str) {
        let rotary = self.chance.percent(30);
        for digit in number.chars() {
            let action = if rotary { SetAction::Rotary(digit) } else { SetAction::Key(digit) };
            office.with_set(port, action);
        }
    }

    fn at_line(&mut self, office: &mut Office) {
        let port = self.chance.pick(&site::OFFICES).copied().unwrap_or(5);
        let Some(line) = office.lines.get(&port) else {
            return;
        };
        let state = line.shows().state;
        // In an emergency nobody pulls plugs and the rescue service answers.
        let need = !self.emergencies.is_empty();
        let action = match (state, self.chance.below(100)) {
            (ExchangeState::Idle, 0..60) => {
                let caller = self.chance.percent(70).then(|| ("0611223344".to_owned(), "Outside".to_owned()));
                ExchangeAction::Call { caller }
            }
            (ExchangeState::Idle, 60..64) if !need => ExchangeAction::Unplug,
            (ExchangeState::Unplugged, _) => ExchangeAction::Plug,
            (ExchangeState::Ringing, 0..60) => ExchangeAction::Answer,
            (ExchangeState::Ringing | ExchangeState::Connected | ExchangeState::CallingBox, 60..90) => {
                ExchangeAction::HangUp
            }
            (ExchangeState::Connected, 90..92) if !need => ExchangeAction::Unplug,
            (_, _) => return,
        };
        office.note(|| format!("line {port}: {action:?}"));
        office.with_line(port, action);
    }

    fn at_carrier(&mut self, office: &mut Office) {
        let dialogs: Vec<(u64, DialogState)> = office.carrier.dialogs().map(|d| (d.id, d.state)).collect();
        let chance = self.chance.below(100);
        match (self.chance.pick(&dialogs).copied(), chance) {
            (Some((id, DialogState::Ringing)), 0..70) => {
                office.with_carrier(|carrier, now| carrier.answer(now, id));
            }
            (Some((id, DialogState::Ringing)), 70..80) => {
                let status = self.chance.pick(&[486, 404, 503, 480]).copied().unwrap_or(486);
                office.with_carrier(|carrier, now| carrier.reject(now, id, status));
            }
            (Some((id, DialogState::Up | DialogState::Calling)), 0..40) => {
                office.with_carrier(|carrier, now| carrier.hang_up(now, id));
            }
            (_, 80..) if dialogs.len() < 4 => {
                let number = if self.chance.percent(80) { site::CARRIER_NUMBER } else { "33199999999" };
                office.note(|| format!("the carrier calls {number}"));
                office.with_carrier(|carrier, now| carrier.call(now, number));
            }
            (_, _) => {}
        }
    }

    fn administrator(&mut self, office: &mut Office) {
        let user = self.chance.below(8) as usize;
        let id = site::user_id(user);
        let number = self.number(user);
        let kind = self.chance.below(9);
        self.forwarded |= (1..4).contains(&kind);
        office.note(|| format!("administrator: kind {kind} for user {user}, {number}"));
        match kind {
            7 => {
                let calls = office.exchange.calls();
                if let Some(call) = self.chance.pick(&calls).map(|call| call.id).filter(|_| self.emergencies.is_empty())
                {
                    office.input(Input::Command(Command::HangUp(call)));
                }
            }
            8 => office.reconfigure(|config: &mut Config| config.users = site::config().users),
            _ => office.reconfigure(|config: &mut Config| {
                let Some(user) = config.users.get_mut(&id) else {
                    return;
                };
                match kind {
                    0 => user.do_not_disturb = !user.do_not_disturb,
                    1 => user.forward_always = toggle(&user.forward_always, number),
                    2 => user.forward_busy = toggle(&user.forward_busy, number),
                    3 => user.forward_no_answer = toggle(&user.forward_no_answer, number),
                    4 => user.call_waiting = !user.call_waiting,
                    5 => user.max_calls = if user.max_calls == 1 { 4 } else { 1 },
                    _ => user.ring_time = Duration::from_secs(if user.ring_time.as_secs() == 20 { 8 } else { 20 }),
                }
            }),
        }
    }

    fn weather(&mut self, office: &mut Office) {
        let weather = match self.chance.below(4) {
            0 => Weather {
                loss: self.chance.below(30),
                double: self.chance.below(20),
                delay: 1 + self.chance.below(300),
            },
            1 => Weather { loss: 0, double: 50, delay: 100 },
            _ => Weather::CALM,
        };
        office.note(|| format!("{weather:?}"));
        office.weather(weather);
    }

    fn digit(&mut self, office: &mut Office) {
        let conversations = office.media.conversations();
        let parties: Vec<_> = conversations.into_iter().flatten().collect();
        let digit = self.chance.pick(&['1', '9', '*', '#']).copied().unwrap_or('1');
        if let Some(stream) = self.chance.pick(&parties).and_then(|party| office.media.stream_of(*party)) {
            office.input(Input::Media(MediaEvent::Digit { stream, digit }));
        }
    }

    /// Somebody may have put calls together.
    fn moved(&mut self, office: &mut Office) {
        for phone in &mut office.phones {
            phone.mark_moved();
        }
        office.carrier.mark_moved();
    }

    /// Everybody goes home: all is hung up, plugged in, calm.
    pub(crate) fn go_home(&mut self, office: &mut Office) {
        office.weather(Weather::CALM);
        self.reserved.clear();
        for index in 0..office.phones.len() {
            office.with_phone(index, |phone, now| {
                if !phone.alive {
                    phone.restart(now);
                }
                phone.stop_registering();
                let ids: Vec<u64> = phone.dialogs().map(|d| d.id).collect();
                for id in ids {
                    phone.hang_up(now, id);
                }
            });
        }
        office.with_carrier(|carrier, now| {
            let ids: Vec<u64> = carrier.dialogs().map(|d| d.id).collect();
            for id in ids {
                carrier.hang_up(now, id);
            }
        });
        for (port, _) in site::SETS {
            office.with_set(port, SetAction::PutDown);
        }
        for port in site::OFFICES {
            office.with_line(port, ExchangeAction::Plug);
            office.with_line(port, ExchangeAction::HangUp);
        }
    }
}

/// The dial of a set still runs.
fn is_dialling(office: &Office, port: u16) -> bool {
    office.sets.get(&port).is_some_and(|set| set.poll_timeout().is_some_and(|(_, name)| name == "Step"))
}

fn toggle(current: &Option<String>, number: String) -> Option<String> {
    if current.is_some() { None } else { Some(number) }
}
