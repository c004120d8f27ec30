//! Out of the store.

use offhook_switch::config::{Config, DeviceKind, LineKind, SipSound, TrunkKind};
use toml::Spanned;

use super::schema::{
    AdministratorSection, AnnouncementSection, DeviceSection, InboundSection, LineSection, ListenSection,
    RecordingSection, RouteSection, SipSection, SiteFile, SiteSection, TrunkSection, UserSection,
};
use crate::error::StoreError;
use crate::sql::rows;
use crate::{Listen, Store, administrators, devices, load, settings};

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

fn text(value: &str) -> Spanned<String> {
    spanned(value.to_owned())
}

fn maybe(value: Option<&String>) -> Option<Spanned<String>> {
    value.map(|value| text(value))
}

impl Store {
    /// The whole configuration as a site file. It holds every password: keep it as such. What is not in it: call records,
    /// recordings, registrations, sounds.
    ///
    /// # Errors
    /// When the database cannot be read, or a password cannot be opened (the key file is another one).
    pub fn export_site_file(&self) -> Result<String, StoreError> {
        self.read(|connection| {
            let config = load::load(connection, self.seal())?;
            let mut file = sections(&config);
            file.allow_weak_secrets = settings::get(connection, settings::ALLOW_WEAK_SECRETS)?.unwrap_or(false);
            file.sip = Some(SipSection {
                digest: Some(spanned(config.sip.digest.iter().map(|algorithm| text(algorithm.name())).collect())),
                accept_server_uri: config.sip.accept_server_uri,
                rtp_timeout: Some(spanned(
                    config.sip.rtp_timeout.map_or(0, |time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX)),
                )),
            });
            let listen: Listen = settings::get(connection, settings::LISTEN)?.unwrap_or_default();
            file.listen = Some(ListenSection {
                udp: Some(listen.udp),
                tcp: Some(listen.tcp),
                tls: Some(listen.tls),
                ws: Some(listen.ws),
                wss: Some(listen.wss),
                http: Some(listen.http),
                rtp: Some(spanned(format!("{}-{}", config.network.rtp_first, config.network.rtp_last))),
                advertised: config.network.advertised,
                ban_loopback: Some(config.network.ban_loopback),
            });
            for row in devices::list(connection)? {
                let Some(user) = config.users.get(&row.device.user) else {
                    continue;
                };
                let mut section = DeviceSection {
                    user: text(&user.extension),
                    label: Some(text(&row.device.label)).filter(|label| !label.get_ref().is_empty()),
                    username: None,
                    password: None,
                    line: None,
                    encryption: unusual(row.device.sound.encryption),
                    codecs: codecs(&row.device.sound),
                    digits: unusual(row.device.sound.digits),
                };
                match &row.device.kind {
                    DeviceKind::Sip { username, .. } => {
                        let sealed = row.sealed.as_deref().unwrap_or_default();
                        section.username = Some(text(username));
                        section.password = Some(spanned(self.seal().open_sealed(row.id.0, sealed)?));
                    }
                    DeviceKind::Analog { line } => {
                        section.line = config.lines.get(line).map(|line| spanned(line.port));
                    }
                }
                file.device.push(spanned(section));
            }
            let query = "SELECT id, name, password_hash, role, language FROM administrators ORDER BY id LIMIT 1";
            let first = rows(connection, query, (), administrators::read)?;
            file.administrator = first.into_iter().next().map(|administrator| {
                spanned(AdministratorSection {
                    name: Some(spanned(administrator.name)),
                    password: None,
                    password_hash: Some(spanned(administrator.password_hash)),
                    language: Some(spanned(administrator.language)),
                })
            });
            toml::to_string(&file).map_err(|error| StoreError::Corrupt(error.to_string()))
        })
    }
}

/// A value that is not the default.
fn unusual<T: Default + PartialEq>(value: T) -> Option<Spanned<T>> {
    (value != T::default()).then(|| spanned(value))
}

fn codecs(sound: &SipSound) -> Option<Spanned<Vec<Spanned<String>>>> {
    (!sound.codecs.is_empty()).then(|| spanned(sound.codecs.iter().map(|codec| text(codec.name())).collect()))
}

fn sections(config: &Config) -> SiteFile {
    let port = |line| config.lines.get(line).map(|line| spanned(line.port));
    let trunk_name = |id| config.trunks.get(id).map(|trunk| text(&trunk.name));
    let site = &config.site;
    let mut lines: Vec<_> = config.lines.values().collect();
    lines.sort_by_key(|line| line.port);
    let mut users: Vec<_> = config.users.values().collect();
    users.sort_by_key(|user| (user.extension.len(), user.extension.clone()));
    SiteFile {
        site: Some(SiteSection {
            name: text(&site.name),
            country: Some(text(&site.country)),
            time_zone: Some(text(&site.time_zone)),
            language: Some(text(&site.language)),
            realm: Some(text(&site.realm)),
            emergency_numbers: Some(site.emergency_numbers.iter().map(|number| text(number)).collect()),
        }),
        line: Vec::from_iter(lines.iter().map(|line| {
            spanned(LineSection {
                port: line.port,
                kind: line.kind,
                label: Some(text(&line.label)),
                answer_supervision: Some(line.answer_supervision).filter(|_| line.kind == LineKind::Fxo),
                cancel_echo: Some(line.sound.cancel_echo).filter(|cancel| !cancel),
                from_line_db: Some(line.sound.from_line_db).filter(|gain| *gain != 0).map(spanned),
                to_line_db: Some(line.sound.to_line_db).filter(|gain| *gain != 0).map(spanned),
                automatic_level: Some(line.sound.automatic_level).filter(|automatic| *automatic),
            })
        })),
        user: Vec::from_iter(users.iter().map(|user| {
            spanned(UserSection {
                extension: text(&user.extension),
                name: text(&user.name),
                password: None,
                line: None,
                ring_time: Some(spanned(u32::try_from(user.ring_time.as_secs()).unwrap_or(180))),
                do_not_disturb: user.do_not_disturb,
                forward_always: maybe(user.forward_always.as_ref()),
                forward_busy: maybe(user.forward_busy.as_ref()),
                forward_no_answer: maybe(user.forward_no_answer.as_ref()),
                call_waiting: user.call_waiting,
                max_calls: Some(spanned(user.max_calls)),
                outside_calls: user.outside_calls,
            })
        })),
        trunk: Vec::from_iter(config.trunks.values().map(|trunk| {
            let mut section = TrunkSection {
                name: text(&trunk.name),
                max_calls: Some(spanned(trunk.max_calls)),
                line: None,
                uri: None,
                username: None,
                password: None,
                addresses: Vec::new(),
                register: false,
                encryption: None,
                codecs: None,
                digits: None,
            };
            match &trunk.kind {
                TrunkKind::Line { line } => section.line = port(line),
                TrunkKind::Sip { uri, username, password, addresses, register, sound } => {
                    section.uri = Some(text(uri));
                    section.username = maybe(username.as_ref());
                    section.password = maybe(password.as_ref());
                    section.addresses.clone_from(addresses);
                    section.register = *register;
                    section.encryption = unusual(sound.encryption);
                    section.codecs = codecs(sound);
                    section.digits = unusual(sound.digits);
                }
            }
            spanned(section)
        })),
        route: Vec::from_iter(config.routes.iter().map(|route| {
            spanned(RouteSection {
                pattern: text(&route.pattern),
                strip: u32::try_from(route.strip).unwrap_or(u32::MAX),
                prepend: Some(text(&route.prepend)),
                trunks: route.trunks.iter().filter_map(trunk_name).collect(),
            })
        })),
        announcement: Vec::from_iter(config.announcements.iter().map(|announcement| {
            spanned(AnnouncementSection {
                number: text(&announcement.number),
                name: text(&announcement.name),
                file: maybe(announcement.file.as_ref()),
                hang_up_digit: announcement.hang_up_digit.map(|digit| spanned(digit.to_string())),
            })
        })),
        inbound: Vec::from_iter(config.inbound.iter().map(|route| {
            spanned(InboundSection {
                trunk: route.trunk.as_ref().and_then(trunk_name),
                number: maybe(route.number.as_ref()),
                destination: text(&route.destination),
            })
        })),
        recording: Vec::from_iter(config.recording.iter().map(|rule| {
            spanned(RecordingSection { caller: maybe(rule.caller.as_ref()), callee: maybe(rule.callee.as_ref()) })
        })),
        ..SiteFile::default()
    }
}
