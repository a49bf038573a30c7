//! How the sends of the providers ended, added up over all processes.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use domain::provider::{AnswerTimes, Evidence, Receipts};
use domain::value::ProviderId;
use sqlx::{FromRow, PgConnection, PgPool};
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
    in_time: i64,
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

    fn receipts(&self) -> Receipts {
        Receipts { accepted: self.accepted.unsigned_abs(), in_time: self.in_time.unsigned_abs() }
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

pub(crate) fn slot_of(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(SLOT).unwrap_or(now)
}

const COLUMNS: &str =
    "provider_id, slot, accepted, deferred, failed, suppressed, in_doubt, passed_on, answers, in_time";

/// The slots of all providers from a moment on.
pub(super) async fn since(pool: &PgPool, from: DateTime<Utc>) -> sqlx::Result<Vec<FiguresRow>> {
    let text = ["select ", COLUMNS, " from provider_figures where slot >= $1"].concat();
    sqlx::query_as(&text).bind(from).fetch_all(pool).await
}

/// The slots of a provider from a moment on.
pub(super) async fn of_provider(
    pool: &PgPool,
    provider: Uuid,
    from: DateTime<Utc>,
) -> sqlx::Result<Vec<FiguresRow>> {
    let text = ["select ", COLUMNS, " from provider_figures where provider_id = $1 and slot >= $2"].concat();
    sqlx::query_as(&text).bind(provider).bind(from).fetch_all(pool).await
}

/// How long the acceptances of these slots took.
pub(super) fn answers<'a>(rows: impl IntoIterator<Item = &'a FiguresRow>) -> AnswerTimes {
    let mut times = AnswerTimes::default();
    rows.into_iter().for_each(|row| times.merge(&row.answers()));
    times
}

/// The acceptances of these slots, and their receipts.
pub(super) fn receipts<'a>(rows: impl IntoIterator<Item = &'a FiguresRow>) -> Receipts {
    rows.into_iter().map(FiguresRow::receipts).fold(Receipts::default(), |all, one| Receipts {
        accepted: all.accepted + one.accepted,
        in_time: all.in_time + one.in_time,
    })
}

/// Adds receipts that came in time to the slots in which their messages were accepted.
pub(crate) async fn add_receipts(
    tx: &mut PgConnection,
    in_time: &BTreeMap<(ProviderId, DateTime<Utc>), i64>,
) -> sqlx::Result<()> {
    if in_time.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into provider_figures as f (provider_id, slot, in_time)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::bigint[])
         on conflict (provider_id, slot) do update set in_time = f.in_time + excluded.in_time",
    )
    .bind(in_time.keys().map(|(provider, _)| provider.uuid()).collect::<Vec<_>>())
    .bind(in_time.keys().map(|(_, slot)| *slot).collect::<Vec<_>>())
    .bind(in_time.values().copied().collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// What some slots of a provider show: the last ones of sends, and earlier ones of receipts.
pub(super) fn evidence(sends: &[&FiguresRow], due: &[&FiguresRow]) -> Evidence {
    Evidence {
        answers: answers(sends.iter().copied()),
        doubts: sends.iter().map(|row| row.in_doubt.unsigned_abs()).sum(),
        sends: sends.iter().map(|row| row.sends()).sum(),
        receipts: receipts(due.iter().copied()),
    }
}

/// Deletes the slots before a moment.
pub(super) async fn forget(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query("delete from provider_figures where slot < $1").bind(before).execute(pool).await?;
    Ok(())
}
