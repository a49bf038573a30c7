//! `GET /companies/{id}/usage`: what a company has sent in a month, beside its limits.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use commands::purse::{self, DaySum, Moment, Sum, Without};
use domain::company::{CompanyProfile, Limit, Measure, Period};
use domain::value::{Channel, CompanyId, TimeZone};
use projections::queries::notifications::Cost;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::notifications::cost_of;
use crate::extract::{FromQuery, FromText, Params, PathId, Read};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

/// Which month.
pub(super) struct ReadUsage {
    month: Option<Month>,
}

/// A month such as `2026-11`.
struct Month(NaiveDate);

impl FromText for Month {
    fn from_text(text: &str) -> Result<Self, Reason> {
        let is_whole = text.len() == "2026-11".len();
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok();
        first.filter(|first| is_whole && first.year() > 0).map(Self).ok_or(Reason::Time)
    }
}

impl FromQuery for ReadUsage {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { month: params.optional("month") })
    }
}

/// What a company has sent in a month.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Usage {
    /// The month by the company's clocks, such as `2026-11`.
    month: String,
    /// The limits that are set, of the day and month of now. Of another month there are none.
    limits: Vec<LimitUse>,
    /// The SMS of the month.
    sms: ChannelUse,
    /// The e-mails of the month.
    email: ChannelUse,
    /// The days on which something was sent, in order.
    days: Vec<DayUse>,
}

/// A limit and what is used of it.
#[derive(Debug, Serialize, ToSchema)]
struct LimitUse {
    /// Its name, as in the company's limits.
    name: &'static str,
    /// Its value.
    limit: u64,
    /// What was sent.
    used: u64,
    /// What is promised to notifications that are not over.
    promised: u64,
    /// When it begins again.
    until: DateTime<Utc>,
}

/// What was sent on a channel.
#[derive(Debug, Default, Serialize, ToSchema)]
struct ChannelUse {
    /// Messages that a provider took, or may have taken.
    messages: i64,
    /// The parts of these SMS.
    segments: i64,
    /// Those of these SMS that went to another country.
    foreign: i64,
    /// Their price; none if no price is known.
    cost: Option<Cost>,
}

/// What was sent on a day.
#[derive(Debug, Serialize, ToSchema)]
struct DayUse {
    /// The day by the company's clocks.
    #[schema(value_type = String, format = Date)]
    day: NaiveDate,
    /// The SMS.
    sms: ChannelUse,
    /// The e-mails.
    email: ChannelUse,
}

/// What a company has sent in a month, beside its limits (its notifiers and auditors). Without `month` the present one.
#[utoipa::path(
    get, path = "/companies/{id}/usage", tag = "companies",
    params(
        ("id" = uuid::Uuid, Path),
        ("month" = Option<String>, Query, description = "Such as `2026-11`.", pattern = r"^\d{4}-\d{2}$")
    ),
    responses((status = 200, body = Usage))
)]
pub(super) async fn usage(
    State(state): State<AppState>,
    PathId(company): PathId<CompanyId>,
    read: Read<ReadUsage>,
) -> Answer<Json<Usage>> {
    let caller = &read.caller;
    caller.needs_for(company, caller.may_notify(company) || caller.may_audit(company))?;
    let profile = commands::companies::profile(state.log(), company).await?.ok_or_else(Problem::not_found)?;
    let (zone, now): (TimeZone, _) = (profile.time_zone.parse().unwrap_or_default(), state.now());
    let today = now.with_timezone(&zone.rules()).date_naive();
    let asked = read.query.month.as_ref().map_or(today, |Month(first)| *first);
    let is_present = (asked.year(), asked.month()) == (today.year(), today.month());
    let (first, next) = Period::Month.of(asked, zone);
    let days = purse::days(state.pool(), company, zone, (first, next)).await?;
    let limits = if is_present { limits(&state, company, &profile, zone, now).await? } else { Vec::new() };
    Ok(Json(Usage {
        month: asked.format("%Y-%m").to_string(),
        limits,
        sms: ChannelUse::of(&state, days.iter().filter(|day| day.channel == Channel::Sms)),
        email: ChannelUse::of(&state, days.iter().filter(|day| day.channel == Channel::Email)),
        days: by_day(&state, &days),
    }))
}

async fn limits(
    state: &AppState,
    company: CompanyId,
    profile: &CompanyProfile,
    zone: TimeZone,
    now: DateTime<Utc>,
) -> Answer<Vec<LimitUse>> {
    let mut all = Vec::new();
    for channel in Channel::ALL.iter().copied() {
        let of = Moment { company, zone, channel, begins_at: now, now };
        let mut connection = state.pool().acquire().await?;
        let sent = purse::taken(&mut connection, &of, Without::Promises).await?;
        let taken = purse::taken(&mut connection, &of, Without::Nobody).await?;
        all.extend(profile.limits.of_purse(channel).map(|(limit, measure, max): (Limit, Measure, u64)| {
            let used = sent.of(measure);
            LimitUse {
                name: limit.as_str(),
                limit: max,
                used,
                promised: taken.of(measure).saturating_sub(used),
                until: measure.period.around(now, zone).1,
            }
        }));
    }
    Ok(all)
}

fn by_day(state: &AppState, sums: &[DaySum]) -> Vec<DayUse> {
    let of_day = |same: &[DaySum]| {
        let of = |channel| ChannelUse::of(state, same.iter().filter(|sum| sum.channel == channel));
        DayUse { day: same[0].day, sms: of(Channel::Sms), email: of(Channel::Email) }
    };
    sums.chunk_by(|one, next| one.day == next.day).map(of_day).collect()
}

impl ChannelUse {
    fn of<'a>(state: &AppState, sums: impl Iterator<Item = &'a DaySum>) -> Self {
        let sum = sums.map(|day| day.sum).fold(Sum::default(), |all, one| all + one);
        Self {
            messages: sum.messages,
            segments: sum.segments,
            foreign: sum.foreign_messages,
            cost: cost_of(state, sum),
        }
    }
}
