//! Changing the configuration: limits, conflicts, undo, and that the exchange hears of it.

mod support;

use axum::http::StatusCode;
use offhook_switch::config::{CodecName, DeviceKind, DigitMode, MediaEncryption, TrunkKind};
use serde_json::{Value, json};
use support::Box_;

fn reception() -> Value {
    json!({"name": "Reception", "extension": "201"})
}

#[tokio::test]
async fn an_extension_comes_with_a_telephone_and_its_credentials() {
    let made = Box_::ready().await;
    let id = made.create("/extensions", reception()).await;
    let shown = made.get(&format!("/extensions/{id}")).await.json();
    assert_eq!((shown["ring_time_ms"].as_u64(), shown["max_calls"].as_u64()), (Some(25_000), Some(4)));
    let device = &shown["devices"][0];
    assert_eq!(device["kind"], json!({"kind": "sip", "username": "201"}));
    let path = format!("/devices/{}", device["id"].as_str().expect("text"));
    let credentials = made.get(&format!("{path}/credentials")).await.json();
    let password = credentials["password"].as_str().expect("text").to_owned();
    assert!(password.len() >= 20);
    assert_eq!(credentials["server"], "box.local:5060");
    assert_eq!(credentials["qr"], json!(format!("sip:201:{password}@box.local:5060;transport=udp")));
    let digest = || {
        let config = made.exchange.config.lock().expect("whole").clone().expect("reloaded");
        config.devices.values().find_map(|device| match &device.kind {
            DeviceKind::Sip { ha1_md5, .. } => Some(ha1_md5.clone()),
            DeviceKind::Analog { .. } => None,
        })
    };
    assert_eq!(digest(), Some(offhook_store::secret::ha1("201", "offhook", &password).0));
    let renewed = made.post(&format!("{path}/secret"), &json!({})).await.json()["password"].clone();
    assert_ne!(renewed, json!(password));
    assert_eq!(digest(), Some(offhook_store::secret::ha1("201", "offhook", renewed.as_str().expect("text")).0));
    // A second telephone, renamed: the password stays.
    let second =
        made.post(&format!("/extensions/{id}/devices"), &json!({"label": "Van", "kind": {"kind": "sip"}})).await;
    assert_eq!(second.json()["kind"]["username"], "201-2");
    let second = format!("/devices/{}", second.json()["id"].as_str().expect("text"));
    let before = made.get(&format!("{second}/credentials")).await.json()["password"].clone();
    let change = json!({"label": "Van 2", "kind": {"kind": "sip", "username": "van"}});
    assert_eq!(made.put(&second, &change).await.json()["label"], "Van 2");
    assert_eq!(made.get(&format!("{second}/credentials")).await.json()["password"], before);
    let taken = json!({"label": "", "kind": {"kind": "sip", "username": "201"}});
    assert_eq!(made.put(&second, &taken).await.code(), "username_taken");
}

#[tokio::test]
async fn the_codecs_of_a_telephone_are_kept_in_their_order() {
    let made = Box_::ready().await;
    let id = made.create("/extensions", reception()).await;
    let device = made.get(&format!("/extensions/{id}")).await.json()["devices"][0].clone();
    assert_eq!(device["codecs"], json!([]));
    let path = format!("/devices/{}", device["id"].as_str().expect("text"));
    let with = |codecs: Value| json!({"label": "", "kind": {"kind": "sip"}, "encryption": "offered", "codecs": codecs});
    let changed = made.put(&path, &with(json!(["g722", "opus"]))).await.json();
    assert_eq!((&changed["codecs"], &changed["encryption"]), (&json!(["g722", "opus"]), &json!("offered")));
    let heard = || {
        let config = made.exchange.config.lock().expect("whole").clone().expect("reloaded");
        config.devices.values().map(|device| device.sound.codecs.clone()).collect::<Vec<_>>()
    };
    assert_eq!(heard(), [[CodecName::G722, CodecName::Opus]]);
    let twice = made.put(&path, &with(json!(["pcma", "opus", "pcma"]))).await;
    assert_eq!((twice.code(), twice.json()["field"].clone()), ("codec_twice".to_owned(), json!("codecs")));
    assert_eq!(made.put(&path, &with(json!(["g729"]))).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(heard(), [[CodecName::G722, CodecName::Opus]]);
    // Deleted and taken back: the list is there again.
    let undo = made.delete(&path).await.json()["undo"].as_str().expect("text").to_owned();
    made.post(&format!("/undo/{undo}"), &json!({})).await;
    assert_eq!(heard(), [[CodecName::G722, CodecName::Opus]]);
    made.put(&path, &json!({"label": "", "kind": {"kind": "sip"}})).await;
    assert_eq!(heard(), [[]]);
    let line = made.create("/lines", json!({"port": 1, "kind": "fxs", "label": ""})).await;
    let analog = json!({"label": "", "kind": {"kind": "analog", "line": line}, "codecs": ["pcma"]});
    assert_eq!(made.post(&format!("/extensions/{id}/devices"), &analog).await.code(), "codecs_of_analog");
}

#[tokio::test]
async fn what_is_not_acceptable_is_refused_by_field() {
    let made = Box_::ready().await;
    made.create("/extensions", reception()).await;
    for (change, code, field) in [
        (json!({"extension": "2"}), "invalid_extension", "extension"),
        (json!({"extension": "12345678901"}), "invalid_extension", "extension"),
        (json!({"extension": "20a"}), "invalid_extension", "extension"),
        (json!({"extension": "112"}), "number_is_emergency", "extension"),
        (json!({"extension": "201"}), "number_taken", "extension"),
        (json!({"name": "  "}), "invalid_name", "name"),
        (json!({"name": "x".repeat(81)}), "invalid_name", "name"),
        (json!({"name": "a\u{0}b"}), "invalid_name", "name"),
        (json!({"ring_time_ms": 1}), "out_of_range", "ring_time_ms"),
        (json!({"max_calls": 0}), "out_of_range", "max_calls"),
        (json!({"forward_busy": "call me"}), "invalid_number", "forward_busy"),
        (
            json!({"devices": [{"label": "", "kind": {"kind": "sip", "username": "a b"}}]}),
            "invalid_username",
            "devices.0.kind.username",
        ),
    ] {
        let mut body = json!({"name": "Office", "extension": "202"});
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let reply = made.post("/extensions", &body).await;
        assert_eq!((reply.code().as_str(), reply.json()["field"].as_str()), (code, Some(field)), "{change}");
    }
    assert_eq!(
        made.post("/extensions", &json!({"name": "A", "extension": "203", "x": 1})).await.code(),
        "invalid_body"
    );
    let long = json!({"name": "x".repeat(100_000), "extension": "203"});
    assert_eq!(made.post("/extensions", &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(made.get("/extensions").await.json().as_array().expect("a list").len(), 1);
    let forward = json!({"name": "Office", "extension": "204", "forward_always": "+33 (1) 23.45.67-89"});
    let id = made.create("/extensions", forward).await;
    assert_eq!(made.get(&format!("/extensions/{id}")).await.json()["forward_always"], "+33123456789");
}

#[tokio::test]
async fn deletions_are_taken_back_whole() {
    let made = Box_::ready().await;
    let line = made.create("/lines", json!({"port": 1, "kind": "fxs", "label": "Desk"})).await;
    let body = json!({"name": "Reception", "extension": "201", "devices": [
        {"label": "Old phone", "kind": {"kind": "analog", "line": line}}, {"label": "Desk", "kind": {"kind": "sip"}}]});
    let id = made.create("/extensions", body).await;
    let path = format!("/extensions/{id}");
    let before = made.get(&path).await.json();
    let sip = before["devices"].as_array().expect("a list").iter().find(|device| device["kind"]["kind"] == "sip");
    let credentials = format!("/devices/{}/credentials", sip.expect("there")["id"].as_str().expect("text"));
    let password = made.get(&credentials).await.json()["password"].clone();
    assert_eq!(made.delete(&format!("/lines/{line}")).await.code(), "in_use");
    let deleted = made.delete(&path).await.json();
    assert_eq!(deleted["label"], "201 Reception");
    assert_eq!(made.get(&path).await.code(), "not_found");
    let undo = format!("/undo/{}", deleted["undo"].as_str().expect("text"));
    assert_eq!(made.post(&undo, &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(made.get(&path).await.json(), before);
    assert_eq!(made.get(&credentials).await.json()["password"], password);
    assert_eq!(made.post(&undo, &json!({})).await.code(), "not_found", "once");
    // Meanwhile the number was given to another.
    let deleted = made.delete(&path).await.json();
    made.create("/extensions", json!({"name": "New", "extension": "201"})).await;
    let undo = format!("/undo/{}", deleted["undo"].as_str().expect("text"));
    assert_eq!(made.post(&undo, &json!({})).await.code(), "number_taken");
}

#[tokio::test]
async fn a_line_is_given_to_an_extension_moved_and_taken_away() {
    let made = Box_::ready().await;
    let line = made.create("/lines", json!({"port": 1, "kind": "fxs", "label": "Hall"})).await;
    let person = |extension: &str| json!({"name": "P", "extension": extension, "devices": []});
    let first = made.create("/extensions", person("1001")).await;
    let second = made.create("/extensions", person("1002")).await;
    let path = format!("/lines/{line}");
    let give = |extension: &str| json!({"port": 1, "kind": "fxs", "label": "Hall", "extension_id": extension});

    assert_eq!(made.put(&path, &give(&first)).await.json()["extension_id"], json!(first));
    let device = made.get(&format!("/extensions/{first}")).await.json()["devices"][0].clone();
    assert_eq!(device["kind"], json!({"kind": "analog", "line": line}));
    // What is left out stays; a set that moves is the same set.
    let label = made.put(&path, &json!({"port": 1, "kind": "fxs", "label": "Door"})).await.json();
    assert_eq!((&label["label"], &label["extension_id"]), (&json!("Door"), &json!(first)));
    assert_eq!(made.put(&path, &give(&second)).await.json()["extension_id"], json!(second));
    assert_eq!(made.get(&format!("/extensions/{first}")).await.json()["devices"], json!([]));
    let moved = made.get(&format!("/extensions/{second}")).await.json()["devices"][0].clone();
    assert_eq!(moved["id"], device["id"]);

    // How it sounds stays too, and is bounded.
    let mut louder = json!({"port": 1, "kind": "fxs", "label": "Hall"});
    assert_eq!(label["sound"]["cancel_echo"], true);
    louder["sound"] = json!({"cancel_echo": false, "from_line_db": 6, "to_line_db": -3, "automatic_level": true});
    assert_eq!(made.put(&path, &louder).await.json()["sound"], louder["sound"]);
    let door = json!({"port": 1, "kind": "fxs", "label": "Hall"});
    assert_eq!(made.put(&path, &door).await.json()["sound"], louder["sound"]);
    louder["sound"]["to_line_db"] = json!(13);
    assert_eq!(made.put(&path, &louder).await.code(), "out_of_range");

    // Neither half of a change that cannot be whole is kept.
    let nobody = uuid::Uuid::now_v7().to_string();
    let mut refused = give(&nobody);
    refused["label"] = json!("Lost");
    assert_eq!(made.put(&path, &refused).await.code(), "reference_missing");
    assert_eq!(made.get("/lines").await.json()[0]["label"], "Hall");
    let outside = json!({"port": 2, "kind": "fxo", "label": "", "extension_id": first});
    assert_eq!(made.post("/lines", &outside).await.code(), "line_kind");

    let none = json!({"port": 1, "kind": "fxs", "label": "Hall", "extension_id": null});
    assert_eq!(made.put(&path, &none).await.json()["extension_id"], json!(null));
    assert_eq!(made.delete(&path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn lines_and_trunks_fit_together() {
    let made = Box_::ready().await;
    let fxs = made.create("/lines", json!({"port": 1, "kind": "fxs", "label": ""})).await;
    let fxo = made.create("/lines", json!({"port": 5, "kind": "fxo", "label": "Copper"})).await;
    assert_eq!(made.post("/lines", &json!({"port": 1, "kind": "fxs", "label": ""})).await.code(), "port_taken");
    let kind = made.put(&format!("/lines/{fxs}"), &json!({"port": 1, "kind": "fxo", "label": ""})).await;
    assert_eq!(kind.code(), "line_kind");
    let supervision = async |change: serde_json::Value| {
        made.put(&format!("/lines/{fxo}"), &change).await.json()["answer_supervision"].clone()
    };
    assert_eq!(supervision(json!({"port": 5, "kind": "fxo", "label": "Copper"})).await, "delay");
    let reversal = json!({"port": 5, "kind": "fxo", "label": "Copper", "answer_supervision": "reversal"});
    assert_eq!(supervision(reversal).await, "reversal");
    assert_eq!(supervision(json!({"port": 5, "kind": "fxo", "label": "C"})).await, "reversal", "not said: as it was");
    let on = |line: &str| json!({"name": "Copper", "kind": {"kind": "line", "line": line}});
    assert_eq!(made.post("/trunks", &on(&fxs)).await.code(), "line_kind");
    let trunk = made.create("/trunks", on(&fxo)).await;
    assert_eq!(made.post("/trunks", &on(&fxo)).await.code(), "line_taken");
    let sip = json!({"name": "Carrier", "kind": {"kind": "sip", "uri": "sip:carrier.example", "username": "u",
        "password": "secret!", "register": true, "addresses": ["192.0.2.1"]}});
    let carrier = made.create("/trunks", sip.clone()).await;
    let shown = made.get("/trunks").await;
    assert!(!String::from_utf8_lossy(&shown.bytes).contains("secret!"), "a password is never shown");
    let mut change = sip.clone();
    change["kind"].as_object_mut().expect("an object").remove("password");
    let kept = made.put(&format!("/trunks/{carrier}"), &change).await.json();
    assert_eq!(kept["kind"]["has_password"], true, "kept");
    change["kind"]["password"] = json!("");
    let removed = made.put(&format!("/trunks/{carrier}"), &change).await.json();
    assert_eq!(removed["kind"]["has_password"], false);
    let mut wrong = sip;
    wrong["kind"]["uri"] = json!("http://x");
    assert_eq!(made.post("/trunks", &wrong).await.code(), "invalid_uri");

    let route = |pattern: &str, trunk: &str| json!({"pattern": pattern, "strip": 1, "trunks": [trunk]});
    made.create("/routes/outbound", route("0X.", &trunk)).await;
    let second = made.create("/routes/outbound", route("00.", &carrier)).await;
    let mut first = route("00.", &carrier);
    first["position"] = json!(0);
    assert_eq!(made.put(&format!("/routes/outbound/{second}"), &first).await.json()["position"], 0);
    let patterns: Vec<Value> = made
        .get("/routes/outbound")
        .await
        .json()
        .as_array()
        .expect("a list")
        .iter()
        .map(|route| json!([route["pattern"], route["position"]]))
        .collect();
    assert_eq!(patterns, [json!(["00.", 0]), json!(["0X.", 1])]);
    assert_eq!(made.post("/routes/outbound", &route("0.X", &trunk)).await.code(), "invalid_pattern");
    let missing = "00000000-0000-0000-0000-000000000001";
    assert_eq!(made.post("/routes/outbound", &route("1X", missing)).await.code(), "reference_missing");
    assert_eq!(made.delete(&format!("/trunks/{trunk}")).await.code(), "in_use");

    let id = made.create("/extensions", reception()).await;
    let inbound = json!({"trunk": trunk, "number": "+33 1 23", "destination": "201"});
    made.create("/routes/inbound", inbound).await;
    assert_eq!(made.post("/routes/inbound", &json!({"destination": "999"})).await.code(), "reference_missing");
    assert_eq!(made.delete(&format!("/extensions/{id}")).await.code(), "in_use");
    let renumbered = json!({"name": "Reception", "extension": "205"});
    assert_eq!(made.put(&format!("/extensions/{id}"), &renumbered).await.status, StatusCode::OK);
    assert_eq!(made.get("/routes/inbound").await.json()[0]["destination"], "205", "the route follows");
}

#[tokio::test]
async fn announcements_rules_and_site() {
    let made = Box_::ready().await;
    let id = made.create("/announcements", json!({"number": "700", "name": "Closed", "hang_up_digit": "9"})).await;
    assert_eq!(made.post("/extensions", &json!({"name": "A", "extension": "700"})).await.code(), "number_taken");
    let file = json!({"number": "701", "name": "X", "file": "../secret.key"});
    assert_eq!(made.post("/announcements", &file).await.code(), "invalid_file");
    let file = json!({"number": "701", "name": "X", "file": "none.wav"});
    assert_eq!(made.post("/announcements", &file).await.code(), "file_missing");
    std::fs::create_dir_all(made.directory.join("sounds")).expect("made");
    std::fs::write(made.directory.join("sounds/none.wav"), b"").expect("written");
    made.create("/announcements", file).await;
    let digit = json!({"number": "700", "name": "Closed", "hang_up_digit": "99"});
    assert_eq!(made.put(&format!("/announcements/{id}"), &digit).await.code(), "invalid_digit");
    made.create("/recording-rules", json!({"caller": "12xx"})).await;
    assert_eq!(made.get("/recording-rules").await.json()[0]["caller"], "12XX");
    let config = made.exchange.config.lock().expect("whole").clone().expect("reloaded");
    assert_eq!((config.announcements.len(), config.recording.len()), (2, 1));

    let mut site = made.get("/site").await.json();
    site.as_object_mut().expect("an object").remove("realm");
    site["emergency_numbers"] = json!(["112", "700"]);
    let reply = made.put("/site", &site).await;
    assert_eq!((reply.code().as_str(), reply.json()["field"].as_str()), ("number_taken", Some("emergency_numbers")));
    site["emergency_numbers"] = json!([]);
    assert_eq!(made.put("/site", &site).await.code(), "out_of_range", "never without an emergency number");
    site["emergency_numbers"] = json!(["112", "18"]);
    site["name"] = json!("New name");
    assert_eq!(made.put("/site", &site).await.json()["name"], "New name");

    let file = made.get("/site-file").await;
    assert_eq!(file.headers["content-type"], "application/toml");
    assert!(offhook_store::site_file::check(std::str::from_utf8(&file.bytes).expect("text")).is_ok());
}

#[tokio::test]
async fn how_the_sound_of_a_trunk_goes_is_kept() {
    let made = Box_::ready().await;
    let with = |sound: Value| {
        let mut kind = json!({"kind": "sip", "uri": "sip:carrier.example"});
        kind.as_object_mut().expect("an object").extend(sound.as_object().expect("an object").clone());
        json!({"name": "Carrier", "kind": kind})
    };
    let plain = made.post("/trunks", &with(json!({}))).await.json();
    let usual = |kind: &Value| (kind["encryption"].clone(), kind["codecs"].clone(), kind["digits"].clone());
    assert_eq!(usual(&plain["kind"]), (json!("auto"), json!([]), json!("auto")));
    let path = format!("/trunks/{}", plain["id"].as_str().expect("text"));
    let sound = json!({"encryption": "required", "codecs": ["pcma", "pcmu"], "digits": "info_relay"});
    let changed = made.put(&path, &with(sound.clone())).await.json();
    assert_eq!(usual(&changed["kind"]), (json!("required"), json!(["pcma", "pcmu"]), json!("info_relay")));
    assert_eq!(made.get("/trunks").await.json()[0], changed);
    for (wrong, field) in
        [(json!({"codecs": ["pcma", "pcma"]}), "kind.codecs"), (json!({"digits": "shouting"}), "digits")]
    {
        let refused = made.put(&path, &with(wrong)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
    }
    let heard = || {
        let config = made.exchange.config.lock().expect("whole").clone().expect("reloaded");
        let sound = config.trunks.values().find_map(|trunk| match &trunk.kind {
            TrunkKind::Sip { sound, .. } => Some(sound.clone()),
            TrunkKind::Line { .. } => None,
        });
        sound.expect("a SIP trunk")
    };
    assert_eq!((heard().encryption, heard().digits), (MediaEncryption::Required, DigitMode::InfoRelay));
    // Deleted and taken back: as it was.
    let undo = made.delete(&path).await.json()["undo"].as_str().expect("text").to_owned();
    made.post(&format!("/undo/{undo}"), &json!({})).await;
    assert_eq!(heard().codecs, [CodecName::Pcma, CodecName::Pcmu]);
}
