//! How the sends of the providers ended, added up over all processes.

use std::collections::HashMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use domain::provider::{AnswerTimes, Evidence};
use domain::value::ProviderId;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::provider::meter::Ended;
use crate::provider::{End, Provider};

/// How long a slot is.
const SLOT: TimeDelta = TimeDelta::seconds(5);

/// The sends of a slot, or of several.
#[derive(Debug, Clone, FromRow)]
pub(super) struct FiguresRow {
    pub(super) provider_id: Uuid,
    pub(super) slot: DateTime<Utc>,
    accepted: i64,
    deferred: i64,
    failed: i64,
    suppressed: i64,
    in_doubt: i64,
    passed_on: i64,
    answers: Vec<i64>,
}

impl FiguresRow {
    /// By their end.
    pub(super) const fn counts(&self) -> [(End, i64); End::ALL.len()] {
        [
            (End::Accepted, self.accepted),
            (End::Deferred, self.deferred),
            (End::Failed, self.failed),
            (End::Suppressed, self.suppressed),
            (End::InDoubt, self.in_doubt),
            (End::PassedOn, self.passed_on),
        ]
    }

    pub(super) fn answers(&self) -> AnswerTimes {
        AnswerTimes::of_counts(&self.answers)
    }

    fn sends(&self) -> u64 {
        self.counts().iter().map(|(_, count)| count.unsigned_abs()).sum()
    }
}

/// Writes what a provider's meter has counted. Returns how many sends that were. What could not be written is written with
/// the next.
pub(super) async fn record(pool: &PgPool, provider: &Provider, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let meter = &provider.gate().meter;
    let ended = meter.take();
    if ended.is_empty() {
        return Ok(0);
    }
    match add(pool, provider.id(), &ended, now).await {
        Ok(()) => Ok(ended.total()),
        Err(error) => {
            meter.give_back(&ended);
            Err(error)
        }
    }
}

async fn add(pool: &PgPool, provider: ProviderId, ended: &Ended, now: DateTime<Utc>) -> sqlx::Result<()> {
    let [accepted, deferred, failed, suppressed, in_doubt, passed_on] =
        ended.counts.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    sqlx::query(
        "insert into provider_figures as f (provider_id, slot, accepted, deferred, failed, suppressed, in_doubt,
                                            passed_on, answers)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (provider_id, slot) do update
         set accepted = f.accepted + excluded.accepted, deferred = f.deferred + excluded.deferred,
             failed = f.failed + excluded.failed, suppressed = f.suppressed + excluded.suppressed,
             in_doubt = f.in_doubt + excluded.in_doubt, passed_on = f.passed_on + excluded.passed_on,
             answers = array(
               select coalesce(a.old, 0) + coalesce(a.new, 0)
               from unnest(f.answers, excluded.answers) with ordinality as a (old, new, class)
               order by a.class)",
    )
    .bind(provider.uuid())
    .bind(slot_of(now))
    .bind(accepted)
    .bind(deferred)
    .bind(failed)
    .bind(suppressed)
    .bind(in_doubt)
    .bind(passed_on)
    .bind(ended.answers.counts())
    .execute(pool)
    .await?;
    Ok(())
}

fn slot_of(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(SLOT).unwrap_or(now)
}

const COLUMNS: &str =
    "provider_id, slot, accepted, deferred, failed, suppressed, in_doubt, passed_on, answers";

/// The slots of all providers from a moment on.
pub(super) async fn since(pool: &PgPool, from: DateTime<Utc>) -> sqlx::Result<Vec<FiguresRow>> {
    let text = ["select ", COLUMNS, " from provider_figures where slot >= $1"].concat();
    sqlx::query_as(&text).bind(from).fetch_all(pool).await
}

/// The acceptances of a provider between two moments.
pub(super) async fn answers_between(
    pool: &PgPool,
    provider: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> sqlx::Result<AnswerTimes> {
    let all: Vec<(Vec<i64>,)> = sqlx::query_as(
        "select answers from provider_figures where provider_id = $1 and slot >= $2 and slot < $3",
    )
    .bind(provider)
    .bind(from)
    .bind(to)
    .fetch_all(pool)
    .await?;
    let mut times = AnswerTimes::default();
    all.iter().for_each(|(counts,)| times.merge(&AnswerTimes::of_counts(counts)));
    Ok(times)
}

/// What the slots of each provider show that begin at or after a moment of its own.
pub(super) fn evidence(rows: &[FiguresRow], from: impl Fn(Uuid) -> DateTime<Utc>) -> HashMap<Uuid, Evidence> {
    let mut all: HashMap<Uuid, Evidence> = HashMap::new();
    for row in rows.iter().filter(|row| row.slot >= from(row.provider_id)) {
        let evidence = all.entry(row.provider_id).or_default();
        evidence.answers.merge(&row.answers());
        evidence.doubts += row.in_doubt.unsigned_abs();
        evidence.sends += row.sends();
    }
    all
}

/// Deletes the slots before a moment.
pub(super) async fn forget(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query("delete from provider_figures where slot < $1").bind(before).execute(pool).await?;
    Ok(())
}
