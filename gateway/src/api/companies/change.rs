//! `PATCH /companies/{id}`: change what is known of a company.

use axum::extract::State;
use domain::company::{CompanyDetails, CompanyProfile};
use domain::value::{CompanyId, CountryCode, Name, TimeZone};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// What is to change; absent parts stay.
#[derive(ToSchema)]
pub(super) struct ChangeCompany {
    /// A new name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    name: Option<Name>,
    /// A new country, as ISO 3166-1 alpha-2.
    #[schema(value_type = Option<String>, min_length = 2, max_length = 2)]
    country: Option<CountryCode>,
    /// A new time zone, as an IANA name.
    #[schema(value_type = Option<String>)]
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

impl Body for ChangeCompany {
    fn permits(caller: &Caller) -> bool {
        caller.is_admin()
    }
}

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
    let now = commands::companies::profile(state.log(), company).await?.ok_or_else(Problem::not_found)?;
    let done = commands::companies::change(state.log(), company, body.over(&now)?, &context).await?;
    Ok(state.changed(&caller, done))
}

impl ChangeCompany {
    fn over(self, now: &CompanyProfile) -> Answer<CompanyDetails> {
        let stored = |invalid| Problem::internal(&invalid);
        Ok(CompanyDetails {
            name: self.name.map_or_else(|| now.name.parse(), Ok).map_err(stored)?,
            country: self.country.map_or_else(|| now.country.parse(), Ok).map_err(stored)?,
            time_zone: self.time_zone.map_or_else(|| now.time_zone.parse(), Ok).map_err(stored)?,
        })
    }
}
