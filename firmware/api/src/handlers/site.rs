//! The site's settings and file.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use offhook_store::{Store, rules};
use offhook_switch::config::Site;

use crate::app::App;
use crate::body::Body;
use crate::error::Problem;
use crate::types;
use crate::types::Resource;
use crate::validate;

/// The site's settings.
#[utoipa::path(get, path = "/api/v1/site", tag = "site", responses((status = 200, description = "Done", body = types::Site), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn get_site(State(app): State<App>) -> Result<Json<types::Site>, Problem> {
    Ok(Json(shown(app.store(Store::site).await?)))
}

/// Changes the site's settings.
#[utoipa::path(put, path = "/api/v1/site", tag = "site", request_body = types::SiteInput, responses((status = 200, description = "Done", body = types::Site), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn put_site(
    State(app): State<App>,
    Body(input): Body<types::SiteInput>,
) -> Result<Json<types::Site>, Problem> {
    let name = validate::label(&input.name, "name")?;
    let country = validate::country(&input.country, &app.services.countries)?;
    let time_zone = validate::time_zone(&input.time_zone)?;
    let language = validate::language(&input.language)?;
    let mut emergency_numbers: Vec<String> = Vec::new();
    for number in input.emergency_numbers.iter().take(33) {
        let number = number.trim();
        let title = "Expected numbers of 2 to 6 digits.";
        validate::ensure(rules::emergency_number(number), "emergency_numbers", "invalid_emergency_number", title)?;
        if !emergency_numbers.iter().any(|known| known == number) {
            emergency_numbers.push(number.to_owned());
        }
    }
    let count = u32::try_from(emergency_numbers.len()).unwrap_or(u32::MAX);
    validate::within(count, 1, 32, "emergency_numbers")?;
    let site = app
        .store(move |store| {
            let realm = store.site()?.realm;
            store.put_site(Site { name, country, time_zone, language, realm, emergency_numbers })
        })
        .await
        .map_err(|problem| Problem { field: Some("emergency_numbers".into()), ..problem })?;
    app.changed(Resource::Site).await?;
    Ok(Json(shown(site)))
}

/// The whole configuration as one readable file (TOML). It holds secrets.
#[utoipa::path(get, path = "/api/v1/site-file", tag = "site", responses((status = 200, description = "Done", body = String, content_type = "application/toml"), (status = "default", description = "Refused", body = Problem)))]
pub(crate) async fn export_site_file(State(app): State<App>) -> Result<Response, Problem> {
    let text = app.store(Store::export_site_file).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/toml"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"site.toml\""),
    ];
    Ok((headers, text).into_response())
}

fn shown(site: Site) -> types::Site {
    types::Site {
        name: site.name,
        country: site.country,
        time_zone: site.time_zone,
        language: site.language,
        realm: site.realm,
        emergency_numbers: site.emergency_numbers,
    }
}
