//! The state of the providers over all processes, as the page of providers shows it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::provider::AnswerTimes;
use domain::value::{Channel, ProviderId};
use sqlx::{FromRow, PgPool};

use super::{SHOWN, figures, switches};
use crate::provider::End;
use crate::route::Route;

/// How long a report counts. Longer than a process needs for the next one on a busy machine.
const REPORT_COUNTS_FOR_S: f64 = 10.0;
/// The cause of a provider that no process sends by.
const NO_PROCESS: &str = "no_process";

/// A provider over all processes.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderStatus {
    /// The provider.
    pub id: ProviderId,
    /// Its name in the configuration.
    pub name: String,
    /// The channel that it carries.
    pub channel: Channel,
    /// `ready` if it works in one of the processes at least, else `probing`, else `resting`.
    pub state: &'static str,
    /// Until when it rests, in the process in which it rests least.
    pub rests_until: Option<DateTime<Utc>>,
    /// Why it rests or is probed in a process: `config`, `outage`, `doubt`, `refusals`, `stalled`; `no_process` if none sends
    /// by it.
    pub cause: Option<String>,
    /// How many processes send by it.
    pub processes: i64,
    /// How many sends are under way.
    pub in_flight: i64,
    /// The configured limit of a process, in sends a second; 0: none.
    pub rate_per_second: i64,
    /// How many sends ended in the last second.
    pub sends_per_second: f64,
    /// Whether it is paused.
    pub is_paused: bool,
    /// The share of its turns that it gets, in percent.
    pub share: u8,
    /// How its sends of the last hour ended, by word.
    pub last_hour: BTreeMap<&'static str, i64>,
    /// How long its acceptances of the last hour took.
    pub answers: AnswerTimes,
}

/// A row of `provider_reports` that counts.
#[derive(Debug, Clone, FromRow)]
struct ReportRow {
    #[sqlx(try_from = "String")]
    channel: Channel,
    name: String,
    state: String,
    rests_until: Option<DateTime<Utc>>,
    cause: Option<String>,
    in_flight: i32,
    rate_per_second: i32,
    sends_per_second: f64,
}

/// The providers of all processes that report, and those of `routes` that nobody reports, by channel and name.
///
/// # Errors
/// When the database does not answer.
pub async fn statuses(
    pool: &PgPool,
    routes: &[Route],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<ProviderStatus>> {
    let mut all: BTreeMap<(Channel, String), ProviderStatus> = BTreeMap::new();
    for provider in routes.iter().flat_map(|route| &route.providers) {
        let key = (provider.channel(), provider.gate().name.clone());
        let rate = provider.gate().rate_per_second;
        all.entry(key).or_insert_with_key(|(channel, name)| ProviderStatus {
            rate_per_second: rate.into(),
            ..ProviderStatus::unattended(*channel, name)
        });
    }
    for row in reports(pool).await? {
        let key = (row.channel, row.name.clone());
        let status =
            all.entry(key).or_insert_with_key(|(channel, name)| ProviderStatus::unattended(*channel, name));
        status.add(&row);
    }
    let mut all: Vec<_> = all.into_values().collect();
    add_switches(pool, &mut all).await?;
    add_figures(pool, &mut all, now).await?;
    Ok(all)
}

async fn reports(pool: &PgPool) -> sqlx::Result<Vec<ReportRow>> {
    sqlx::query_as(
        "select channel, name, state, rests_until, cause, in_flight, rate_per_second, sends_per_second
         from provider_reports
         where reported_at > clock_timestamp() - make_interval(secs => $1)",
    )
    .bind(REPORT_COUNTS_FOR_S)
    .fetch_all(pool)
    .await
}

async fn add_switches(pool: &PgPool, all: &mut [ProviderStatus]) -> sqlx::Result<()> {
    let switches = switches::read(pool).await?;
    for status in all {
        if let Some(row) = switches.get(&status.id.uuid()) {
            (status.is_paused, status.share) = (row.is_paused, row.traffic().share.percent());
        }
    }
    Ok(())
}

async fn add_figures(pool: &PgPool, all: &mut [ProviderStatus], now: DateTime<Utc>) -> sqlx::Result<()> {
    let rows = figures::since(pool, now - SHOWN).await?;
    for status in all {
        for row in rows.iter().filter(|row| row.provider_id == status.id.uuid()) {
            status.answers.merge(&row.answers());
            for (end, count) in row.counts() {
                *status.last_hour.entry(end.as_str()).or_default() += count;
            }
        }
    }
    Ok(())
}

impl ProviderStatus {
    /// One that no process sends by.
    fn unattended(channel: Channel, name: &str) -> Self {
        Self {
            id: ProviderId::of(channel, name),
            name: name.to_owned(),
            channel,
            state: "resting",
            rests_until: None,
            cause: Some(NO_PROCESS.to_owned()),
            processes: 0,
            in_flight: 0,
            rate_per_second: 0,
            sends_per_second: 0.0,
            is_paused: false,
            share: 100,
            last_hour: End::ALL.iter().map(|end| (end.as_str(), 0)).collect(),
            answers: AnswerTimes::default(),
        }
    }

    /// Adds the report of one process: the best state counts, and a cause is shown wherever there is one.
    fn add(&mut self, row: &ReportRow) {
        let is_first = self.processes == 0;
        let (state, rank) = ranked(&row.state);
        if is_first || rank > ranked(self.state).1 {
            (self.state, self.rests_until) = (state, row.rests_until);
        } else if state == self.state {
            self.rests_until = self.rests_until.min(row.rests_until);
        }
        self.cause = if is_first { row.cause.clone() } else { self.cause.take().or(row.cause.clone()) };
        self.processes += 1;
        self.in_flight += i64::from(row.in_flight);
        self.rate_per_second = row.rate_per_second.into();
        self.sends_per_second += row.sends_per_second;
    }
}

/// A state, and how well the provider works in it.
fn ranked(state: &str) -> (&'static str, u8) {
    match state {
        "ready" => ("ready", 2),
        "probing" => ("probing", 1),
        _ => ("resting", 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: &str, rests_until: Option<i64>, cause: Option<&str>) -> ReportRow {
        ReportRow {
            channel: Channel::Sms,
            name: "uno".into(),
            state: state.into(),
            rests_until: rests_until.and_then(|second| DateTime::from_timestamp(second, 0)),
            cause: cause.map(str::to_owned),
            in_flight: 3,
            rate_per_second: 50,
            sends_per_second: 1.5,
        }
    }

    fn status(rows: &[ReportRow]) -> ProviderStatus {
        let mut status = ProviderStatus::unattended(Channel::Sms, "uno");
        rows.iter().for_each(|row| status.add(row));
        status
    }

    #[test]
    fn a_provider_of_no_process_rests() {
        let status = status(&[]);
        assert_eq!((status.state, status.cause.as_deref()), ("resting", Some(NO_PROCESS)));
    }

    #[test]
    fn a_provider_is_as_well_as_in_the_best_of_the_processes_and_shows_the_trouble_of_another() {
        let found = status(&[row("resting", Some(9), Some("outage")), row("ready", None, None)]);
        assert_eq!((found.state, found.rests_until, found.cause.as_deref()), ("ready", None, Some("outage")));
        assert_eq!((found.processes, found.in_flight, found.rate_per_second), (2, 6, 50));
        assert_eq!(found.sends_per_second, 3.0);
        let well = status(&[row("ready", None, None), row("ready", None, None)]);
        assert_eq!((well.state, well.cause), ("ready", None));
    }

    #[test]
    fn a_provider_that_rests_everywhere_rests_until_the_first_process_tries_it() {
        let rows = [row("resting", Some(9), Some("doubt")), row("resting", Some(5), Some("doubt"))];
        assert_eq!(status(&rows).rests_until, DateTime::from_timestamp(5, 0));
    }
}
