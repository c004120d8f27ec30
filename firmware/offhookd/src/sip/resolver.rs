//! Locating SIP servers (RFC 3263): NAPTR, SRV with weights, then addresses. Numeric hosts are never asked for.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::{RData, RecordType};
use offhook_sip::endpoint::Transport;

/// Most targets in an answer.
const MAX_TARGETS: usize = 32;
/// Most records of one answer that are looked at.
const MAX_RECORDS: usize = 64;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Host name or address.
    pub host: String,
    /// Port, when the URI names one.
    pub port: Option<u16>,
    /// Transport, when the URI names one.
    pub transport: Option<Transport>,
    /// `sips:`: TLS only.
    pub secure: bool,
}

/// A NAPTR record (RFC 3403) as RFC 3263 needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naptr {
    /// Order, then preference: smaller first.
    pub order: u16,
    /// See `order`.
    pub preference: u16,
    /// `s` for SRV.
    pub flags: String,
    /// `SIP+D2U`, `SIPS+D2T` …
    pub service: String,
    /// The domain of the SRV records.
    pub replacement: String,
}

/// An SRV record (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// Smaller first.
    pub priority: u16,
    /// Share within one priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host.
    pub target: String,
}

/// The records of the domain name system. Failures are empty answers.
pub trait Dns: Send + Sync {
    /// NAPTR records.
    fn naptr(&self, name: &str) -> impl Future<Output = Vec<Naptr>> + Send;
    /// SRV records.
    fn srv(&self, name: &str) -> impl Future<Output = Vec<Srv>> + Send;
    /// A and AAAA records.
    fn addresses(&self, name: &str) -> impl Future<Output = Vec<IpAddr>> + Send;
}

impl Dns for TokioResolver {
    async fn naptr(&self, name: &str) -> Vec<Naptr> {
        let Ok(answer) = self.lookup(absolute(name), RecordType::NAPTR).await else {
            return Vec::new();
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        answer
            .iter()
            .filter_map(RData::as_naptr)
            .map(|record| Naptr {
                order: record.order(),
                preference: record.preference(),
                flags: text(record.flags()),
                service: text(record.services()),
                replacement: record.replacement().to_utf8(),
            })
            .collect()
    }

    async fn srv(&self, name: &str) -> Vec<Srv> {
        let Ok(answer) = self.srv_lookup(absolute(name)).await else {
            return Vec::new();
        };
        answer
            .iter()
            .map(|record| Srv {
                priority: record.priority(),
                weight: record.weight(),
                port: record.port(),
                target: record.target().to_utf8(),
            })
            .collect()
    }

    async fn addresses(&self, name: &str) -> Vec<IpAddr> {
        // Names of the local network may be relative to the search list.
        self.lookup_ip(name).await.map(|answer| answer.iter().collect()).unwrap_or_default()
    }
}

fn absolute(name: &str) -> String {
    if name.ends_with('.') { name.to_owned() } else { format!("{name}.") }
}

/// Targets in the order to try. `chance` gives a number below its argument, for weights.
pub async fn locate(
    dns: &impl Dns,
    question: &Question,
    chance: &mut (dyn FnMut(u32) -> u32 + Send),
) -> Vec<(Transport, SocketAddr)> {
    let host = question.host.trim_matches(['[', ']']);
    let fixed = question.transport.map(|transport| if question.secure { secured(transport) } else { transport });
    let default = fixed.unwrap_or(if question.secure { Transport::Tls } else { Transport::Udp });
    let port = question.port.unwrap_or(default_port(default));
    if let Ok(ip) = host.parse::<IpAddr>() {
        return vec![(default, SocketAddr::new(ip, port))];
    }
    if !is_host_name(host) {
        return Vec::new();
    }
    if question.port.is_none() {
        // §4.1: the transports to try and the names of their SRV records.
        let services = match fixed {
            Some(transport) => vec![(transport, service_name(transport, host))],
            None => services(dns, host, question.secure).await,
        };
        let mut targets = Vec::new();
        for (transport, name) in services {
            for record in ordered(dns.srv(&name).await, chance) {
                for ip in dns.addresses(&record.target).await {
                    if targets.len() < MAX_TARGETS {
                        targets.push((transport, SocketAddr::new(ip, record.port)));
                    }
                }
            }
        }
        if !targets.is_empty() {
            return targets;
        }
    }
    // §4.2: no SRV records, or a port that rules them out.
    let addresses = dns.addresses(host).await;
    addresses.into_iter().take(MAX_TARGETS).map(|ip| (default, SocketAddr::new(ip, port))).collect()
}

/// §4.1: by NAPTR where there is one we can use, else by asking for the SRV records of each transport.
async fn services(dns: &impl Dns, host: &str, secure: bool) -> Vec<(Transport, String)> {
    let mut records = dns.naptr(host).await;
    records.truncate(MAX_RECORDS);
    records.sort_by_key(|record| (record.order, record.preference));
    let usable: Vec<(Transport, String)> = records
        .into_iter()
        .filter(|record| record.flags.eq_ignore_ascii_case("s"))
        .filter_map(|record| {
            let transport = match record.service.to_ascii_uppercase().as_str() {
                "SIPS+D2T" => Transport::Tls,
                "SIP+D2T" if !secure => Transport::Tcp,
                "SIP+D2U" if !secure => Transport::Udp,
                _ => return None,
            };
            Some((transport, record.replacement))
        })
        .collect();
    if !usable.is_empty() {
        return usable;
    }
    let transports: &[Transport] =
        if secure { &[Transport::Tls] } else { &[Transport::Udp, Transport::Tcp, Transport::Tls] };
    transports.iter().map(|transport| (*transport, service_name(*transport, host))).collect()
}

fn service_name(transport: Transport, host: &str) -> String {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        // RFC 7118 §5.2.
        Transport::Ws => "_sip._ws",
        Transport::Wss => "_sips._ws",
    };
    format!("{service}.{host}")
}

fn secured(transport: Transport) -> Transport {
    match transport {
        Transport::Ws | Transport::Wss => Transport::Wss,
        Transport::Udp | Transport::Tcp | Transport::Tls => Transport::Tls,
    }
}

fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5060,
        Transport::Tls => 5061,
        Transport::Ws => 80,
        Transport::Wss => 443,
    }
}

/// By priority, and by chance in proportion to weight within one (RFC 2782).
fn ordered(mut records: Vec<Srv>, chance: &mut (dyn FnMut(u32) -> u32 + Send)) -> Vec<Srv> {
    records.truncate(MAX_RECORDS);
    // "." says that the service is not offered.
    records.retain(|record| !matches!(record.target.as_str(), "" | "."));
    // Those of weight 0 come first, so that they have a small chance.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut out = Vec::with_capacity(records.len());
    while let Some(priority) = records.first().map(|record| record.priority) {
        let group = records.iter().take_while(|record| record.priority == priority);
        let total: u32 = group.map(|record| u32::from(record.weight)).sum();
        let drawn = chance(total + 1).min(total);
        let mut sum = 0;
        let reached = |record: &Srv| {
            sum += u32::from(record.weight);
            sum >= drawn
        };
        let chosen = records.iter().position(reached).unwrap_or(0);
        out.push(records.remove(chosen));
    }
    out
}

fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    host.len() <= 253 && host.trim_end_matches('.').split('.').all(label)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Zone {
        naptr: BTreeMap<String, Vec<Naptr>>,
        srv: BTreeMap<String, Vec<Srv>>,
        addresses: BTreeMap<String, Vec<IpAddr>>,
        asked: Mutex<Vec<String>>,
    }

    impl Zone {
        fn ask<T: Clone>(&self, records: &BTreeMap<String, Vec<T>>, name: &str) -> Vec<T> {
            self.asked.lock().expect("lock").push(name.to_owned());
            records.get(name).cloned().unwrap_or_default()
        }
    }

    impl Dns for Zone {
        async fn naptr(&self, name: &str) -> Vec<Naptr> {
            self.ask(&self.naptr, name)
        }
        async fn srv(&self, name: &str) -> Vec<Srv> {
            self.ask(&self.srv, name)
        }
        async fn addresses(&self, name: &str) -> Vec<IpAddr> {
            self.ask(&self.addresses, name)
        }
    }

    fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Srv {
        Srv { priority, weight, port, target: target.into() }
    }

    fn naptr(order: u16, service: &str, replacement: &str) -> Naptr {
        Naptr { order, preference: 0, flags: "S".into(), service: service.into(), replacement: replacement.into() }
    }

    fn zone() -> Zone {
        let mut zone = Zone::default();
        for (name, ip) in [("a.example", "192.0.2.1"), ("b.example", "192.0.2.2"), ("example", "192.0.2.9")] {
            zone.addresses.insert(name.into(), vec![ip.parse().expect("address")]);
        }
        zone.srv.insert("_sip._udp.example".into(), vec![srv(20, 0, 5070, "b.example"), srv(10, 0, 5060, "a.example")]);
        zone.srv.insert("_sips._tcp.example".into(), vec![srv(1, 1, 5061, "b.example")]);
        zone
    }

    fn question(host: &str) -> Question {
        Question { host: host.into(), port: None, transport: None, secure: false }
    }

    async fn ask(zone: &Zone, question: Question) -> Vec<String> {
        let targets = locate(zone, &question, &mut |_| 0).await;
        targets.iter().map(|(transport, address)| format!("{transport:?} {address}")).collect()
    }

    #[tokio::test]
    async fn numbers_are_not_asked_for() {
        let zone = Zone::default();
        assert_eq!(ask(&zone, question("192.0.2.7")).await, ["Udp 192.0.2.7:5060"]);
        assert_eq!(
            ask(&zone, Question { secure: true, ..question("[2001:db8::1]") }).await,
            ["Tls [2001:db8::1]:5061"]
        );
        let tcp = Question { port: Some(99), transport: Some(Transport::Tcp), ..question("::1") };
        assert_eq!(ask(&zone, tcp).await, ["Tcp [::1]:99"]);
        assert!(ask(&zone, question("bad host")).await.is_empty());
        assert!(ask(&zone, question("")).await.is_empty());
        assert!(zone.asked.lock().expect("lock").is_empty());
    }

    #[tokio::test]
    async fn service_records_in_order() {
        let zone = zone();
        let expected = ["Udp 192.0.2.1:5060", "Udp 192.0.2.2:5070", "Tls 192.0.2.2:5061"];
        assert_eq!(ask(&zone, question("example")).await, expected);
        let secure = Question { secure: true, ..question("example") };
        assert_eq!(ask(&zone, secure).await, ["Tls 192.0.2.2:5061"]);
    }

    #[tokio::test]
    async fn naptr_decides_the_transport() {
        let mut zone = zone();
        let records = vec![naptr(50, "SIP+D2U", "_sip._udp.example"), naptr(10, "SIPS+D2T", "_sips._tcp.example")];
        zone.naptr.insert("example".into(), records);
        let expected = ["Tls 192.0.2.2:5061", "Udp 192.0.2.1:5060", "Udp 192.0.2.2:5070"];
        assert_eq!(ask(&zone, question("example")).await, expected);
    }

    #[tokio::test]
    async fn a_port_or_no_service_records_mean_the_host_itself() {
        let zone = zone();
        let port = Question { port: Some(5080), ..question("example") };
        assert_eq!(ask(&zone, port).await, ["Udp 192.0.2.9:5080"]);
        let tcp = Question { transport: Some(Transport::Tcp), ..question("example") };
        assert_eq!(ask(&zone, tcp).await, ["Tcp 192.0.2.9:5060"]);
        assert!(ask(&zone, question("nowhere.example")).await.is_empty());
    }

    #[test]
    fn weights_are_respected() {
        let records =
            vec![srv(1, 0, 1, "zero"), srv(1, 30, 2, "thirty"), srv(1, 70, 3, "seventy"), srv(0, 0, 4, "first")];
        let mut counts = BTreeMap::new();
        for draw in 0..=100 {
            let mut draws = [0, draw, 0, 0].into_iter();
            let order = ordered(records.clone(), &mut |_| draws.next().unwrap_or(0));
            assert_eq!(order.len(), 4);
            assert_eq!(order[0].target, "first");
            *counts.entry(order[1].target.clone()).or_insert(0) += 1;
        }
        assert_eq!(counts.into_values().collect::<Vec<_>>(), [70, 30, 1]);
        assert!(ordered(vec![srv(0, 0, 0, ".")], &mut |_| 0).is_empty());
    }
}
