//! A box for tests: a real database in a directory of its own, an exchange and lines that remember what they were told.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use offhook_api::services::{Answer, ExchangeHandle, Frame, LineAudio, LineRefusal, LineView, SimulatedLines};
use offhook_api::types::{LineAction, TraceMessage};
use offhook_api::{Api, Services};
use offhook_store::Store;
use offhook_switch::config::Config;
use offhook_switch::exchange::{Command, Counters, LiveCall};
use offhook_switch::id::{CallId, LineId};
use serde_json::Value;
use tokio::sync::{broadcast, mpsc, watch};
use tower::ServiceExt as _;

pub(crate) const PASSWORD: &str = "correct horse battery";

#[derive(Default)]
pub(crate) struct FakeExchange {
    pub(crate) commands: Mutex<Vec<Command>>,
    pub(crate) calls: Mutex<Vec<LiveCall>>,
    pub(crate) config: Mutex<Option<Arc<Config>>>,
    pub(crate) trace: Mutex<Vec<TraceMessage>>,
    pub(crate) full: Mutex<bool>,
}

impl ExchangeHandle for FakeExchange {
    fn command(&self, command: Command) -> bool {
        self.commands.lock().expect("whole").push(command);
        !*self.full.lock().expect("whole")
    }
    fn calls(&self) -> Answer<'_, Vec<LiveCall>> {
        Box::pin(async { self.calls.lock().expect("whole").clone() })
    }
    fn counters(&self) -> Answer<'_, Counters> {
        Box::pin(async { Counters { calls: 3, ..Counters::default() } })
    }
    fn line_states(&self) -> Answer<'_, BTreeMap<LineId, String>> {
        Box::pin(async { BTreeMap::new() })
    }
    fn trace(&self, _call: CallId) -> Answer<'_, Vec<TraceMessage>> {
        Box::pin(async { self.trace.lock().expect("whole").clone() })
    }
    fn reload(&self, config: Arc<Config>) {
        *self.config.lock().expect("whole") = Some(config);
    }
}

/// Lines that give back what is said into them.
#[derive(Default)]
pub(crate) struct FakeLines {
    pub(crate) lines: Mutex<BTreeMap<LineId, watch::Sender<LineView>>>,
    pub(crate) actions: Mutex<Vec<LineAction>>,
}

impl SimulatedLines for FakeLines {
    fn lines(&self) -> Vec<LineId> {
        self.lines.lock().expect("whole").keys().copied().collect()
    }
    fn act(&self, line: LineId, action: LineAction) -> Result<(), LineRefusal> {
        let lines = self.lines.lock().expect("whole");
        let view = lines.get(&line).ok_or(LineRefusal::NotSimulated)?;
        if action == LineAction::Answer {
            return Err(LineRefusal::WrongKind);
        }
        view.send_modify(|view| view.off_hook = action == LineAction::Lift);
        self.actions.lock().expect("whole").push(action);
        Ok(())
    }
    fn watch(&self, line: LineId) -> Option<watch::Receiver<LineView>> {
        Some(self.lines.lock().expect("whole").get(&line)?.subscribe())
    }
    fn open_audio(&self, line: LineId) -> Option<LineAudio> {
        self.lines.lock().expect("whole").get(&line)?;
        let (to_line, from_line): (_, mpsc::Receiver<Frame>) = mpsc::channel(50);
        Some(LineAudio { to_line, from_line })
    }
}

pub(crate) struct Box_ {
    pub(crate) directory: PathBuf,
    pub(crate) store: Store,
    pub(crate) exchange: Arc<FakeExchange>,
    pub(crate) lines: Arc<FakeLines>,
    pub(crate) services: Services,
    pub(crate) router: Router,
    pub(crate) local: Router,
    pub(crate) cookie: Option<String>,
}

impl Drop for Box_ {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.bytes)))
    }
    pub(crate) fn code(&self) -> String {
        let kind = self.headers.get("content-type").expect("a type");
        assert_eq!(kind, "application/problem+json");
        self.json()["code"].as_str().expect("a code").to_owned()
    }
}

impl Box_ {
    /// A box before its first run.
    pub(crate) fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("offhook-api-{}", uuid::Uuid::now_v7()));
        let store = Store::open(&directory).expect("opened");
        let exchange = Arc::new(FakeExchange::default());
        let lines = Arc::new(FakeLines::default());
        let services = Services {
            store: store.clone(),
            exchange: exchange.clone(),
            live: broadcast::channel(16).0,
            simulated: Some(lines.clone()),
            data: directory.clone(),
            version: "1.2.3".into(),
            countries: vec!["BE".into(), "FR".into()],
            listening: vec!["udp 127.0.0.1:5060".into()],
            started: std::time::Instant::now(),
        };
        let api = Api::new(services.clone());
        Box_ { router: api.network(), local: api.local(), directory, store, exchange, lines, services, cookie: None }
    }

    /// A box after its first run, signed in.
    pub(crate) async fn ready() -> Self {
        let mut made = Self::new();
        let reply = made.post("/setup", &setup()).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.json());
        made.keep_cookie(&reply);
        made
    }

    pub(crate) fn keep_cookie(&mut self, reply: &Reply) {
        let cookie = reply.headers.get("set-cookie").expect("a cookie").to_str().expect("text");
        self.cookie = cookie.split(';').next().map(str::to_owned);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        answer(&self.router, request).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}")).header("x-offhook", "1");
        request = request.header("host", "box.local:8080");
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let body = match body {
            Some(value) => {
                request = request.header("content-type", "application/json");
                Body::from(value.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).expect("a request")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, None).await
    }
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask(Method::POST, path, Some(body)).await
    }
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.ask(Method::PUT, path, Some(body)).await
    }
    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.ask(Method::DELETE, path, None).await
    }

    /// Creates something and gives its identifier.
    pub(crate) async fn create(&self, path: &str, body: Value) -> String {
        let reply = self.post(path, &body).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{path}: {}", reply.json());
        reply.json()["id"].as_str().expect("an identifier").to_owned()
    }
}

pub(crate) async fn answer(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 16 * 1024 * 1024).await.expect("a body").to_vec();
    Reply { status: parts.status, headers: parts.headers, bytes }
}

pub(crate) fn setup() -> Value {
    serde_json::json!({
        "site_name": "Cabinet Martin", "language": "fr", "country": "FR", "time_zone": "Europe/Paris", "password": PASSWORD,
    })
}
