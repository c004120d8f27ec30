//! Calls: the list and its pages, recordings, live calls and events, the line widget.

mod support;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use offhook_api::types::{LineAction, TraceDirection, TraceMessage};
use offhook_switch::exchange::{Command, Live, LiveCall};
use offhook_switch::id::{CallId, LegId, LineId, UserId};
use offhook_switch::record::{CallRecord, Direction, LegQuality, LegRecord, LegStatus, PeerQuality};
use serde_json::{Value, json};
use support::Box_;
use uuid::Uuid;

fn record(number: u128) -> CallRecord {
    let started = 1_700_000_000_000 + i64::try_from(number).expect("small");
    CallRecord {
        id: CallId(Uuid::from_u128(number)),
        direction: Direction::Inbound,
        caller: format!("06123456{number:02}"),
        caller_name: None,
        called: "201".into(),
        caller_user: None,
        answered_by: None,
        trunk: None,
        started,
        answered: number.is_multiple_of(2).then_some(started + 3000),
        ended: Some(started + 10_000),
        cause: Some(16),
        ended_by_callee: false,
        interrupted: false,
        recording: None,
    }
}

#[tokio::test]
async fn the_list_has_pages_and_filters() {
    let made = Box_::ready().await;
    for number in 0..7 {
        made.store.writer().put_call(record(number)).expect("taken");
    }
    made.store.writer().flush().expect("written");
    let mut seen = Vec::new();
    let mut path = "/calls?limit=3".to_owned();
    loop {
        let page = made.get(&path).await.json();
        seen.extend(page["calls"].as_array().expect("a list").iter().map(|call| call["caller"].clone()));
        match page["next"].as_str() {
            Some(next) => path = format!("/calls?limit=3&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 7);
    assert_eq!(seen[0], "0612345606", "newest first");
    let missed = made.get("/calls?result=missed&search=3456").await.json();
    assert_eq!(missed["calls"].as_array().expect("a list").len(), 3);
    let answered = made.get("/calls?result=answered&direction=inbound&limit=1").await.json();
    assert_eq!(answered["calls"][0]["talk_ms"], 7000);
    for (query, code) in [
        ("limit=0", "out_of_range"),
        ("limit=1000000", "out_of_range"),
        ("limit=x", "invalid_query"),
        ("direction=up", "invalid_query"),
        ("nonsense=1", "invalid_query"),
        ("after=1", "invalid_cursor"),
        (&*format!("search={}", "9".repeat(65)), "too_long"),
    ] {
        assert_eq!(made.get(&format!("/calls?{query}")).await.code(), code, "{query}");
    }
    assert_eq!(made.get(&format!("/calls/{}", Uuid::from_u128(99))).await.code(), "not_found");
    assert_eq!(made.get("/calls/nonsense").await.code(), "invalid_id");
}

#[tokio::test]
async fn the_details_of_a_call_say_how_its_sound_was() {
    let made = Box_::ready().await;
    let call = record(2);
    let leg = |number, status| LegRecord {
        id: LegId(Uuid::from_u128(number)),
        call: call.id,
        user: None,
        device: None,
        trunk: None,
        number: "201".into(),
        interface: None,
        status,
        started: call.started,
        answered: call.answered,
        ended: call.started + 10_000,
        cause: 16,
    };
    let writer = made.store.writer();
    writer.put_call(call.clone()).expect("taken");
    writer.put_leg(leg(1, LegStatus::CallAnswered)).expect("taken");
    writer.put_leg(leg(2, LegStatus::Answered)).expect("taken");
    let quality = LegQuality {
        leg: LegId(Uuid::from_u128(2)),
        received: 350,
        lost: 4,
        sent: 351,
        discarded: 1,
        jitter_us: 2500,
        round_trip_us: None,
        mean_delay_us: 42_000,
        max_delay_us: 80_000,
        concealed_ppm: 12_500,
        burst_ratio_permille: 1200,
        rating_tenths: Some(870),
        peer: Some(PeerQuality { lost: 3, jitter_us: 500, rating: None, mos_tenths: Some(41), delay_ms: Some(40) }),
    };
    writer.put_leg_quality(quality).expect("taken");
    writer.flush().expect("written");
    let legs = made.get(&format!("/calls/{}", call.id)).await.json()["legs"].clone();
    assert_eq!(legs[0]["quality"], Value::Null);
    let expected = json!({
        "mos": 4.26, "rating": 87.0, "received": 350, "lost": 4, "discarded": 1, "sent": 351, "jitter_ms": 2.5,
        "round_trip_ms": null, "mean_delay_ms": 42.0, "max_delay_ms": 80.0, "concealed_percent": 1.25, "burst_ratio": 1.2,
        "peer": { "mos": 4.1, "rating": null, "lost": 3, "jitter_ms": 0.5, "delay_ms": 40 },
    });
    assert_eq!(legs[1]["quality"], expected);
    assert_eq!(made.get("/calls").await.json()["calls"][0]["legs"][1]["quality"], Value::Null, "not in the list");
}

#[tokio::test]
async fn a_trace_comes_as_data_and_as_a_ladder_for_those_signed_in() {
    let mut made = Box_::ready().await;
    *made.exchange.trace.lock().expect("whole") = vec![TraceMessage {
        time: 1000,
        from: "10.0.0.7:5060".into(),
        to: "10.0.0.1:5060".into(),
        direction: TraceDirection::Received,
        transport: "udp".into(),
        first_line: "INVITE sip:202@box SIP/2.0".into(),
        call_id: "a".into(),
        cseq: "1 INVITE".into(),
        text: "INVITE sip:202@box SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n".into(),
    }];
    let path = format!("/calls/{}/trace", Uuid::from_u128(1));
    assert_eq!(made.get(&path).await.json()[0]["cseq"], "1 INVITE");
    let text = |reply: support::Reply| {
        assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
        String::from_utf8(reply.bytes).expect("text")
    };
    let ladder = text(made.get(&format!("{path}.txt")).await);
    assert!(ladder.contains("INVITE [1]") && !ladder.contains("CSeq"), "{ladder}");
    let saved = made.get(&format!("{path}.txt?messages=true&download=true")).await;
    assert!(saved.headers["content-disposition"].to_str().expect("text").starts_with("attachment"));
    assert!(text(saved).contains("CSeq: 1 INVITE"));
    assert_eq!(made.get(&format!("{path}.txt?messages=perhaps")).await.code(), "invalid_query");
    made.cookie = None;
    for path in [path.clone(), format!("{path}.txt")] {
        assert_eq!(made.get(&path).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn recordings_are_served_in_parts_and_nothing_else_is() {
    let made = Box_::ready().await;
    std::fs::create_dir_all(made.directory.join("recordings")).expect("made");
    std::fs::write(made.directory.join("recordings/a.wav"), (0..=255).collect::<Vec<u8>>()).expect("written");
    for (number, name) in [(1, "a.wav"), (2, "missing.wav"), (3, "../secret.key"), (4, "/etc/passwd")] {
        let mut call = record(number);
        call.recording = Some(name.into());
        made.store.writer().put_call(call).expect("taken");
    }
    made.store.writer().flush().expect("written");
    let path = |number| format!("/calls/{}/recording", Uuid::from_u128(number));
    let whole = made.get(&path(1)).await;
    assert_eq!((whole.status, whole.bytes.len()), (StatusCode::OK, 256));
    let part = Request::builder().uri(format!("/api/v1{}", path(1))).header("range", "bytes=10-19");
    let part = part.header("cookie", made.cookie.as_deref().expect("signed in"));
    let part = made.send(part.body(Body::empty()).expect("a request")).await;
    assert_eq!((part.status, part.bytes), (StatusCode::PARTIAL_CONTENT, (10..20).collect()));
    assert_eq!(part.headers["content-range"], "bytes 10-19/256");
    let saved = made.get(&format!("{}?download=true", path(1))).await;
    assert!(saved.headers["content-disposition"].to_str().expect("text").starts_with("attachment"));
    for number in 2..=4 {
        assert_eq!(made.get(&path(number)).await.code(), "no_recording");
    }
}

fn live_call() -> LiveCall {
    LiveCall {
        id: CallId(Uuid::from_u128(5)),
        started: 1,
        answered: None,
        called: "201".into(),
        legs: vec![],
        recording: false,
    }
}

#[tokio::test]
async fn live_calls_are_listed_and_ended() {
    let made = Box_::ready().await;
    made.exchange.calls.lock().expect("whole").push(live_call());
    assert_eq!(made.get("/live/calls").await.json()[0]["called"], "201");
    assert_eq!(made.delete(&format!("/live/calls/{}", Uuid::from_u128(6))).await.code(), "not_found");
    let path = format!("/live/calls/{}", Uuid::from_u128(5));
    assert_eq!(made.delete(&path).await.status, StatusCode::ACCEPTED);
    let commands = made.exchange.commands.lock().expect("whole").clone();
    assert!(matches!(commands.as_slice(), [Command::HangUp(id)] if id.0 == Uuid::from_u128(5)));
    *made.exchange.full.lock().expect("whole") = true;
    assert_eq!(made.delete(&path).await.code(), "busy");
}

/// The next event of a stream.
async fn next(body: &mut axum::body::BodyDataStream) -> Value {
    use futures_util::StreamExt as _;
    let bytes = body.next().await.expect("an event").expect("whole");
    let text = String::from_utf8(bytes.to_vec()).expect("text");
    let value =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).expect("there").to_owned();
    let data: Value = serde_json::from_str(&value("data:")).expect("JSON");
    assert_eq!(data["type"], json!(value("event:")));
    data
}

#[tokio::test]
async fn events_begin_with_a_snapshot_and_after_a_gap_again() {
    use tower::ServiceExt as _;
    let made = Box_::ready().await;
    made.exchange.calls.lock().expect("whole").push(live_call());
    let request = Request::builder().uri("/api/v1/events").header("cookie", made.cookie.as_deref().expect("signed in"));
    let response =
        made.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("answered");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    assert_eq!(next(&mut body).await["calls"][0]["called"], "201");
    made.services.live.send(Live::CallEnded { id: CallId(Uuid::from_u128(5)) }).expect("heard");
    assert_eq!(next(&mut body).await, json!({"type": "call_ended", "id": Uuid::from_u128(5)}));
    made.create("/extensions", json!({"name": "A", "extension": "201"})).await;
    assert_eq!(next(&mut body).await, json!({"type": "changed", "resource": "extensions"}));
    for _ in 0..100 {
        let event = Live::Registered { user: UserId(Uuid::from_u128(1)), bindings: 1 };
        made.services.live.send(event).expect("heard");
    }
    assert_eq!(next(&mut body).await["type"], "snapshot");
}

#[tokio::test]
async fn the_widget_acts_on_simulated_lines_only() {
    let made = Box_::ready().await;
    let id = made.create("/lines", json!({"port": 1, "kind": "fxs", "label": "Desk"})).await;
    let path = format!("/lines/{id}/actions");
    assert_eq!(made.post(&path, &json!({"action": "lift"})).await.code(), "not_simulated");
    let line = LineId(id.parse().expect("an identifier"));
    let (view, _) = tokio::sync::watch::channel(Default::default());
    made.lines.lines.lock().expect("whole").insert(line, view);
    assert_eq!(made.get("/lines").await.json()[0]["simulated"], true);
    assert_eq!(made.post(&path, &json!({"action": "lift"})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(made.post(&path, &json!({"action": "key", "key": "5"})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(made.post(&path, &json!({"action": "key", "key": "55"})).await.code(), "invalid_digit");
    assert_eq!(made.post(&path, &json!({"action": "answer"})).await.code(), "line_kind");
    assert_eq!(made.post(&path, &json!({"action": "explode"})).await.code(), "invalid_body");
    let actions = made.lines.actions.lock().expect("whole").clone();
    assert_eq!(actions, [LineAction::Lift, LineAction::Key { key: "5".into() }]);
}
