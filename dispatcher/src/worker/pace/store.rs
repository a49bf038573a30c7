//! The calendars of limits in PostgreSQL, which all processes share.
//!
//! They are read by one statement, changed in memory, and written by another that fails if somebody wrote one of them
//! meanwhile. No lock outlives a statement: a process that is frozen between the two holds up nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::PgPool;
use tokio::time::Instant;

use super::calendar::{Calendar, Calendars, KEPT};
use super::clock::DatabaseClock;

/// How many calendars are forgotten at once.
const FORGOTTEN_MAX: i64 = 1_000;

/// The version of each calendar that was read.
pub(super) type Versions = BTreeMap<Arc<str>, i64>;

/// Reads calendars, begins those that do not exist, and compares clocks.
pub(super) async fn read(
    pool: &PgPool,
    clock: &DatabaseClock,
    limits: &[Arc<str>],
) -> sqlx::Result<(Calendars, Versions)> {
    let read = read_known(pool, clock, limits).await?;
    if read.1.len() == limits.len() {
        return Ok(read);
    }
    begin(pool, limits).await?;
    read_known(pool, clock, limits).await
}

async fn read_known(
    pool: &PgPool,
    clock: &DatabaseClock,
    limits: &[Arc<str>],
) -> sqlx::Result<(Calendars, Versions)> {
    let asked = Instant::now();
    let rows: Vec<(String, i64, i64, Vec<i64>, i64)> = sqlx::query_as(
        "select name, version, opens_at, times, (extract(epoch from clock_timestamp()) * 1000000)::bigint
         from send_slots where name = any($1)",
    )
    .bind(limits.iter().map(|name| &**name).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    let answered = Instant::now();
    let (mut calendars, mut versions) = (Calendars::default(), Versions::new());
    for (name, version, opens_at, times, now) in rows {
        clock.compare(asked, now, answered);
        calendars.now = now;
        let name: Arc<str> = name.into();
        versions.insert(Arc::clone(&name), version);
        calendars.by_limit.insert(name, Calendar { times, opens_at });
    }
    Ok((calendars, versions))
}

/// A calendar may be missing because the database has crashed since somebody sent: it opens after that second. Some of those that
/// were not written for an hour go, so that there are not more and more.
async fn begin(pool: &PgPool, limits: &[Arc<str>]) -> sqlx::Result<()> {
    sqlx::query(
        "with forgotten as (
           delete from send_slots where name in (
             select name from send_slots where used_at < now() - interval '1 hour' and not name = any($1)
             limit $3 for update skip locked))
         insert into send_slots (name, version, opens_at, times)
         select name, now.micros, now.micros + $2, '{}'
         from unnest($1::text[]) as asked (name),
              (select (extract(epoch from clock_timestamp()) * 1000000)::bigint) as now (micros)
         order by name
         on conflict (name) do nothing",
    )
    .bind(limits.iter().map(|name| &**name).collect::<Vec<_>>())
    .bind(KEPT)
    .bind(FORGOTTEN_MAX)
    .execute(pool)
    .await?;
    Ok(())
}

/// Writes all of the calendars, or none if one of them was written meanwhile. True: they are written.
pub(super) async fn write(pool: &PgPool, calendars: &Calendars, versions: &Versions) -> sqlx::Result<bool> {
    let (mut times, mut firsts, mut lasts) = (Vec::new(), Vec::new(), Vec::new());
    for calendar in calendars.by_limit.values() {
        firsts.push(times.len() as i32 + 1);
        times.extend_from_slice(&calendar.times);
        lasts.push(times.len() as i32);
    }
    let written = sqlx::query(
        "with asked as materialized (
           select * from unnest($1::text[], $2::bigint[], $3::integer[], $4::integer[])
             as a (name, version, first, last)),
         locked as materialized (
           select s.name from asked a join send_slots s on s.name = a.name and s.version = a.version
           order by s.name
           for update of s)
         update send_slots s
         set version = s.version + 1, times = ($5::bigint[])[a.first:a.last], used_at = now()
         from asked a
         where s.name = a.name and (select count(*) from locked) = cardinality($1::text[])",
    )
    .bind(calendars.by_limit.keys().map(|name| &**name).collect::<Vec<_>>())
    .bind(versions.values().copied().collect::<Vec<_>>())
    .bind(firsts)
    .bind(lasts)
    .bind(times)
    .execute(pool)
    .await?;
    Ok(written.rows_affected() == calendars.by_limit.len() as u64)
}
