//! The deliveries in doubt, for those who ask providers about them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::Position;
use domain::deliveries::doubts::{CLOCK_DIFFERENCE_MAX, SendWindow};
use domain::value::{Category, Channel, ClientId, CompanyId, NotificationId, Ordinal};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

/// A delivery in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtRow {
    /// The notification.
    pub notification: NotificationId,
    /// Its company.
    pub company: CompanyId,
    /// Its channel.
    pub channel: Channel,
    /// Its category.
    pub category: Category,
    /// The recipient.
    pub ordinal: Ordinal,
    /// The client that the recipient belongs to.
    pub client: ClientId,
    /// The generation of the message.
    pub generation: u32,
    /// The attempt, from 1 in each generation.
    pub attempt: u32,
    /// The provider that may have it.
    pub provider: String,
    /// When it was sent. It ends when the doubt began.
    pub window: SendWindow,
}

/// Where a page of doubts goes on: after this one.
pub type AfterDoubt = (DateTime<Utc>, NotificationId, Ordinal);

#[derive(FromRow)]
struct Row {
    notification_id: Uuid,
    company_id: Uuid,
    #[sqlx(try_from = "String")]
    channel: Channel,
    #[sqlx(try_from = "String")]
    category: Category,
    ordinal: i32,
    client_id: Uuid,
    generation: i32,
    attempt: i32,
    provider: String,
    at: DateTime<Utc>,
    after: DateTime<Utc>,
}

impl From<Row> for Option<DoubtRow> {
    fn from(row: Row) -> Self {
        Some(DoubtRow {
            notification: row.notification_id.into(),
            company: row.company_id.into(),
            channel: row.channel,
            category: row.category,
            ordinal: Ordinal::try_new(row.ordinal.unsigned_abs())?,
            client: row.client_id.into(),
            generation: row.generation.unsigned_abs(),
            attempt: row.attempt.unsigned_abs(),
            provider: row.provider,
            window: SendWindow { after: row.after, before: row.at },
        })
    }
}

/// At most `limit` doubts that began after `since` and until `until`, the oldest first. People who were erased since are left
/// out. What was recorded of a delivery before its doubt was recorded before the send.
///
/// # Errors
/// When the database does not answer.
pub async fn doubts(
    pool: &PgPool,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    after: Option<AfterDoubt>,
    limit: i64,
) -> sqlx::Result<Vec<DoubtRow>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select o.notification_id, n.company_id, n.channel, n.category, o.ordinal, r.client_id, o.generation, o.attempt,
                o.provider, o.at,
                coalesce((select max(a.at) from notifications.attempts a
                          where a.notification_id = o.notification_id and a.ordinal = o.ordinal
                            and a.position < o.position),
                         n.begun_at, n.requested_at) as after
         from notifications.outcomes o
         join notifications.notifications n using (notification_id)
         join notifications.recipients r using (notification_id, ordinal)
         where o.state = 'in_doubt' and o.at > $1 and o.at <= $2 and o.provider is not null and r.addressee is not null
           and ($3::timestamptz is null or (o.at, o.notification_id, o.ordinal) > ($3, $4, $5))
         order by o.at, o.notification_id, o.ordinal
         limit $6",
    )
    .bind(since)
    .bind(until)
    .bind(after.map(|(at, ..)| at))
    .bind(after.map(|(_, notification, _)| notification.uuid()))
    .bind(after.map(|(.., ordinal)| ordinal.number().cast_signed()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().filter_map(Option::from).collect())
}

/// What the view knows of other deliveries to the address of a doubt.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// The providers' names of their messages.
    pub references: HashSet<String>,
    /// Whether another one is in doubt too, so that a message may be either's.
    pub are_in_doubt: bool,
}

/// The other deliveries to the clients who have a phone number, or had it in one of their deliveries, and to the client of a doubt, whatever their
/// company: a number may be several clients'. As far as something was recorded of them since its send.
///
/// # Errors
/// When the database does not answer.
pub async fn others(
    pool: &PgPool,
    doubt: &DoubtRow,
    phone: &str,
    phone_index: &[u8],
) -> sqlx::Result<Others> {
    let rows: Vec<(Option<String>, String)> = sqlx::query_as(
        "with clients as materialized (
           select $1::uuid as client_id
           union
           select c.client_id from clients.companies co
           join clients.contacts c on c.company_id = co.company_id and c.phone_index = $2
           union
           select e.client_id from notifications.edited_addresses e where lower(e.address) = $6),
         deliveries as materialized (
           select r.notification_id, r.ordinal from clients join notifications.recipients r using (client_id)
           where (r.notification_id, r.ordinal) <> ($3, $4))
         select o.reference, o.state from deliveries join notifications.outcomes o using (notification_id, ordinal)
         where o.at >= $5
         union
         select a.reference, a.outcome from deliveries join notifications.attempts a using (notification_id, ordinal)
         where a.at >= $5 and a.reference is not null
         union
         select a.reference, 'own' from notifications.attempts a
         where a.notification_id = $3 and a.ordinal = $4 and a.reference is not null",
    )
    .bind(doubt.client.uuid())
    .bind(phone_index)
    .bind(doubt.notification.uuid())
    .bind(doubt.ordinal.number().cast_signed())
    .bind(doubt.window.after - CLOCK_DIFFERENCE_MAX)
    .bind(phone)
    .fetch_all(pool)
    .await?;
    let are_in_doubt = rows.iter().any(|(_, state)| state == "in_doubt");
    Ok(Others { references: rows.into_iter().filter_map(|(reference, _)| reference).collect(), are_in_doubt })
}

/// How far the view of deliveries is.
///
/// # Errors
/// When the database does not answer.
pub async fn position(pool: &PgPool) -> sqlx::Result<Position> {
    sqlx::query_scalar("select position from notifications.checkpoint").fetch_one(pool).await
}
