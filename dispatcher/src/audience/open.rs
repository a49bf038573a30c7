//! Audiences that are being resolved: which is next, and how far it is.

use domain::Position;
use domain::notification::AudienceFilter;
use domain::value::{Channel, CompanyId, CountryCode, NotificationId, RecipientKind};
use projections::queries::audience::Selection;
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

/// An audience that is not closed.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Open {
    pub(super) notification_id: Uuid,
    pub(super) generation: i32,
    pub(super) company_id: Uuid,
    #[sqlx(try_from = "String")]
    pub(super) channel: Channel,
    #[sqlx(try_from = "String")]
    pub(super) recipient_kind: RecipientKind,
    pub(super) chunks: i64,
    pub(super) recipients: i64,
    /// The last recipient's blind index, or for a retry the last chunk's number.
    pub(super) cursor: Vec<u8>,
    pub(super) cancelled: bool,
    /// The company's country; none until the view knows the company.
    country: Option<String>,
    excludes_foreign: bool,
}

impl Open {
    pub(super) fn notification(&self) -> NotificationId {
        self.notification_id.into()
    }

    pub(super) fn company(&self) -> CompanyId {
        self.company_id.into()
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation.unsigned_abs()
    }

    /// The contacts its people are chosen from.
    pub(super) fn selection<'a>(&self, filter: &'a AudienceFilter) -> Selection<'a> {
        Selection {
            company: self.company(),
            channel: self.channel,
            kind: self.recipient_kind,
            filter,
            home: home(self.country.as_deref()),
            excludes_foreign: self.excludes_foreign,
        }
    }

    /// The notification and its generation, which somebody asked for.
    pub(super) fn asked(&self) -> (NotificationId, u32) {
        (self.notification(), self.generation())
    }
}

/// The company's country as its view has it.
pub(super) fn home(country: Option<&str>) -> CountryCode {
    country.and_then(|country| country.parse().ok()).unwrap_or_default()
}

/// How many events before a request are searched for one that its view has yet to take in: fewer than a projector skips
/// between two moves of its checkpoint.
const SEARCHED_EVENTS_MAX: i64 = 1_000;

/// Whether the view of clients has everything up to a position of the log.
pub(super) async fn has_clients_up_to(pool: &PgPool, position: Position) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select $1 <= k.position
             or $1 <= k.position + $2
               and not exists (select from events e
                               where e.position > k.position and e.position <= $1
                                 and e.aggregate_type in ('client', 'company'))
         from clients.checkpoint k",
    )
    .bind(position)
    .bind(SEARCHED_EVENTS_MAX)
    .fetch_one(pool)
    .await
}

/// Alarms first, then the audience with the fewest chunks, so that several campaigns grow together. Views must have
/// reached the request: clients imported before it belong to it. A view has reached it too if no event between its
/// checkpoint and the request is about clients: a checkpoint that waits for others like it would cost each alarm that
/// time. What another resolver is writing is its own.
pub(super) async fn next_open(pool: &PgPool, resting: &[Uuid]) -> sqlx::Result<Option<Open>> {
    sqlx::query_as(
        "select a.notification_id, a.generation, n.company_id, n.channel, n.recipient_kind, a.chunks, a.recipients,
                a.cursor, n.cancelled, n.excludes_foreign,
                (select c.country from clients.companies c where c.company_id = n.company_id) as country
         from audiences a join send_notifications n using (notification_id)
         where not a.closed and a.due_at is null and a.notification_id <> all($1)
           and case a.generation
             when 1 then a.position <= (select position from clients.checkpoint)
               or a.position <= (select position from clients.checkpoint) + $2
                 and not exists (select from events e
                                 where e.position > (select position from clients.checkpoint)
                                   and e.position <= a.position and e.aggregate_type in ('client', 'company'))
             else a.position <= (select position from notifications.checkpoint) end
         order by n.lane, a.chunks, a.position
         limit 1
         for update of a skip locked",
    )
    .bind(resting)
    .bind(SEARCHED_EVENTS_MAX)
    .fetch_optional(pool)
    .await
}

pub(super) async fn any_open(pool: &PgPool, resting: &[Uuid]) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from audiences where not closed and due_at is null and notification_id <> all($1))",
    )
    .bind(resting)
    .fetch_one(pool)
    .await
}

/// Keeps the others from an audience until the end of the transaction; false if one of them has it or has moved it since
/// it was read.
pub(super) async fn lock(tx: &mut PgConnection, open: &Open) -> sqlx::Result<bool> {
    let found = sqlx::query(
        "select from audiences
         where notification_id = $1 and generation = $2 and chunks = $3 and not closed
         for update skip locked",
    )
    .bind(open.notification_id)
    .bind(open.generation)
    .bind(open.chunks)
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Chunks that the transaction adds to an audience.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) chunks: i64,
    pub(super) recipients: i64,
    pub(super) cursor: &'a [u8],
}

pub(super) async fn advance(tx: &mut PgConnection, open: &Open, step: Step<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "update audiences set chunks = chunks + $3, recipients = recipients + $4, cursor = $5
         where notification_id = $1 and generation = $2",
    )
    .bind(open.notification_id)
    .bind(open.generation)
    .bind(step.chunks)
    .bind(step.recipients)
    .bind(step.cursor)
    .execute(tx)
    .await?;
    Ok(())
}

/// The caller has locked the notification.
pub(super) async fn mark_closed(tx: &mut PgConnection, open: &Open) -> sqlx::Result<()> {
    sqlx::query("update audiences set closed = true where notification_id = $1 and generation = $2")
        .bind(open.notification_id)
        .bind(open.generation)
        .execute(&mut *tx)
        .await?;
    // A retry of chosen deliveries may have begun a later generation meanwhile, which adds nobody.
    sqlx::query(
        "update send_notifications n
         set closed_generation = case when exists (select from audiences a
                                                   where a.notification_id = n.notification_id and not a.closed)
                                 then greatest(closed_generation, $2) else n.generation end
         where notification_id = $1",
    )
        .bind(open.notification_id)
        .bind(open.generation)
        .execute(tx)
        .await?;
    Ok(())
}
