//! Signing in and out, the person signed in.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use offhook_store::administrators::Administrator;
use offhook_store::secret::{hash_password, token, verify_password};
use offhook_store::{Store, rules};

use crate::app::App;
use crate::body::Body;
use crate::clock::now;
use crate::error::Problem;
use crate::guard::{self, Session};
use crate::session::{clear_cookie, set_cookie};
use crate::types;
use crate::types::Role;
use crate::validate;

/// Signs in; sets the session cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", security(), request_body = types::SignIn, responses((status = 200, description = "Done", body = types::Me), (status = 401, description = "`wrong_password`", body = Problem), (status = 429, description = "`too_many_attempts`", body = Problem), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn sign_in(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let peer = guard::peer(request.extensions());
    let Body(input) = Body::<types::SignIn>::from_request(request, &()).await?;
    if let Some(wait) = app.attempts.begin(peer, now()) {
        let seconds = (wait + 999) / 1000;
        let mut problem =
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", "Too many attempts: wait a moment.");
        problem.detail = Some(format!("{seconds} s"));
        let mut response = problem.into_response();
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        return Ok(response);
    }
    let name = input.name.unwrap_or_else(|| DEFAULT_NAME.into());
    let found = app.store(move |store| store.administrator(&name)).await?;
    let hash = found.as_ref().map(|found| found.password_hash.clone()).unwrap_or_default();
    // The same work whether the name is known or not.
    let password: String = input.password.chars().take(rules::PASSWORD_LONGEST + 1).collect();
    let right = app.hash(move || verify_password(&password, &hash)).await?;
    match found.filter(|_| right) {
        Some(administrator) => {
            app.attempts.succeeded(peer);
            begin(&app, administrator).await
        }
        None => {
            tracing::info!("a wrong password was given");
            Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong_password", "The name or password is wrong."))
        }
    }
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204, description = "Done"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    Extension(session): Extension<Session>,
) -> Result<Response, Problem> {
    if let Some(token) = session.token {
        app.store(move |store| store.end_session(token)).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::SET_COOKIE, clear_cookie());
    Ok(response)
}

/// The person signed in.
#[utoipa::path(get, path = "/api/v1/me", tag = "session", responses((status = 200, description = "Done", body = types::Me), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_me(Extension(session): Extension<Session>) -> Result<Json<types::Me>, Problem> {
    Ok(Json(me(&session)))
}

/// Changes one's own account.
#[utoipa::path(put, path = "/api/v1/me", tag = "session", request_body = types::MeInput, responses((status = 200, description = "Done", body = types::Me), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_me(
    State(app): State<App>,
    Extension(mut session): Extension<Session>,
    Body(input): Body<types::MeInput>,
) -> Result<Json<types::Me>, Problem> {
    let language = validate::language(&input.language)?;
    if let Some(administrator) = &mut session.administrator {
        administrator.language = language;
        let changed = administrator.clone();
        let token = session.token;
        app.store(move |store| store.put_administrator(changed, token)).await?;
    }
    Ok(Json(me(&session)))
}

/// Changes one's own password; ends all other sessions.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "session", request_body = types::PasswordChange, responses((status = 204, description = "Done"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_password(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Body(input): Body<types::PasswordChange>,
) -> Result<StatusCode, Problem> {
    let Some(mut administrator) = session.administrator else {
        return Err(Problem::conflict("no_account", "The local socket has no password."));
    };
    let site = app.store(Store::site).await?;
    validate::password(&input.new, &site.name, "new")?;
    let hash = administrator.password_hash.clone();
    let current: String = input.current.chars().take(rules::PASSWORD_LONGEST + 1).collect();
    if !app.hash(move || verify_password(&current, &hash)).await? {
        return Err(Problem::invalid("current", "wrong_password", "The current password is wrong."));
    }
    administrator.password_hash = app.hash(move || hash_password(&input.new)).await??;
    app.store(move |store| store.put_administrator(administrator, session.token)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Name of the first administrator.
pub(crate) const DEFAULT_NAME: &str = "admin";

fn me(session: &Session) -> types::Me {
    match &session.administrator {
        Some(administrator) => {
            types::Me { name: administrator.name.clone(), role: session.role, language: administrator.language.clone() }
        }
        None => types::Me { name: "local".into(), role: session.role, language: "en".into() },
    }
}

/// Begins a session: the cookie, and who it is.
pub(crate) async fn begin(app: &App, administrator: Administrator) -> Result<Response, Problem> {
    let token = token()?;
    let id = administrator.id;
    app.store(move |store| store.begin_session(token, id, now())).await?;
    let me = types::Me { name: administrator.name, role: Role::Administrator, language: administrator.language };
    let mut response = Json(me).into_response();
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(&token, false));
    Ok(response)
}
