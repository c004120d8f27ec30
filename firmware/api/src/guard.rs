//! Who may come in.
//!
//! Every path of the API passes here. All but first run and signing in need a session; every request that changes something needs
//! the header `X-Offhook`, which a page of another site cannot send without our consent (and we give none), besides the cookie's
//! `SameSite=Strict`; a WebSocket must come from our own page.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use offhook_store::administrators::Administrator;

use crate::app::App;
use crate::clock::now;
use crate::error::Problem;
use crate::session::{COOKIE, token_of};
use crate::types::Role;

/// The header of requests that change something.
pub const HEADER: &str = "x-offhook";

/// The request came over the local socket, whose file only the box's administrator can open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// `None` over the local socket.
    pub(crate) token: Option<[u8; 32]>,
    /// `None` over the local socket.
    pub(crate) administrator: Option<Administrator>,
    /// What this person may do.
    pub(crate) role: Role,
}

/// The address of the one who asks.
pub(crate) fn peer(extensions: &axum::http::Extensions) -> IpAddr {
    let info = extensions.get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip())
}

pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match enter(&app, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn enter(app: &App, request: &mut Request) -> Result<(), Problem> {
    if request.extensions().get::<Local>().is_some() {
        request.extensions_mut().insert(Session { token: None, administrator: None, role: Role::Administrator });
        return Ok(());
    }
    let headers = request.headers();
    if !matches!(*request.method(), Method::GET | Method::HEAD) && !headers.contains_key(HEADER) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "header_missing",
            "Requests that change something need the header X-Offhook.",
        ));
    }
    if headers.contains_key(header::UPGRADE) && !same_origin(headers) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "foreign_origin", "This page is not of the box."));
    }
    let public = matches!(
        (request.method(), request.uri().path()),
        (&Method::GET | &Method::POST, "/api/v1/setup") | (&Method::POST, "/api/v1/session")
    );
    if public {
        return Ok(());
    }
    let signed_out = || Problem::new(StatusCode::UNAUTHORIZED, "signed_out", "Sign in first.");
    let token = token_of(headers, COOKIE).ok_or_else(signed_out)?;
    let session = app.store(move |store| store.session(token, now())).await?;
    let administrator = session.ok_or_else(signed_out)?.administrator;
    request.extensions_mut().insert(Session {
        token: Some(token),
        administrator: Some(administrator),
        role: Role::Administrator,
    });
    Ok(())
}

/// Whether the page that asks is our own: `Origin` names the host that `Host` names.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => {
            let origin = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
        }
        // Not a browser: those send it with every WebSocket (RFC 6455 §4.1).
        (None, _) => true,
        (Some(_), None) => false,
    }
}
