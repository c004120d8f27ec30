//! Telephones and their credentials.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::{HeaderMap, header};
use offhook_store::devices::NewDevice;
use offhook_store::{StoreError, rules, secret};
use offhook_switch::config::{DeviceKind, SipSound};
use offhook_switch::id::{DeviceId, LineId, UserId};
use uuid::Uuid;

use super::view;
use crate::app::App;
use crate::body::{Body, Id};
use crate::clock::now;
use crate::error::Problem;
use crate::sip_sound::sip_sound;
use crate::types;
use crate::types::Resource;
use crate::validate;

/// Adds a telephone to an extension.
#[utoipa::path(post, path = "/api/v1/extensions/{id}/devices", tag = "devices", request_body = types::DeviceInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 201, description = "Done", body = types::Device), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn create_device(
    State(app): State<App>,
    Id(id): Id,
    Body(input): Body<types::DeviceInput>,
) -> Result<(StatusCode, Json<types::Device>), Problem> {
    let new = new_device(input)?;
    let device = DeviceId(Uuid::now_v7());
    app.store(move |store| store.create_device(device, UserId(id), new)).await?;
    app.changed(Resource::Extensions).await?;
    Ok((StatusCode::CREATED, Json(one(&app, device).await?)))
}

/// Changes a telephone.
#[utoipa::path(put, path = "/api/v1/devices/{id}", tag = "devices", request_body = types::DeviceInput, params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Device), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_device(
    State(app): State<App>,
    Id(id): Id,
    Body(input): Body<types::DeviceInput>,
) -> Result<Json<types::Device>, Problem> {
    let label = validate::label(&input.label, "label")?;
    let sound = check_sound(&input)?;
    let now = one(&app, DeviceId(id)).await?;
    let (username, line) = match (input.kind, now.kind) {
        (types::DeviceKindInput::Sip { username }, types::DeviceKind::Sip { .. }) => (check_username(username)?, None),
        (types::DeviceKindInput::Analog { line }, types::DeviceKind::Analog { .. }) => (None, Some(LineId(line))),
        _ => {
            return Err(Problem::invalid("kind", "kind_fixed", "The kind of a telephone does not change."));
        }
    };
    app.store(move |store| store.put_device(DeviceId(id), label, username, line, sound)).await?;
    app.changed(Resource::Extensions).await?;
    Ok(Json(one(&app, DeviceId(id)).await?))
}

/// Deletes a telephone.
#[utoipa::path(delete, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Deleted), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn delete_device(State(app): State<App>, Id(id): Id) -> Result<Json<types::Deleted>, Problem> {
    let undo = app.store(move |store| store.delete_device(DeviceId(id), now())).await?;
    app.changed(Resource::Extensions).await?;
    Ok(Json(undo.into()))
}

/// What to type, or scan, into a SIP telephone.
#[utoipa::path(get, path = "/api/v1/devices/{id}/credentials", tag = "devices", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Credentials), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_credentials(
    State(app): State<App>,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Json<types::Credentials>, Problem> {
    credentials(&app, DeviceId(id), &headers).await.map(Json)
}

/// Makes a new password for a SIP telephone. The phone must be given it.
#[utoipa::path(post, path = "/api/v1/devices/{id}/secret", tag = "devices", params(("id" = Uuid, Path, description = "Identifier")), responses((status = 200, description = "Done", body = types::Credentials), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn renew_secret(
    State(app): State<App>,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Json<types::Credentials>, Problem> {
    let password = secret::generate()?;
    app.store(move |store| store.put_device_password(DeviceId(id), password)).await?;
    app.changed(Resource::Extensions).await?;
    credentials(&app, DeviceId(id), &headers).await.map(Json)
}

async fn one(app: &App, id: DeviceId) -> Result<types::Device, Problem> {
    app.store(move |store| view::device(store, id)).await?.ok_or_else(Problem::not_found)
}

fn check_username(username: Option<String>) -> Result<Option<String>, Problem> {
    let username = username.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if let Some(username) = &username {
        let title = "Expected 1 to 40 letters, digits, - _ or dots.";
        validate::ensure(rules::username(username), "kind.username", "invalid_username", title)?;
    }
    Ok(username)
}

/// How sound and digits are to go; an analog set has nothing to say of it.
fn check_sound(input: &types::DeviceInput) -> Result<SipSound, Problem> {
    let analog = matches!(input.kind, types::DeviceKindInput::Analog { .. });
    let title = "An analog set has no list of codecs.";
    validate::ensure(!analog || input.codecs.is_empty(), "codecs", "codecs_of_analog", title)?;
    sip_sound(input.encryption, input.codecs.clone(), input.digits, "")
}

/// A telephone to add, its secret generated.
pub(crate) fn new_device(input: types::DeviceInput) -> Result<NewDevice, Problem> {
    let label = validate::label(&input.label, "label")?;
    let sound = check_sound(&input)?;
    Ok(match input.kind {
        types::DeviceKindInput::Sip { username } => {
            let (username, password) = (check_username(username)?, secret::generate()?);
            NewDevice::Sip { label, username, password, sound }
        }
        types::DeviceKindInput::Analog { line } => NewDevice::Analog { label, line: LineId(line) },
    })
}

async fn credentials(app: &App, id: DeviceId, headers: &HeaderMap) -> Result<types::Credentials, Problem> {
    let (username, password, realm, display_name, listen) = app
        .store(move |store| {
            let device = store.device(id)?.ok_or(StoreError::NotFound)?;
            let DeviceKind::Sip { username, .. } = device.kind else {
                return Err(StoreError::NotFound);
            };
            let password = store.device_password(id)?;
            let name = store.user(device.user)?.map(|user| user.name).unwrap_or_default();
            Ok((username, password, store.site()?.realm, name, store.listen()?))
        })
        .await?;
    let sockets =
        [("udp", &listen.udp), ("tcp", &listen.tcp), ("tls", &listen.tls), ("ws", &listen.ws), ("wss", &listen.wss)];
    let open = sockets.iter().filter(|(_, addresses)| !addresses.is_empty());
    let transports: Vec<String> = open.clone().map(|(name, _)| (*name).to_owned()).collect();
    let port = open.flat_map(|(_, addresses)| addresses.first()).map(|address| address.port()).next();
    let server = format!("{}:{}", host(headers), port.unwrap_or(5060));
    let qr = password.as_ref().map(|password| qr_text(&username, password, &server, &transports));
    Ok(types::Credentials { username, password, realm, server, transports, display_name, qr })
}

/// The name or address by which the administrator reaches the box: phones of the same network reach it so too.
fn host(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("offhook.local");
    let name = match host.rfind(':') {
        Some(colon) if !host.ends_with(']') => host.get(..colon).unwrap_or(host),
        _ => host,
    };
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'[' | b']' | b':' | b'_'));
    if plain && !name.is_empty() { name.to_owned() } else { "offhook.local".into() }
}

/// `sip:user:password@host:port;transport=udp` (RFC 3261 §19.1.1 allows the password; RFC 3986 §2.1 escapes it).
fn qr_text(username: &str, password: &str, server: &str, transports: &[String]) -> String {
    let escaped: String = password
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    let transport = transports.first().map_or("udp", String::as_str);
    format!("sip:{username}:{escaped}@{server};transport={transport}")
}
