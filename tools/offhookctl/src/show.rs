//! State and calls as text.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Status {
    version: String,
    uptime_ms: u64,
    calls: u64,
    legs: u64,
    registrations: u64,
    transactions: u64,
    calls_total: u64,
    overload_refusals: u64,
    rtp_ports: u64,
    records_lost: u64,
    store_error: Option<String>,
    listening: Vec<String>,
}

/// The state of the box.
pub(crate) fn status(status: &Status) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<16} {value}");
    };
    line("version", status.version.clone());
    line("up", span(i64::try_from(status.uptime_ms).unwrap_or(i64::MAX)));
    line("calls", format!("{} up, {} since start", status.calls, status.calls_total));
    line("legs", status.legs.to_string());
    line("registrations", status.registrations.to_string());
    line("transactions", status.transactions.to_string());
    line("RTP ports", status.rtp_ports.to_string());
    line("overload", format!("{} requests refused since start", status.overload_refusals));
    let records = match &status.store_error {
        None => format!("{} lost since start", status.records_lost),
        Some(error) => format!("{} lost since start; now: {error}", status.records_lost),
    };
    line("call records", records);
    for address in &status.listening {
        line("listening", address.clone());
    }
    text
}

#[derive(Deserialize)]
pub(crate) struct Page {
    pub(crate) calls: Vec<Call>,
    next: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Call {
    pub(crate) id: String,
    direction: String,
    caller: String,
    caller_name: Option<String>,
    called: String,
    started: i64,
    answered: Option<i64>,
    ended: Option<i64>,
    talk_ms: i64,
    cause: Option<u8>,
    interrupted: bool,
    recording: bool,
    legs: Vec<Leg>,
}

#[derive(Deserialize)]
struct Leg {
    number: String,
    status: String,
}

/// The list of calls, one a line, its legs after it.
pub(crate) fn calls(page: &Page) -> String {
    calls_in(page, &TimeZone::system())
}

fn calls_in(page: &Page, zone: &TimeZone) -> String {
    if page.calls.is_empty() {
        return "no calls\n".into();
    }
    let mut text =
        format!("{:<19}  {:<8}  {:<24}  {:<16}  {:<12}  {}\n", "began", "way", "caller", "called", "result", "call");
    for call in &page.calls {
        let caller = match &call.caller_name {
            Some(name) if *name != call.caller => format!("{} {name}", call.caller),
            _ => call.caller.clone(),
        };
        let result = match (call.ended, call.answered, call.cause) {
            (None, None, _) => "ringing".to_owned(),
            (None, Some(_), _) => "up".to_owned(),
            (Some(_), Some(_), _) => span(call.talk_ms),
            (Some(_), None, Some(17)) => "busy".to_owned(),
            (Some(_), None, _) => "not answered".to_owned(),
        };
        let mut marks = String::new();
        if call.interrupted {
            marks.push_str(" (interrupted)");
        }
        if call.recording {
            marks.push_str(" (recorded)");
        }
        let _ = writeln!(
            text,
            "{:<19}  {:<8}  {:<24}  {:<16}  {:<12}  {}{marks}",
            when(call.started, zone),
            call.direction,
            cut(&caller, 24),
            cut(&call.called, 16),
            result,
            call.id,
        );
        for leg in &call.legs {
            let _ = writeln!(text, "{:21}{} {}", "", leg.status, cut(&leg.number, 32));
        }
    }
    if page.next.is_some() {
        text.push_str("… there are older ones: --limit\n");
    }
    text
}

fn when(millis: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(millis) {
        Ok(moment) => moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => millis.to_string(),
    }
}

/// `1:02:03` or `2:03`.
fn span(millis: i64) -> String {
    let seconds = millis / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// At most so many characters; none that could steer a terminal: names come from outside.
fn cut(text: &str, most: usize) -> String {
    let clean: Vec<char> = text.chars().filter(|character| !character.is_control()).collect();
    if clean.len() <= most {
        return clean.into_iter().collect();
    }
    clean.into_iter().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_as_text() {
        let page: Page = serde_json::from_value(serde_json::json!({"next": null, "calls": [
            {"id": "a", "direction": "internal", "caller": "201", "caller_name": "Zoé\u{1b}[31m", "called": "202",
             "started": 1_700_000_000_000_i64, "answered": 1_700_000_002_000_i64, "ended": 1_700_000_067_000_i64,
             "talk_ms": 65_000, "cause": 16, "interrupted": true, "recording": false,
             "legs": [{"number": "202", "status": "ANSWERED"}]},
            {"id": "b", "direction": "inbound", "caller": "0612", "caller_name": null, "called": "201",
             "started": 1_700_000_000_000_i64, "answered": null, "ended": null,
             "talk_ms": 0, "cause": null, "interrupted": false, "recording": false, "legs": []},
        ]}))
        .expect("a page");
        let text = calls_in(&page, &TimeZone::UTC);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("2023-11-14 22:13:20  internal  201 Zoé[31m"), "{text}");
        assert!(lines[1].ends_with("1:05          a (interrupted)"), "{text}");
        assert_eq!(lines[2].trim(), "ANSWERED 202");
        assert!(lines[3].contains("ringing"));
    }

    #[test]
    fn spans() {
        assert_eq!((span(0), span(61_999), span(3_661_000)), ("0:00".into(), "1:01".into(), "1:01:01".into()));
    }
}
