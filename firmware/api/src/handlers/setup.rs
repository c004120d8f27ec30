//! The first run.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use offhook_store::Store;
use offhook_store::administrators::Administrator;
use offhook_store::secret::{PASSWORD_LENGTH, hash_password};
use uuid::Uuid;

use crate::app::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;
use crate::types::Resource;
use crate::validate;

/// Whether the box waits for its first run.
#[utoipa::path(get, path = "/api/v1/setup", tag = "setup", security(), responses((status = 200, description = "Done", body = types::SetupState), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_setup(State(app): State<App>) -> Result<Json<types::SetupState>, Problem> {
    let needed = !app.store(Store::has_administrator).await?;
    Ok(Json(types::SetupState {
        needed,
        version: app.services.version.clone(),
        languages: vec!["en".into(), "fr".into()],
        countries: app.services.countries.clone(),
        password_min_length: PASSWORD_LENGTH as u32,
    }))
}

/// First run: sets the site and the administrator's password, and signs in. Only while no administrator exists.
#[utoipa::path(post, path = "/api/v1/setup", tag = "setup", security(), request_body = types::Setup, responses((status = 201, description = "Done", body = types::Me), (status = 409, description = "`setup_done`", body = Problem), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn post_setup(State(app): State<App>, Body(input): Body<types::Setup>) -> Result<Response, Problem> {
    if app.store(Store::has_administrator).await? {
        return Err(Problem::conflict("setup_done", "The first run is over."));
    }
    let site_name = input.site_name.trim().to_owned();
    validate::label(&site_name, "site_name")?;
    let language = validate::language(&input.language)?;
    let country = validate::country(&input.country, &app.services.countries)?;
    let time_zone = validate::time_zone(&input.time_zone)?;
    validate::password(&input.password, &site_name, "password")?;
    let password = input.password;
    let password_hash = app.hash(move || hash_password(&password)).await??;
    let administrator = Administrator {
        id: Uuid::now_v7(),
        name: super::session::DEFAULT_NAME.into(),
        password_hash,
        role: "administrator".into(),
        language: language.clone(),
    };
    let first = administrator.clone();
    app.store(move |store| {
        store.first_run(first, move |site| {
            site.emergency_numbers = emergency_numbers(&country);
            site.country = country;
            site.time_zone = time_zone;
            site.language = language;
            if !site_name.is_empty() {
                site.name = site_name;
            }
        })
    })
    .await?;
    app.changed(Resource::Site).await?;
    let mut response = super::session::begin(&app, administrator).await?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// Numbers that are always dialled, until the administrator says more: 112 works from every mobile and most countries' lines; the
/// others are the national ones.
fn emergency_numbers(country: &str) -> Vec<String> {
    let national: &[&str] = match country {
        "FR" | "MC" => &["112", "15", "17", "18", "114", "115", "119", "191", "196"],
        "US" | "CA" | "MX" => &["911"],
        "GB" | "IE" => &["112", "999"],
        "BE" => &["112", "100", "101"],
        "CH" => &["112", "117", "118", "144"],
        "DE" => &["112", "110"],
        "AU" => &["000", "112"],
        "NZ" => &["111", "112"],
        "JP" => &["110", "119"],
        "CN" => &["110", "119", "120"],
        "BR" => &["190", "192", "193"],
        "IN" => &["112", "100", "101", "102"],
        _ => &["112"],
    };
    national.iter().map(|number| (*number).to_owned()).collect()
}
