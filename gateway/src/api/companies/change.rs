//! `PATCH /companies/{id}`: change a company.

use axum::extract::State;
use domain::company::{CompanyChange, LimitsChange};
use domain::value::{CompanyId, CountryCode, LogoUrl, Name, TimeZone};
use utoipa::ToSchema;

use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::{Answer, Reason};
use crate::state::AppState;

/// The highest limit that can be set.
const APPROVAL_ABOVE_MAX: u64 = 1_000_000_000;

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
    /// The `https` address of its logo, which the base layout of e-mails shows; null takes it away.
    #[schema(value_type = Option<String>, max_length = 500)]
    logo_url: Option<Option<LogoUrl>>,
    /// Limits to set; absent ones stay, null takes one away.
    #[schema(required = false)]
    limits: Option<ChangeLimits>,
}

/// What the company's workers may do without anybody else.
#[derive(ToSchema)]
struct ChangeLimits {
    /// A notification to more people than this needs another person's approval; null: none does.
    #[schema(value_type = Option<i64>, required = false, minimum = 0, maximum = 1_000_000_000)]
    approval_above: Option<Option<u64>>,
}

impl FromFields for ChangeLimits {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let people = match fields.nullable::<i64>("approval_above") {
            Some(Some(people)) => people,
            None => return Some(Self { approval_above: None }),
            Some(None) => return Some(Self { approval_above: Some(None) }),
        };
        match u64::try_from(people) {
            Ok(people) if people <= APPROVAL_ABOVE_MAX => Some(Self { approval_above: Some(Some(people)) }),
            _ => {
                fields.refuse("approval_above", Reason::OutOfRange { min: 0, max: APPROVAL_ABOVE_MAX as i64 })
            }
        }
    }
}

impl FromFields for ChangeCompany {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.changed("name"),
            country: fields.changed("country"),
            time_zone: fields.changed("time_zone"),
            logo_url: fields.nullable("logo_url"),
            limits: fields.changed("limits"),
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
    let ChangeCompany { name, country, time_zone, logo_url, limits } = body;
    let approval_above = limits.and_then(|limits| limits.approval_above);
    let limits = LimitsChange { approval_above };
    let change = CompanyChange { name, country, time_zone, logo_url, limits };
    let done = commands::companies::change(state.log(), company, change, &context).await?;
    Ok(state.changed(&caller, done))
}
