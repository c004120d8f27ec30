//! Reading and checking.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use offhook_switch::config::{
    Announcement, CodecName, DigestAlgorithm, DigitMode, InboundRoute, Line, LineKind, LineSound, MediaEncryption,
    OutboundRoute, RecordingRule, SipSound, Trunk, TrunkKind, User,
};
use offhook_switch::id::{DeviceId, LineId, TrunkId, UserId};
use toml::Spanned;
use uuid::Uuid;

use super::plan::{AdministratorPlan, Finding, PasswordPlan, Plan};
use super::schema::{DeviceSection, RangeSection, SipSection, SiteFile, TrunkSection, UserSection};
use crate::devices::NewDevice;
use crate::{rules, secret};

/// Longest site file, bytes.
const LONGEST: usize = 4 * 1024 * 1024;
/// Most findings reported.
const MOST_FINDINGS: usize = 100;
/// Most extensions of a site.
const MOST_USERS: usize = 10_000;

type Text = Spanned<String>;

pub(super) fn check(text: &str) -> Result<Plan, Vec<Finding>> {
    let mut checker = Checker {
        text,
        findings: Vec::new(),
        plan: Plan::default(),
        numbers: BTreeMap::new(),
        usernames: BTreeSet::new(),
        ports: BTreeMap::new(),
        used_ports: BTreeSet::new(),
        users: BTreeMap::new(),
        trunks: BTreeMap::new(),
    };
    if text.len() > LONGEST {
        checker.find(0..0, format!("the file is longer than {LONGEST} bytes"));
        return Err(checker.findings);
    }
    match toml::from_str::<SiteFile>(text) {
        Ok(file) => checker.file(file),
        Err(error) => {
            let message = did_you_mean(error.message());
            checker.find(error.span().unwrap_or(0..0), message);
        }
    }
    if checker.findings.is_empty() {
        return Ok(checker.plan);
    }
    checker.findings.sort();
    checker.findings.truncate(MOST_FINDINGS);
    Err(checker.findings)
}

/// Adds the nearest known key to serde's "unknown field `x`, expected one of `y`, `z`".
fn did_you_mean(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else {
        return message.to_owned();
    };
    let mut names = rest.split('`').step_by(2);
    let unknown = names.next().unwrap_or_default();
    let nearest =
        names.filter(|name| !name.is_empty()).map(|name| (strsim::damerau_levenshtein(unknown, name), name)).min();
    match nearest {
        Some((distance, name)) if distance <= 2.max(unknown.chars().count() / 3) => {
            format!("unknown key `{unknown}`: did you mean `{name}`?")
        }
        _ => format!("unknown key `{unknown}`; {}", rest.split_once(", ").map_or("", |(_, known)| known)),
    }
}

struct Checker<'a> {
    text: &'a str,
    findings: Vec<Finding>,
    plan: Plan,
    /// Numbers taken, and by what.
    numbers: BTreeMap<String, &'static str>,
    usernames: BTreeSet<String>,
    ports: BTreeMap<u16, (LineId, LineKind)>,
    used_ports: BTreeSet<u16>,
    users: BTreeMap<String, UserId>,
    trunks: BTreeMap<String, TrunkId>,
}

impl Checker<'_> {
    fn find(&mut self, span: Range<usize>, message: impl Into<String>) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |position| position + 1);
        self.findings.push(Finding {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).map_or(0, |line| line.chars().count()) + 1,
            message: message.into(),
        });
    }

    /// The text, after a rule.
    fn text(&mut self, text: Text, rule: fn(&str) -> bool, expected: &str) -> String {
        if !rule(text.get_ref()) {
            self.find(text.span(), format!("expected {expected}"));
        }
        text.into_inner()
    }

    fn maybe(&mut self, text: Option<Text>, rule: fn(&str) -> bool, expected: &str) -> Option<String> {
        text.map(|text| self.text(text, rule, expected))
    }

    fn bounded(&mut self, value: Option<Spanned<u32>>, default: u32, least: u32, most: u32) -> u32 {
        let Some(value) = value else {
            return default;
        };
        if !(least..=most).contains(value.get_ref()) {
            self.find(value.span(), format!("expected a number from {least} to {most}"));
        }
        value.into_inner()
    }

    fn gain(&mut self, value: Option<Spanned<i8>>) -> i8 {
        let Some(value) = value else {
            return 0;
        };
        if !(-LineSound::MOST_DB..=LineSound::MOST_DB).contains(value.get_ref()) {
            self.find(value.span(), "expected a gain from -12 to 12 dB");
        }
        value.into_inner()
    }

    fn file(&mut self, file: SiteFile) {
        self.plan.allow_weak_secrets = file.allow_weak_secrets;
        self.site(&file);
        let SiteFile {
            listen,
            sip,
            administrator,
            line,
            user,
            extensions,
            device,
            trunk,
            route,
            announcement,
            inbound,
            recording,
            ..
        } = file;
        if let Some(listen) = listen {
            self.listen(listen);
        }
        if let Some(sip) = sip {
            self.sip_settings(sip);
        }
        for line in line {
            self.line(line);
        }
        for user in user {
            self.user(user);
        }
        for range in extensions {
            self.range(range);
        }
        for device in device {
            self.device(device);
        }
        for trunk in trunk {
            self.trunk(trunk);
        }
        for route in route {
            self.route(route.into_inner());
        }
        for announcement in announcement {
            self.announcement(announcement.into_inner());
        }
        for inbound in inbound {
            self.inbound(inbound.into_inner());
        }
        for rule in recording {
            let rule = rule.into_inner();
            let pattern = "a pattern: digits, X for any digit, . at the end for any more";
            let caller = self.maybe(rule.caller, rules::pattern, pattern);
            let callee = self.maybe(rule.callee, rules::pattern, pattern);
            self.plan.recording.push(RecordingRule { caller, callee });
        }
        if let Some(administrator) = administrator {
            self.administrator(administrator);
        }
        if self.plan.users.len() > MOST_USERS {
            self.find(0..0, format!("more than {MOST_USERS} extensions"));
        }
    }

    fn site(&mut self, file: &SiteFile) {
        let Some(site) = &file.site else {
            self.find(0..0, "the section [site] is missing");
            return;
        };
        let name = self.text(site.name.clone(), rules::name, "a name of 1 to 80 characters");
        let mut made = offhook_switch::config::Site { name, ..Default::default() };
        if let Some(country) = &site.country {
            made.country = self.text(country.clone(), rules::country, "an ISO 3166 code such as \"FR\"");
        }
        if let Some(zone) = &site.time_zone {
            made.time_zone = self.text(zone.clone(), rules::time_zone, "an IANA time zone such as \"Europe/Paris\"");
        }
        if let Some(language) = &site.language {
            made.language = self.text(language.clone(), rules::language, "\"en\" or \"fr\"");
        }
        if let Some(realm) = &site.realm {
            made.realm = self.text(realm.clone(), rules::realm, "a word or host name");
        }
        if let Some(numbers) = &site.emergency_numbers {
            made.emergency_numbers.clear();
            for number in numbers {
                let number = self.text(number.clone(), rules::emergency_number, "an emergency number of 2 to 6 digits");
                made.emergency_numbers.push(number);
            }
        }
        for number in &made.emergency_numbers {
            self.numbers.insert(number.clone(), "an emergency number");
        }
        self.plan.site = made;
    }

    fn listen(&mut self, listen: super::schema::ListenSection) {
        let to = &mut self.plan.listen;
        let set = |to: &mut Vec<_>, from: Option<Vec<_>>| {
            if let Some(from) = from {
                *to = from;
            }
        };
        set(&mut to.udp, listen.udp);
        set(&mut to.tcp, listen.tcp);
        set(&mut to.tls, listen.tls);
        set(&mut to.ws, listen.ws);
        set(&mut to.wss, listen.wss);
        set(&mut to.http, listen.http);
        self.plan.network.advertised = listen.advertised;
        self.plan.network.ban_loopback = listen.ban_loopback.unwrap_or(false);
        if let Some(range) = listen.rtp {
            let ports = range.get_ref().split_once('-');
            let ports = ports
                .and_then(|(first, last)| Some((first.trim().parse::<u16>().ok()?, last.trim().parse::<u16>().ok()?)));
            match ports {
                Some((first, last)) if first >= 1024u16 && first.is_multiple_of(2) && last > first => {
                    self.plan.network.rtp_first = first;
                    self.plan.network.rtp_last = last;
                }
                _ => self.find(range.span(), "expected a range of ports such as \"30000-39999\", even, from 1024"),
            }
        }
    }

    fn sip_settings(&mut self, sip: SipSection) {
        self.plan.sip.accept_server_uri = sip.accept_server_uri;
        if let Some(seconds) = sip.rtp_timeout {
            if !matches!(seconds.get_ref(), 0 | 10..=86_400) {
                self.find(seconds.span(), "expected 0 (never) or a number of seconds from 10 to 86400");
            }
            let seconds = u64::from(seconds.into_inner());
            self.plan.sip.rtp_timeout = (seconds > 0).then_some(Duration::from_secs(seconds));
        }
        let Some(digest) = sip.digest else { return };
        let span = digest.span();
        let known = [DigestAlgorithm::Sha256, DigestAlgorithm::Md5];
        let mut chosen = Vec::new();
        for name in digest.into_inner() {
            match known.into_iter().find(|algorithm| algorithm.name() == name.get_ref()) {
                Some(algorithm) if chosen.contains(&algorithm) => {
                    self.find(name.span(), format!("{} is there twice", algorithm.name()));
                }
                Some(algorithm) => chosen.push(algorithm),
                None => self.find(name.span(), "expected \"SHA-256\" or \"MD5\""),
            }
        }
        if chosen.is_empty() {
            self.find(
                span,
                "expected at least one of \"SHA-256\" and \"MD5\": without a digest no telephone can register",
            );
        }
        self.plan.sip.digest = chosen;
    }

    fn line(&mut self, line: Spanned<super::schema::LineSection>) {
        let span = line.span();
        let line = line.into_inner();
        let id = LineId(Uuid::now_v7());
        if line.port == 0 || line.port > 1024 {
            self.find(span.clone(), "expected a port from 1 to 1024");
        }
        if self.ports.insert(line.port, (id, line.kind)).is_some() {
            self.find(span, format!("port {} is there twice", line.port));
        }
        let label = self.maybe(line.label, rules::label, "a label of up to 80 characters");
        let kind = match line.kind {
            LineKind::Fxs => "FXS",
            LineKind::Fxo => "FXO",
        };
        let made = Line {
            port: line.port,
            kind: line.kind,
            label: label.unwrap_or_else(|| format!("{kind} {}", line.port)),
            answer_supervision: line.answer_supervision.unwrap_or_default(),
            sound: LineSound {
                cancel_echo: line.cancel_echo.unwrap_or(true),
                from_line_db: self.gain(line.from_line_db),
                to_line_db: self.gain(line.to_line_db),
                automatic_level: line.automatic_level.unwrap_or_default(),
            },
        };
        self.plan.lines.push((id, made));
    }

    fn take_number(&mut self, span: Range<usize>, number: &str, by: &'static str) {
        if let Some(other) = self.numbers.get(number) {
            self.find(span, format!("the number {number} is {other} already"));
        } else {
            self.numbers.insert(number.to_owned(), by);
        }
    }

    fn user(&mut self, section: Spanned<UserSection>) {
        let section = section.into_inner();
        let span = section.extension.span();
        let extension = self.text(section.extension, rules::extension, "an extension of 2 to 8 digits");
        self.take_number(span.clone(), &extension, "an extension");
        let number = "a number: digits, * and #, + in front";
        let user = User {
            name: self.text(section.name, rules::name, "a name of 1 to 80 characters"),
            extension: extension.clone(),
            ring_time: Duration::from_secs(self.bounded(section.ring_time, 25, 5, 180).into()),
            do_not_disturb: section.do_not_disturb,
            forward_always: self.maybe(section.forward_always, rules::number, number),
            forward_busy: self.maybe(section.forward_busy, rules::number, number),
            forward_no_answer: self.maybe(section.forward_no_answer, rules::number, number),
            call_waiting: section.call_waiting,
            max_calls: self.bounded(section.max_calls, 4, 1, 100),
            outside_calls: section.outside_calls,
        };
        let id = UserId(Uuid::now_v7());
        self.users.insert(extension.clone(), id);
        self.plan.users.push((id, user));
        if let Some(password) = section.password {
            self.sip(id, span, String::new(), extension, password);
        }
        if let Some(line) = section.line {
            self.analog(id, String::new(), line);
        }
    }

    fn range(&mut self, section: Spanned<RangeSection>) {
        let span = section.span();
        let section = section.into_inner();
        let (from, to) = (*section.from.get_ref(), *section.to.get_ref());
        if from > to || from < 10 || to > 99_999_999 {
            self.find(section.from.span(), "expected `from` not above `to`, both of 2 to 8 digits");
            return;
        }
        if (to - from) as usize >= MOST_USERS {
            self.find(section.to.span(), format!("more than {MOST_USERS} extensions"));
            return;
        }
        let max_calls = self.bounded(section.max_calls, 4, 1, 100);
        let name = section.name.map_or_else(|| "{extension}".to_owned(), Spanned::into_inner);
        for number in from..=to {
            let findings = self.findings.len();
            let extension = number.to_string();
            self.take_number(span.clone(), &extension, "an extension");
            let id = UserId(Uuid::now_v7());
            let user = User {
                name: name.replace("{extension}", &extension),
                extension: extension.clone(),
                ring_time: Duration::from_secs(25),
                do_not_disturb: false,
                forward_always: None,
                forward_busy: None,
                forward_no_answer: None,
                call_waiting: section.call_waiting,
                max_calls,
                outside_calls: section.outside_calls,
            };
            self.users.insert(extension.clone(), id);
            self.plan.users.push((id, user));
            let password = section.password.get_ref().replace("{extension}", &extension);
            let password = Spanned::new(section.password.span(), password);
            self.sip(id, span.clone(), String::new(), extension, password);
            if self.findings.len() > findings {
                // The others of the range have the same fault.
                return;
            }
        }
    }

    /// A SIP telephone of which nothing more is said.
    fn sip(&mut self, user: UserId, span: Range<usize>, label: String, username: String, password: Text) {
        self.account(span, &username, &password);
        let (username, password) = (Some(username), password.into_inner());
        self.add(user, NewDevice::Sip { label, username, password, sound: SipSound::default() });
    }

    /// Checks a SIP user name, which stands at `span`, and its password.
    fn account(&mut self, span: Range<usize>, username: &str, password: &Text) {
        if !self.usernames.insert(username.to_owned()) {
            self.find(span, format!("the SIP user name {username} is there twice"));
        }
        if !rules::password(password.get_ref()) {
            self.find(password.span(), "expected a password of 1 to 200 characters");
        } else if !self.plan.allow_weak_secrets && !rules::strong_secret(username, password.get_ref()) {
            self.find(
                password.span(),
                "the password is weak: take 12 characters or more, 6 different ones, without the user name \
                 (or set allow_weak_secrets = true on a network of your own)",
            );
        }
    }

    fn add(&mut self, user: UserId, device: NewDevice) {
        self.plan.devices.push((DeviceId(Uuid::now_v7()), user, device));
    }

    /// How sound and digits go; what is left out is as usual.
    fn sip_sound(
        &mut self,
        encryption: Option<Spanned<MediaEncryption>>,
        codecs: Option<Spanned<Vec<Text>>>,
        digits: Option<Spanned<DigitMode>>,
    ) -> SipSound {
        SipSound {
            encryption: encryption.map(Spanned::into_inner).unwrap_or_default(),
            codecs: self.codecs(codecs),
            digits: digits.map(Spanned::into_inner).unwrap_or_default(),
        }
    }

    /// Codecs by name, in order, each once. Left out: the usual ones.
    fn codecs(&mut self, names: Option<Spanned<Vec<Text>>>) -> Vec<CodecName> {
        let Some(names) = names else { return Vec::new() };
        let known = || CodecName::ALL.map(|codec| format!("\"{}\"", codec.name())).join(", ");
        if names.get_ref().is_empty() {
            let message = format!("expected at least one of {}; leave `codecs` out for the usual ones", known());
            self.find(names.span(), message);
        }
        let mut chosen = Vec::new();
        for name in names.into_inner() {
            match CodecName::from_name(name.get_ref()) {
                Some(codec) if chosen.contains(&codec) => {
                    self.find(name.span(), format!("the codec {} is there twice", codec.name()));
                }
                Some(codec) => chosen.push(codec),
                None => self.find(name.span(), format!("there is no such codec: expected one of {}", known())),
            }
        }
        chosen
    }

    /// The line of a port, once.
    fn port(&mut self, port: &Spanned<u16>, kind: LineKind) -> LineId {
        let number = *port.get_ref();
        let found = self.ports.get(&number).copied();
        let message = match found {
            None => Some(format!("there is no [[line]] with port {number}")),
            Some((_, found)) if found != kind => Some(match kind {
                LineKind::Fxs => format!("port {number} is not FXS: a telephone needs an FXS port"),
                LineKind::Fxo => format!("port {number} is not FXO: a trunk needs an FXO port"),
            }),
            Some(_) if !self.used_ports.insert(number) => Some(format!("port {number} is used twice")),
            Some(_) => None,
        };
        if let Some(message) = message {
            self.find(port.span(), message);
        }
        found.map_or(LineId(Uuid::nil()), |(id, _)| id)
    }

    fn analog(&mut self, user: UserId, label: String, port: Spanned<u16>) {
        let line = self.port(&port, LineKind::Fxs);
        self.add(user, NewDevice::Analog { label, line });
    }

    fn device(&mut self, section: Spanned<DeviceSection>) {
        let span = section.span();
        let section = section.into_inner();
        let Some(user) = self.users.get(section.user.get_ref()).copied() else {
            self.find(section.user.span(), "there is no such extension");
            return;
        };
        let label = self.maybe(section.label, rules::label, "a label of up to 80 characters");
        let label = label.unwrap_or_default();
        match (section.username, section.password, section.line) {
            (username, Some(password), None) => {
                let (span, username) = match username {
                    Some(username) => {
                        let span = username.span();
                        let expected = "a user name of 1 to 40 letters, digits, - _ .";
                        (span, self.text(username, rules::username, expected))
                    }
                    None => (section.user.span(), section.user.get_ref().clone()),
                };
                let sound = self.sip_sound(section.encryption, section.codecs, section.digits);
                self.account(span, &username, &password);
                let (username, password) = (Some(username), password.into_inner());
                self.add(user, NewDevice::Sip { label, username, password, sound });
            }
            (None, None, Some(_)) if section.encryption.is_some() => {
                self.find(span, "`encryption` is for SIP telephones: an analog set has none");
            }
            (None, None, Some(_)) if section.codecs.is_some() => {
                self.find(span, "`codecs` is for SIP telephones: an analog set has none");
            }
            (None, None, Some(_)) if section.digits.is_some() => {
                self.find(span, "`digits` is for SIP telephones: an analog set is told them by tones");
            }
            (None, None, Some(line)) => self.analog(user, label, line),
            _ => self.find(span, "expected either `password` (SIP, with `username`) or `line` (analog)"),
        }
    }

    fn trunk(&mut self, section: Spanned<TrunkSection>) {
        let span = section.span();
        let section = section.into_inner();
        let id = TrunkId(Uuid::now_v7());
        if self.trunks.insert(section.name.get_ref().clone(), id).is_some() {
            self.find(section.name.span(), "this name is there twice");
        }
        let name = self.text(section.name, rules::name, "a name of 1 to 80 characters");
        let sip_only = section.encryption.is_some() || section.codecs.is_some() || section.digits.is_some();
        let kind = match (section.line, section.uri) {
            (Some(_), None) if sip_only => {
                self.find(span, "`encryption`, `codecs` and `digits` are for SIP peers: a line has none");
                return;
            }
            (Some(line), None) => TrunkKind::Line { line: self.port(&line, LineKind::Fxo) },
            (None, Some(uri)) => TrunkKind::Sip {
                uri: self.text(uri, rules::sip_uri, "a SIP URI such as \"sip:carrier.example\""),
                username: self.maybe(section.username, rules::password, "a user name"),
                password: self.maybe(section.password, rules::password, "a password"),
                addresses: section.addresses,
                register: section.register,
                sound: self.sip_sound(section.encryption, section.codecs, section.digits),
            },
            _ => {
                self.find(span, "expected either `line` (an FXO port) or `uri` (a SIP peer)");
                return;
            }
        };
        let max_calls = self.bounded(section.max_calls, 30, 1, 1000);
        self.plan.trunks.push((id, Trunk { name, kind, max_calls }));
    }

    fn trunk_named(&mut self, name: &Text) -> TrunkId {
        match self.trunks.get(name.get_ref()) {
            Some(id) => *id,
            None => {
                self.find(name.span(), "there is no such [[trunk]]");
                TrunkId(Uuid::nil())
            }
        }
    }

    fn route(&mut self, section: super::schema::RouteSection) {
        let span = section.pattern.span();
        let pattern = "a pattern: digits, X for any digit, . at the end for any more";
        let pattern = self.text(section.pattern, rules::pattern, pattern);
        let strip = section.strip as usize;
        if strip > pattern.len() {
            self.find(span.clone(), "`strip` takes off more than the pattern has");
        }
        if section.trunks.is_empty() {
            self.find(span, "expected at least one trunk");
        }
        let prepend = self.maybe(section.prepend, rules::prefix, "digits");
        let route = OutboundRoute {
            pattern,
            strip,
            prepend: prepend.unwrap_or_default(),
            trunks: section.trunks.iter().map(|name| self.trunk_named(name)).collect(),
        };
        self.plan.routes.push(route);
    }

    fn announcement(&mut self, section: super::schema::AnnouncementSection) {
        let span = section.number.span();
        let number = self.text(section.number, rules::extension, "a number of 2 to 8 digits");
        self.take_number(span, &number, "an announcement");
        fn digit(text: &str) -> bool {
            text.chars().count() == 1 && text.chars().all(rules::digit)
        }
        let hang_up = self.maybe(section.hang_up_digit, digit, "one digit, * or #");
        let announcement = Announcement {
            number,
            name: self.text(section.name, rules::name, "a name of 1 to 80 characters"),
            file: self.maybe(section.file, rules::sound_file, "the name of a .wav file"),
            hang_up_digit: hang_up.and_then(|text| text.chars().next()),
        };
        self.plan.announcements.push(announcement);
    }

    fn inbound(&mut self, section: super::schema::InboundSection) {
        let trunk = section.trunk.map(|name| self.trunk_named(&name));
        let number = self.maybe(section.number, rules::number, "a number");
        let known =
            matches!(self.numbers.get(section.destination.get_ref()), Some(&("an extension" | "an announcement")));
        if !known {
            self.find(section.destination.span(), "there is no such extension or announcement");
        }
        let destination = section.destination.into_inner();
        self.plan.inbound.push(InboundRoute { trunk, number, destination });
    }

    fn administrator(&mut self, section: Spanned<super::schema::AdministratorSection>) {
        let span = section.span();
        let section = section.into_inner();
        let name = self.maybe(section.name, rules::username, "a user name").unwrap_or_else(|| "admin".into());
        let language = self.maybe(section.language, rules::language, "\"en\" or \"fr\"");
        let password = match (section.password, section.password_hash) {
            (Some(password), None) => {
                if let Err(weakness) = secret::check_password(password.get_ref(), &self.plan.site.name)
                    && !self.plan.allow_weak_secrets
                {
                    self.find(password.span(), weakness.to_string());
                }
                PasswordPlan::Text(password.into_inner())
            }
            (None, Some(hash)) => {
                PasswordPlan::Hash(self.text(hash, secret::is_password_hash, "an Argon2 hash (\"$argon2id$…\")"))
            }
            _ => {
                self.find(span, "expected either `password` or `password_hash`");
                return;
            }
        };
        self.plan.administrator = Some(AdministratorPlan { name, password, language });
    }
}
