//! `PATCH /companies/{id}`: change a company.

use axum::extract::State;
use domain::company::CompanyChange;
use domain::value::{CompanyId, CountryCode, Name, TimeZone};
use utoipa::ToSchema;

use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// The fields to change. Absent fields stay as they are.
#[derive(ToSchema)]
pub(super) struct ChangeCompany {
    /// A new name.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    name: Option<Name>,
    /// A new country, as ISO 3166-1 alpha-2.
    #[schema(value_type = String, required = false, min_length = 2, max_length = 2)]
    country: Option<CountryCode>,
    /// A new time zone, as an IANA name.
    #[schema(value_type = String, required = false)]
    time_zone: Option<TimeZone>,
}

impl FromFields for ChangeCompany {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.changed("name"),
            country: fields.changed("country"),
            time_zone: fields.changed("time_zone"),
        })
    }
}

impl Body for ChangeCompany {}

/// Change a company (administrators).
#[utoipa::path(
    patch, path = "/companies/{id}", tag = "companies", request_body = ChangeCompany,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn change(
    State(state): State<AppState>,
    PathId(company): PathId<CompanyId>,
    order: Order<ChangeCompany>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    caller.needs_for(company, caller.is_admin())?;
    let ChangeCompany { name, country, time_zone } = body;
    let change = CompanyChange { name, country, time_zone };
    let done = commands::companies::change(state.log(), company, change, &context).await?;
    Ok(state.changed(&caller, done))
}
