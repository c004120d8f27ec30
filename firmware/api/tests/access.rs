//! Who comes in: first run, sessions, forged requests, the local socket.

mod support;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use support::{Box_, PASSWORD, answer, setup};

#[tokio::test]
async fn first_run_once_and_with_a_strong_password() {
    let mut made = Box_::new();
    assert_eq!(made.get("/setup").await.json()["needed"], true);
    assert_eq!(made.get("/extensions").await.code(), "signed_out");
    for (field, value, code) in [
        ("password", "short", "password_too_short"),
        ("password", "motdepasse123", "password_too_common"),
        ("password", "aaaaaaaaaaaaaaa", "password_too_common"),
        ("password", "123456789012345", "password_too_common"),
        ("password", "cabinet martin 2024", "password_contains_site_name"),
        ("country", "ZZ", "invalid_country"),
        ("time_zone", "Europe/Atlantis", "invalid_time_zone"),
        ("language", "de", "invalid_language"),
    ] {
        let mut body = setup();
        body[field] = json!(value);
        let reply = made.post("/setup", &body).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, code));
        assert_eq!(reply.json()["field"], field);
    }
    let reply = made.post("/setup", &setup()).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    let cookie = reply.headers["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    made.keep_cookie(&reply);
    assert_eq!(made.get("/me").await.json()["language"], "fr");
    let site = made.get("/site").await.json();
    assert_eq!((site["country"].as_str(), site["name"].as_str()), (Some("FR"), Some("Cabinet Martin")));
    assert!(site["emergency_numbers"].as_array().expect("a list").contains(&json!("15")));
    assert!(made.exchange.config.lock().expect("whole").is_some(), "the exchange knows");
    assert_eq!(made.post("/setup", &setup()).await.code(), "setup_done");
    assert_eq!(made.get("/setup").await.json()["needed"], false);
}

#[tokio::test]
async fn sessions_begin_and_end() {
    let mut made = Box_::ready().await;
    let first = made.cookie.clone();
    let reply = made.post("/session", &json!({"password": PASSWORD})).await;
    assert_eq!(reply.status, StatusCode::OK);
    made.keep_cookie(&reply);
    assert_ne!(made.cookie, first);
    let change = json!({"current": "wrong", "new": "another long phrase"});
    assert_eq!(made.put("/me/password", &change).await.code(), "wrong_password");
    let change = json!({"current": PASSWORD, "new": "another long phrase"});
    assert_eq!(made.put("/me/password", &change).await.status, StatusCode::NO_CONTENT);
    assert_eq!(made.get("/me").await.status, StatusCode::OK, "this session goes on");
    let second = std::mem::replace(&mut made.cookie, first);
    assert_eq!(made.get("/me").await.code(), "signed_out", "the others ended");
    made.cookie = second;
    assert_eq!(made.put("/me", &json!({"language": "en"})).await.json()["language"], "en");
    assert_eq!(made.delete("/session").await.status, StatusCode::NO_CONTENT);
    assert_eq!(made.get("/me").await.code(), "signed_out");
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let made = Box_::ready().await;
    for _ in 0..5 {
        let reply = made.post("/session", &json!({"name": "nobody", "password": "x"})).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::UNAUTHORIZED, "wrong_password"));
    }
    let reply = made.post("/session", &json!({"password": PASSWORD})).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"));
    assert!(reply.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_forged_request_changes_nothing() {
    let made = Box_::ready().await;
    let cookie = made.cookie.clone().expect("signed in");
    let request = |method: Method, path: &str| {
        Request::builder().method(method).uri(format!("/api/v1{path}")).header("cookie", &cookie)
    };
    // A form of another site: cookie or not, it cannot send the header.
    let form = request(Method::POST, "/extensions").header("content-type", "text/plain");
    let reply = made.send(form.body(Body::from("{}")).expect("a request")).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::FORBIDDEN, "header_missing"));
    // A WebSocket of another site.
    let socket = request(Method::GET, "/lines/00000000-0000-0000-0000-000000000000/audio")
        .header("host", "box.local")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("origin", "http://evil.example");
    let reply = made.send(socket.body(Body::empty()).expect("a request")).await;
    assert_eq!(reply.code(), "foreign_origin");
    // A cookie that is none.
    for cookie in ["offhook_session=", "offhook_session=zz", &format!("offhook_session={}", "é".repeat(32))] {
        let request = Request::builder().uri("/api/v1/me").header("cookie", cookie.as_bytes());
        assert_eq!(made.send(request.body(Body::empty()).expect("a request")).await.code(), "signed_out");
    }
}

#[tokio::test]
async fn every_path_needs_a_session() {
    let made = Box_::new();
    let document: serde_json::Value = serde_json::from_str(&offhook_api::openapi_json()).expect("JSON");
    let mut closed = 0;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let path = path
                .replace("{id}", "00000000-0000-0000-0000-000000000000")
                .replace("{token}", "00000000-0000-0000-0000-000000000000");
            let method = method.to_uppercase();
            let request = Request::builder().method(method.as_str()).uri(&path).header("x-offhook", "1");
            let reply = made.send(request.body(Body::empty()).expect("a request")).await;
            if operation["security"] == json!([{}]) || operation["security"] == json!([]) {
                assert_ne!(reply.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            } else {
                assert_eq!(reply.code(), "signed_out", "{method} {path}");
                closed += 1;
            }
        }
    }
    assert!(closed > 40, "{closed}");
}

#[tokio::test]
async fn the_local_socket_is_the_administrator() {
    let made = Box_::new();
    let request = |method: Method, path: &str| Request::builder().method(method).uri(format!("/api/v1{path}"));
    let status = request(Method::GET, "/status").body(Body::empty()).expect("a request");
    let reply = answer(&made.local, status).await;
    assert_eq!((reply.status, reply.json()["calls"].as_u64()), (StatusCode::OK, Some(3)));
    let me = answer(&made.local, request(Method::GET, "/me").body(Body::empty()).expect("a request")).await;
    assert_eq!(me.json()["role"], "administrator");
    let page = Request::builder().uri("/").body(Body::empty()).expect("a request");
    assert_eq!(answer(&made.local, page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_is_served_safely() {
    let made = Box_::new();
    for path in ["/", "/calls", "/extensions/1"] {
        let reply = made.send(Request::builder().uri(path).body(Body::empty()).expect("a request")).await;
        assert_eq!(reply.status, StatusCode::OK);
        let policy = reply.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe") && !policy.contains('\n'), "{policy}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    }
    for path in ["/missing.js", "/../Cargo.toml", "/%2e%2e/Cargo.toml"] {
        let reply = made.send(Request::builder().uri(path).body(Body::empty()).expect("a request")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    let reply = made.get("/nothing").await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
    assert_eq!(reply.headers["cache-control"], "no-store");
}
