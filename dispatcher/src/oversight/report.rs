//! The state of each provider in each process, for the page of providers.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::value::Channel;
use sqlx::PgPool;
use tokio::time::Instant;
use uuid::Uuid;

use crate::provider::{Gate, Provider};

/// The cause of a provider that says nothing, beside those of its circuit breaker.
const STALLED: &str = "stalled";

/// The state of a provider in one process.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    pub(super) provider: Uuid,
    channel: Channel,
    name: String,
    condition: Condition,
    in_flight: u32,
    rate_per_second: u32,
    sends_per_second: f64,
}

/// Whether a provider works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) state: &'static str,
    pub(super) rests_until: Option<DateTime<Utc>>,
    pub(super) cause: Option<&'static str>,
}

impl Condition {
    const READY: &'static str = "ready";

    pub(super) fn of(gate: &Gate, now: DateTime<Utc>) -> Self {
        let (pulse, instant) = (&gate.pulse, Instant::now());
        let of = |state, rests_until, cause| Self { state, rests_until, cause };
        match gate.breaker.rest() {
            Some((until, reason)) if now < until => of("resting", Some(until), Some(reason.as_str())),
            Some((_, reason)) => of("probing", None, Some(reason.as_str())),
            None if pulse.wants_a_trial(instant) => of("probing", None, Some(STALLED)),
            None if pulse.is_stalled(instant) => of("resting", None, Some(STALLED)),
            None => of(Self::READY, None, None),
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.state == Self::READY
    }
}

impl Report {
    /// `ended` sends in the time since the last report.
    pub(super) fn of(
        channel: Channel,
        provider: &Provider,
        ended: u64,
        elapsed: Duration,
        now: DateTime<Utc>,
    ) -> Self {
        let gate = provider.gate();
        Self {
            provider: provider.id().uuid(),
            channel,
            name: gate.name.clone(),
            condition: Condition::of(gate, now),
            in_flight: gate.meter.in_flight(),
            rate_per_second: gate.rate_per_second,
            sends_per_second: ended as f64 / elapsed.as_secs_f64().max(1.0),
        }
    }
}

/// Writes the reports of this process: one statement.
pub(super) async fn write(pool: &PgPool, process: Uuid, reports: &[Report]) -> sqlx::Result<()> {
    fn column<T>(reports: &[Report], of: impl Fn(&Report) -> T) -> Vec<T> {
        reports.iter().map(of).collect()
    }
    sqlx::query(
        "insert into provider_reports (process, provider_id, channel, name, state, rests_until, cause, in_flight,
                                       rate_per_second, sends_per_second)
         select $1, r.*
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::integer[],
                     $9::integer[], $10::double precision[]) as r
         on conflict (process, provider_id) do update
         set state = excluded.state, rests_until = excluded.rests_until, cause = excluded.cause,
             in_flight = excluded.in_flight, rate_per_second = excluded.rate_per_second,
             sends_per_second = excluded.sends_per_second, reported_at = clock_timestamp()",
    )
    .bind(process)
    .bind(column(reports, |report| report.provider))
    .bind(column(reports, |report| report.channel.as_str()))
    .bind(column(reports, |report| report.name.clone()))
    .bind(column(reports, |report| report.condition.state))
    .bind(column(reports, |report| report.condition.rests_until))
    .bind(column(reports, |report| report.condition.cause))
    .bind(column(reports, |report| report.in_flight.cast_signed()))
    .bind(column(reports, |report| report.rate_per_second.cast_signed()))
    .bind(column(reports, |report| report.sends_per_second))
    .execute(pool)
    .await?;
    Ok(())
}

/// A process that ends says so: its reports need not expire.
pub(super) async fn withdraw(pool: &PgPool, process: Uuid) -> sqlx::Result<()> {
    sqlx::query("delete from provider_reports where process = $1").bind(process).execute(pool).await?;
    Ok(())
}

/// Deletes the reports of processes that ended without a word long ago.
pub(super) async fn forget(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query("delete from provider_reports where reported_at < clock_timestamp() - interval '1 hour'")
        .execute(pool)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use domain::deliveries::{FailureClass, Phase};

    use super::*;
    use crate::provider::{Accepted, EmailProvider, Failure, SmtpSettings};

    fn provider() -> Provider {
        let settings = SmtpSettings {
            rate_per_second: 50,
            ..SmtpSettings::new("uno", "smtp://127.0.0.1:1", "avisos@example.com")
        };
        Provider::Email(EmailProvider::try_new(&settings).expect("good settings"))
    }

    #[test]
    fn a_provider_that_refuses_our_log_in_rests_then_is_probed_then_is_ready() {
        let (provider, now) = (provider(), DateTime::UNIX_EPOCH);
        assert!(Condition::of(provider.gate(), now).is_ready());
        let refused =
            Failure::answered(FailureClass::ConfigAuth, Phase::Auth, "535 5.7.8", "").for_every_message();
        provider.gate().breaker.observe::<Accepted>(&Err(refused.into()), now);
        let until = now + TimeDelta::seconds(60);
        let rests = Condition { state: "resting", rests_until: Some(until), cause: Some("config") };
        assert_eq!(Condition::of(provider.gate(), now), rests);
        let probed = Condition { state: "probing", rests_until: None, cause: Some("config") };
        assert_eq!(Condition::of(provider.gate(), until), probed);
    }

    #[test]
    fn a_report_has_the_rate_since_the_last_one() {
        let (provider, now) = (provider(), DateTime::UNIX_EPOCH);
        let report = Report::of(Channel::Email, &provider, 100, Duration::from_secs(2), now);
        assert_eq!((report.sends_per_second, report.rate_per_second, report.in_flight), (50.0, 50, 0));
    }
}
