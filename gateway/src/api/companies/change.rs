//! `PATCH /companies/{id}`: change a company.

use axum::extract::State;
use domain::company::{CompanyChange, Limit, LimitsChange};
use domain::value::{CompanyId, CountryCode, LogoUrl, Name, TimeZone};
use utoipa::ToSchema;

use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::{Answer, Reason};
use crate::state::AppState;

/// The highest limit that can be set.
const LIMIT_MAX: u64 = 1_000_000_000;

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
    #[schema(value_type = LimitFields, required = false)]
    limits: Option<ChangeLimits>,
}

/// The limits to change. Days and months are those of the company's time zone.
#[derive(ToSchema)]
#[schema(as = ChangeLimits)]
#[expect(dead_code, reason = "describes what is read by the names of the limits")]
struct LimitFields {
    /// A notification to more people than this needs another person's approval; null: none does.
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000)]
    approval_above: Option<i64>,
    /// SMS a day; null: no limit. A notification that would pass it is refused, as are those of the following limits.
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000)]
    sms_per_day: Option<i64>,
    /// SMS a month; null: no limit.
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000)]
    sms_per_month: Option<i64>,
    /// E-mails a day; null: no limit.
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000)]
    emails_per_day: Option<i64>,
    /// E-mails a month; null: no limit.
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000)]
    emails_per_month: Option<i64>,
    /// Parts of SMS a day; null: no limit.
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000)]
    segments_per_day: Option<i64>,
    /// Parts of SMS a month; null: no limit.
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000)]
    segments_per_month: Option<i64>,
    /// SMS a day to numbers of other countries; null: no limit. A company begins with 50. A notification to more of them than
    /// are left leaves all of them out.
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000)]
    foreign_per_day: Option<i64>,
    /// Messages an hour to one address; null: no limit. Alarms (`operational`) count and are sent all the same.
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000)]
    per_recipient_per_hour: Option<i64>,
    /// SMS a second, alarms among them, which go first; null: no limit. What is above it waits. Obeyed within some seconds, also by
    /// notifications that are under way.
    #[schema(required = false, minimum = 1, maximum = 1_000_000_000)]
    sms_per_second: Option<i64>,
    /// The same, for e-mails.
    #[schema(required = false, minimum = 1, maximum = 1_000_000_000)]
    emails_per_second: Option<i64>,
}

/// The limits to change, by name.
struct ChangeLimits(LimitsChange);

impl FromFields for ChangeLimits {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let mut change = LimitsChange::new();
        for limit in Limit::ALL {
            let asked = match fields.nullable::<i64>(limit.as_str()) {
                Some(Some(max)) => max,
                Some(None) => {
                    change.insert(*limit, None);
                    continue;
                }
                None => continue,
            };
            match u64::try_from(asked) {
                Ok(max) if (limit.lowest()..=LIMIT_MAX).contains(&max) => {
                    _ = change.insert(*limit, Some(max))
                }
                _ => {
                    let range = Reason::OutOfRange { min: limit.lowest() as i64, max: LIMIT_MAX as i64 };
                    fields.refuse::<()>(limit.as_str(), range);
                }
            }
        }
        Some(Self(change))
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
    let limits = limits.map(|ChangeLimits(limits)| limits).unwrap_or_default();
    let change = CompanyChange { name, country, time_zone, logo_url, limits };
    let done = commands::companies::change(state.log(), company, change, &context).await?;
    Ok(state.changed(&caller, done))
}
