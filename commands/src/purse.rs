//! The purse of each company: what was sent of its limits, and what is promised to notifications that are not over.

mod again;

use std::ops::Add;

use chrono::{DateTime, NaiveDate, Utc};
use domain::company::{Amount, Limit, Period, Taken};
use domain::value::{Channel, CompanyId, NotificationId, TimeZone};
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

pub use self::again::{Retaken, Whose};
use crate::database::begin;

/// How many settlements are added up in one statement.
const FOLDED_MAX: i64 = 5_000;

/// Whose purse is meant, and when: the limits of the day and month of `begins_at` count, by the company's clocks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The company.
    pub company: CompanyId,
    /// Its time zone.
    pub zone: TimeZone,
    /// On this channel.
    pub channel: Channel,
    /// When a notification begins.
    pub begins_at: DateTime<Utc>,
    /// The present.
    pub now: DateTime<Utc>,
}

/// What a settlement has sent of one notification. A doubt that ended as a failure gives back what it had taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The notification.
    pub notification: NotificationId,
    /// Its company.
    pub company: CompanyId,
    /// Its channel.
    pub channel: Channel,
    /// Its sum.
    pub sum: Sum,
}

/// Messages that were sent, with their parts and prices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Sum {
    /// Messages that a provider took, or may have taken.
    pub messages: i64,
    /// The parts of these SMS.
    pub segments: i64,
    /// Those of these SMS that went to another country.
    pub foreign_messages: i64,
    /// Their price, in millionths of the configured currency.
    pub micros: i64,
    /// Those of these messages whose price is not known.
    pub unpriced: i64,
}

impl Add for Sum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            segments: self.segments + other.segments,
            foreign_messages: self.foreign_messages + other.foreign_messages,
            micros: self.micros + other.micros,
            unpriced: self.unpriced + other.unpriced,
        }
    }
}

/// What a company has sent on one channel and day.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct DaySum {
    /// The day by the company's clocks.
    pub day: NaiveDate,
    /// The channel.
    #[sqlx(try_from = "String")]
    pub channel: Channel,
    /// Its sum.
    #[sqlx(flatten)]
    pub sum: Sum,
}

/// Lets the notifications of a company take from its purse one after the other, until the end of the transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut PgConnection, company: CompanyId) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtext('purse'), hashtext($1::text))")
        .bind(company.uuid())
        .execute(tx)
        .await?;
    Ok(())
}

/// Which notifications count as far as they have sent, and no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// None: what is promised counts as taken.
    Nobody,
    /// This one, which asks.
    Own(NotificationId),
    /// All: only what was sent is taken.
    Promises,
}

/// What was taken: sent, or promised.
///
/// # Errors
/// When the database does not answer.
pub async fn taken(connection: &mut PgConnection, of: &Moment, without: Without) -> sqlx::Result<Taken> {
    let (day, month) =
        (Period::Day.around(of.begins_at, of.zone), Period::Month.around(of.begins_at, of.zone));
    let [day, month]: [Numbers; 2] =
        [numbers(connection, of, day, without).await?, numbers(connection, of, month, without).await?];
    Ok(Taken { day: day.into(), month: month.into() })
}

#[derive(FromRow)]
struct Numbers {
    messages: i64,
    segments: i64,
    foreign_messages: i64,
}

impl From<Numbers> for Amount {
    fn from(numbers: Numbers) -> Self {
        let number = |number: i64| u64::try_from(number).unwrap_or(0);
        Self {
            messages: number(numbers.messages),
            segments: number(numbers.segments),
            foreign: number(numbers.foreign_messages),
        }
    }
}

/// In one statement, so that a settlement counts either as sent or as promised. What a promise has left are its deliveries
/// that have not ended; their parts are in proportion.
async fn numbers(
    connection: &mut PgConnection,
    of: &Moment,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    without: Without,
) -> sqlx::Result<Numbers> {
    let own = match without {
        Without::Own(notification) => Some(notification.uuid()),
        Without::Nobody | Without::Promises => None,
    };
    sqlx::query_as(
        "with sent as (
           select messages, segments, foreign_messages from company_usage
           where company_id = $1 and channel = $2 and quarter >= $3 and quarter < $4
           union all
           select messages, segments, foreign_messages from send_usage
           where company_id = $1 and channel = $2 and at >= $3 and at < $4),
         open as (
           select p.messages, p.segments, p.foreign_messages,
                  (greatest(p.messages - (
                     select coalesce(sum(accepted + delivered + failed + suppressed + in_doubt + cancelled), 0)
                     from send_totals t where t.notification_id = p.notification_id) + p.ended_before, 0)
                   + greatest(p.retried - coalesce(a.recipients, 0), 0)
                     * coalesce(p.retried_generation > coalesce(n.generation, 0) or not a.closed, false)::integer)::bigint as rest
           from send_promises p left join send_notifications n using (notification_id)
             left join audiences a on a.notification_id = p.notification_id and a.generation = p.retried_generation
           where p.company_id = $1 and p.channel = $2 and p.notification_id is distinct from $6 and $7
             and greatest(p.begins_at, $5) >= $3 and greatest(p.begins_at, $5) < $4
             and (n.notification_id is null
                  or not n.cancelled and n.completed_generation < greatest(n.generation, p.generation))),
         taken as (
           select * from sent
           union all
           select rest, (segments * rest + messages - 1) / messages, (foreign_messages * rest + messages - 1) / messages
           from open where messages > 0)
         select coalesce(sum(messages), 0)::bigint as messages, coalesce(sum(segments), 0)::bigint as segments,
                coalesce(sum(foreign_messages), 0)::bigint as foreign_messages
         from taken",
    )
    .bind(of.company.uuid())
    .bind(of.channel.as_str())
    .bind(from)
    .bind(to)
    .bind(of.now)
    .bind(own)
    .bind(without != Without::Promises)
    .fetch_one(connection)
    .await
}

/// Promises a notification what it will take.
///
/// # Errors
/// When the database does not answer.
pub async fn promise(
    tx: &mut PgConnection,
    notification: NotificationId,
    of: &Moment,
    amount: Amount,
) -> sqlx::Result<()> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    sqlx::query(
        "insert into send_promises (notification_id, company_id, channel, begins_at, messages, segments, foreign_messages)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (notification_id) do update
         set begins_at = excluded.begins_at, messages = excluded.messages, segments = excluded.segments,
             foreign_messages = excluded.foreign_messages",
    )
    .bind(notification.uuid())
    .bind(of.company.uuid())
    .bind(of.channel.as_str())
    .bind(of.begins_at)
    .bind(number(amount.messages))
    .bind(number(amount.segments))
    .bind(number(amount.foreign))
    .execute(tx)
    .await?;
    Ok(())
}

/// What was promised to a notification, if something was.
///
/// # Errors
/// When the database does not answer.
pub async fn promised(
    connection: &mut PgConnection,
    notification: NotificationId,
) -> sqlx::Result<Option<Amount>> {
    let found: Option<Numbers> = sqlx::query_as(
        "select messages, segments, foreign_messages from send_promises where notification_id = $1",
    )
    .bind(notification.uuid())
    .fetch_optional(connection)
    .await?;
    Ok(found.map(Amount::from))
}

/// Counts what a settlement has sent, in its transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn add(tx: &mut PgConnection, sent: &[Sent], at: DateTime<Utc>) -> sqlx::Result<()> {
    if sent.is_empty() {
        return Ok(());
    }
    let column = |of: fn(&Sum) -> i64| sent.iter().map(|sent| of(&sent.sum)).collect::<Vec<_>>();
    sqlx::query(
        "insert into send_usage (notification_id, company_id, channel, at, messages, segments, foreign_messages, micros,
                                 unpriced)
         select s.notification_id, s.company_id, s.channel, $4, s.messages, s.segments, s.foreign_messages, s.micros,
                s.unpriced
         from unnest($1::uuid[], $2::uuid[], $3::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
                     $9::bigint[])
           as s (notification_id, company_id, channel, messages, segments, foreign_messages, micros, unpriced)",
    )
    .bind(sent.iter().map(|sent| sent.notification.uuid()).collect::<Vec<_>>())
    .bind(sent.iter().map(|sent| sent.company.uuid()).collect::<Vec<_>>())
    .bind(sent.iter().map(|sent| sent.channel.as_str()).collect::<Vec<_>>())
    .bind(at)
    .bind(column(|sum| sum.messages))
    .bind(column(|sum| sum.segments))
    .bind(column(|sum| sum.foreign_messages))
    .bind(column(|sum| sum.micros))
    .bind(column(|sum| sum.unpriced))
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds up what settlements have sent, and forgets the promises of notifications that are over. Returns the companies of
/// which something was added up. One process does it at a time.
///
/// # Errors
/// When the database does not answer.
pub async fn fold(pool: &PgPool) -> sqlx::Result<Vec<CompanyId>> {
    let mut tx = begin(pool).await?;
    let is_mine: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtext('send_usage'), 0)")
        .fetch_one(&mut *tx)
        .await?;
    if !is_mine {
        return Ok(Vec::new());
    }
    let companies: Vec<Uuid> = sqlx::query_scalar(
        "with taken as materialized (
           delete from send_usage where id in (select id from send_usage order by id limit $1) returning *),
         by_company as (
           insert into company_usage as u
             (company_id, channel, quarter, messages, segments, foreign_messages, micros, unpriced)
           select company_id, channel, date_bin('15 minutes', at, 'epoch'), sum(messages), sum(segments),
                  sum(foreign_messages), sum(micros), sum(unpriced)
           from taken group by 1, 2, 3
           on conflict (company_id, channel, quarter) do update
           set messages = u.messages + excluded.messages, segments = u.segments + excluded.segments,
               foreign_messages = u.foreign_messages + excluded.foreign_messages,
               micros = u.micros + excluded.micros, unpriced = u.unpriced + excluded.unpriced),
         by_notification as (
           insert into notification_usage as u (notification_id, messages, segments, foreign_messages, micros, unpriced)
           select notification_id, sum(messages), sum(segments), sum(foreign_messages), sum(micros), sum(unpriced)
           from taken group by 1
           on conflict (notification_id) do update
           set messages = u.messages + excluded.messages, segments = u.segments + excluded.segments,
               foreign_messages = u.foreign_messages + excluded.foreign_messages,
               micros = u.micros + excluded.micros, unpriced = u.unpriced + excluded.unpriced),
         over as (
           delete from send_promises p using send_notifications n
           where n.notification_id = p.notification_id
             and (n.cancelled or n.completed_generation = n.generation and n.generation >= p.generation))
         select distinct company_id from taken",
    )
    .bind(FOLDED_MAX)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(companies.into_iter().map(CompanyId::from).collect())
}

/// The companies that have sent something in the last day.
///
/// # Errors
/// When the database does not answer.
pub async fn recent(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<Vec<CompanyId>> {
    let companies: Vec<Uuid> = sqlx::query_scalar(
        "select distinct company_id from company_usage where quarter > $1 - interval '1 day'",
    )
    .bind(now)
    .fetch_all(pool)
    .await?;
    Ok(companies.into_iter().map(CompanyId::from).collect())
}

/// Remembers that the people of a company are told of these parts of a limit of this value in a period; returns those of
/// which they were not told before.
///
/// # Errors
/// When the database does not answer.
pub async fn remember_alerts(
    tx: &mut PgConnection,
    company: CompanyId,
    (limit, max): (Limit, u64),
    period_begins: DateTime<Utc>,
    percents: &[i32],
) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar(
        "insert into limit_alerts (company_id, limit_name, limit_value, period_begins, percent)
         select $1, $2, $5, $3, percent from unnest($4::integer[]) as reached (percent) order by percent
         on conflict do nothing
         returning percent",
    )
    .bind(company.uuid())
    .bind(limit.as_str())
    .bind(period_begins)
    .bind(percents)
    .bind(i64::try_from(max).unwrap_or(i64::MAX))
    .fetch_all(tx)
    .await
}

/// What a company has sent between two moments, by day and channel, in the order of the days.
///
/// # Errors
/// When the database does not answer.
pub async fn days(
    pool: &PgPool,
    company: CompanyId,
    zone: TimeZone,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<Vec<DaySum>> {
    sqlx::query_as(
        "select (at at time zone $2)::date as day, channel, sum(messages)::bigint as messages,
                sum(segments)::bigint as segments, sum(foreign_messages)::bigint as foreign_messages,
                sum(micros)::bigint as micros, sum(unpriced)::bigint as unpriced
         from (
           select quarter as at, channel, messages, segments, foreign_messages, micros, unpriced
           from company_usage where company_id = $1 and quarter >= $3 and quarter < $4
           union all
           select at, channel, messages, segments, foreign_messages, micros, unpriced
           from send_usage where company_id = $1 and at >= $3 and at < $4) sent
         group by 1, 2
         order by 1, 2",
    )
    .bind(company.uuid())
    .bind(zone.as_str())
    .bind(from)
    .bind(to)
    .fetch_all(pool)
    .await
}

/// What was sent of a notification.
///
/// # Errors
/// When the database does not answer.
pub async fn of_notification(pool: &PgPool, notification: NotificationId) -> sqlx::Result<Sum> {
    sqlx::query_as(
        "select coalesce(sum(messages), 0)::bigint as messages, coalesce(sum(segments), 0)::bigint as segments,
                coalesce(sum(foreign_messages), 0)::bigint as foreign_messages,
                coalesce(sum(micros), 0)::bigint as micros, coalesce(sum(unpriced), 0)::bigint as unpriced
         from (
           select messages, segments, foreign_messages, micros, unpriced
           from notification_usage where notification_id = $1
           union all
           select messages, segments, foreign_messages, micros, unpriced
           from send_usage where notification_id = $1) sent",
    )
    .bind(notification.uuid())
    .fetch_one(pool)
    .await
}
