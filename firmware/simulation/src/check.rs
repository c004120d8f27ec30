//! What must be true: the truths of the architecture, seen from outside.

use offhook_switch::record::LegRecord;

use crate::media::Party;
use crate::office::Office;
use crate::people::People;
use crate::phone::{Dialog, DialogState, Phone};
use crate::site::{self, Directory};

/// A person's call to an emergency number that must reach a trunk.
#[derive(Clone, Debug)]
pub(crate) struct Emergency {
    pub(crate) number: String,
    pub(crate) since: u64,
    pub(crate) until: u64,
}

impl People {
    /// After every step.
    pub(crate) fn check_step(&mut self, office: &mut Office) -> Vec<String> {
        let mut faults = office.take_faults();
        self.check_dialled(office, &mut faults);
        self.check_emergencies(office, &mut faults);
        faults
    }

    /// Nobody reached a trunk who may not (truth 4).
    fn check_dialled(&mut self, office: &Office, faults: &mut Vec<String>) {
        for dial in office.dialled.iter().skip(self.dials_checked) {
            if site::EMERGENCY.contains(&dial.number.as_str()) {
                continue;
            }
            match self.outside.get(&dial.number) {
                None => faults.push(format!("{} was dialled on {}, but nobody asked for it", dial.number, dial.trunk)),
                Some(user) if site::BARRED.contains(user) => {
                    faults.push(format!("{} was dialled on {} for user {user}, who may not", dial.number, dial.trunk));
                }
                Some(_) => {}
            }
        }
        self.dials_checked = office.dialled.len();
    }

    /// Emergency calls reach a trunk (truth 3).
    fn check_emergencies(&mut self, office: &Office, faults: &mut Vec<String>) {
        self.emergencies.retain(|emergency| {
            let reached =
                office.dialled.iter().any(|dial| dial.at >= emergency.since && dial.number == emergency.number);
            if !reached && office.now >= emergency.until {
                faults
                    .push(format!("emergency call to {} since {} reached no trunk", emergency.number, emergency.since));
            }
            !reached && office.now < emergency.until
        });
    }

    /// When the network is calm and nothing has happened for some seconds: who hears whom.
    pub(crate) fn check_conversations(&mut self, office: &Office) -> Vec<String> {
        let mut faults = Vec::new();
        let directory = Directory::new();
        for conversation in office.media.conversations() {
            for party in &conversation {
                if !present(office, *party) {
                    faults.push(format!("{party:?} is in a conversation but has no call: {conversation:?}"));
                }
            }
            if let [first, second] = conversation.as_slice() {
                for (one, other) in [(*first, *second), (*second, *first)] {
                    let Some(dialog) = dialog_of(office, one).filter(|d| d.outgoing && !d.moved) else {
                        continue;
                    };
                    let expected = site::EXTENSIONS.iter().position(|e| *e == dialog.remote_party);
                    let Some(expected) = expected.filter(|user| !forwards(office, *user)) else {
                        continue;
                    };
                    if self.forwarded {
                        continue;
                    }
                    let user = match other {
                        Party::Rtp(address) => directory.phones.get(&address.ip()),
                        Party::Line(port) => directory.sets.get(&port),
                        Party::Unknown => None,
                    };
                    self.heard += 1;
                    if user != Some(&expected) {
                        faults.push(format!("{one:?} called {} but speaks with {other:?}", dialog.remote_party));
                    }
                }
            }
        }
        self.check_pairs(office, &mut faults);
        faults
    }

    /// Two phones that called each other and agree that they talk hear each other, and nobody else hears them.
    fn check_pairs(&mut self, office: &Office, faults: &mut Vec<String>) {
        let up = |phone: &'_ Phone| -> Vec<(String, String, bool, Party, bool)> {
            phone
                .dialogs()
                .filter(|d| d.state == DialogState::Up && d.is_settled())
                .map(|d| {
                    let own = phone.settings.username.trim_end_matches(char::is_alphabetic).to_owned();
                    let clear = !d.held && !d.remote_hold && !d.moved;
                    (own, d.remote_party.clone(), d.outgoing, Party::Rtp(d.rtp), clear)
                })
                .collect()
        };
        let all: Vec<_> = office.phones.iter().filter(|p| p.alive).flat_map(up).collect();
        for (own, remote, _, ear, clear) in all.iter().filter(|d| d.2) {
            let same: Vec<_> = all.iter().filter(|d| d.2 && d.0 == *own && d.1 == *remote).collect();
            let other: Vec<_> = all.iter().filter(|d| !d.2 && d.0 == *remote && d.1 == *own).collect();
            let ([_], [(_, _, _, mouth, other_clear)]) = (same.as_slice(), other.as_slice()) else {
                continue;
            };
            if !clear || !other_clear {
                continue;
            }
            self.heard += 1;
            for (listener, speaker) in [(*ear, *mouth), (*mouth, *ear)] {
                if !office.media.hears(listener, speaker) {
                    faults.push(format!("{own} and {remote} talk, but {listener:?} does not hear {speaker:?}"));
                }
            }
            let third = office.media.conversations().into_iter().any(|c| c.contains(ear) && c.len() != 2);
            if third {
                faults.push(format!("a third party is in the call of {own} and {remote}"));
            }
        }
    }
}

/// After all is quiet nothing is left (truth 2), and the records are whole (truth 1).
pub(crate) fn left_over(office: &Office) -> Vec<String> {
    let mut left = Vec::new();
    let counters = office.exchange.counters();
    let counts = [
        ("calls", counters.calls),
        ("legs", counters.legs),
        ("transactions", counters.transactions),
        ("RTP ports", counters.rtp_ports),
        ("timers", counters.timers),
        ("calls in the list", office.exchange.calls().len() as u64),
        ("call records without an end", office.store.open_calls() as u64),
        ("legs offered without a record", office.store.open_legs() as u64),
    ];
    left.extend(counts.iter().filter(|(_, count)| *count != 0).map(|(name, count)| format!("{count} {name}")));
    left.extend(office.media.left_over());
    for phone in office.phones.iter().chain(std::iter::once(&office.carrier)) {
        for dialog in phone.dialogs() {
            left.push(format!("{} has a call in state {:?}", phone.user_agent(), dialog.state));
        }
    }
    let sets = office.sets.iter().filter(|(_, set)| set.shows().lifted || set.shows().bell);
    left.extend(sets.map(|(port, set)| format!("set {port} shows {:?}", set.shows())));
    if let Some((_, name)) = office.exchange.poll_timeout().filter(|(_, name)| !name.contains("Expir")) {
        left.push(format!("timer {name}"));
    }
    for call in office
        .store
        .calls
        .values()
        .filter(|call| !call.interrupted && !office.store.interrupted_legs.contains(&call.id))
    {
        let Some(user) = call.answered_by else { continue };
        let fits = |leg: &LegRecord| leg.call == call.id && leg.user == Some(user) && leg.answered.is_some();
        if !office.store.legs.values().any(fits) {
            left.push(format!("call {} was answered by {user}, but no leg says so", call.id));
        }
    }
    if office.store.offers != office.store.legs.len() as u64 {
        left.push(format!("{} legs offered, {} records", office.store.offers, office.store.legs.len()));
    }
    left
}

fn forwards(office: &Office, user: usize) -> bool {
    office.config.users.get(&site::user_id(user)).is_none_or(|user| {
        user.forward_always.is_some() || user.forward_busy.is_some() || user.forward_no_answer.is_some()
    })
}

fn dialog_of(office: &Office, party: Party) -> Option<&Dialog> {
    let Party::Rtp(address) = party else {
        return None;
    };
    let phone = office.phones.iter().find(|phone| phone.ip() == address.ip())?;
    phone.dialogs().find(|dialog| dialog.rtp == address)
}

fn present(office: &Office, party: Party) -> bool {
    match party {
        Party::Unknown => true,
        Party::Line(port) => match office.sets.get(&port) {
            Some(set) => set.shows().lifted,
            None => office.lines.contains_key(&port),
        },
        Party::Rtp(address) => {
            let mut phones = office.phones.iter().chain(std::iter::once(&office.carrier));
            match phones.find(|phone| phone.ip() == address.ip()) {
                // A phone that was unplugged cannot tell the box.
                Some(phone) => phone.forgetful || phone.dialogs().any(|dialog| dialog.rtp == address),
                None => false,
            }
        }
    }
}
