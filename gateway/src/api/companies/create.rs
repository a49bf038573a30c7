//! `POST /companies`: create a company.

use axum::extract::State;
use domain::company::CompanyDetails;
use domain::value::{CompanyId, CountryCode, Name, TimeZone};
use serde_json::json;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::api::Wrote;
use crate::api::schema::Made;
use crate::extract::{Body, Fields, FromFields, Order};
use crate::problem::Answer;
use crate::state::AppState;

/// A company to register.
#[derive(ToSchema)]
pub(super) struct CreateCompany {
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    name: Name,
    /// The country, as ISO 3166-1 alpha-2. It decides how national phone numbers are read.
    #[schema(value_type = Option<String>, default = "CO", min_length = 2, max_length = 2)]
    country: CountryCode,
    /// The client's time zone, as an IANA name.
    #[schema(value_type = String, example = "America/Bogota")]
    time_zone: TimeZone,
}

impl FromFields for CreateCompany {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let country = fields.optional("country").unwrap_or_default();
        let time_zone = fields.required("time_zone");
        Some(Self { name: name?, country, time_zone: time_zone? })
    }
}

impl Body for CreateCompany {
    fn permits(caller: &Caller) -> bool {
        caller.is_admin()
    }
}

/// Register a company (administrators).
#[utoipa::path(
    post, path = "/companies", tag = "companies", request_body = CreateCompany,
    responses((status = 201, body = Made))
)]
pub(super) async fn create(State(state): State<AppState>, order: Order<CreateCompany>) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let company = CompanyId::from(state.new_id());
    let details = CompanyDetails { name: body.name, country: body.country, time_zone: body.time_zone };
    let done = commands::companies::register(state.log(), company, details, &context).await?;
    state.directory().refresh_to(done.position()).await;
    Ok(state.created(&caller, done, json!({ "id": company })))
}
