//! Addresses that are suppressed for what became of messages: ordered in the transaction of the event that says so, and carried
//! out after it. A crash in between leaves the order.

use commands::log::{EventLog, LoadError};
use commands::suppressions::{SuppressedAddress, add};
use commands::{CommandContext, CommandError};
use domain::deliveries::{Deliveries, DeliveriesEvent};
use domain::notification::Recipient;
use domain::suppression::{SuppressionCause, SuppressionError, suppressed_by};
use domain::value::{Channel, CompanyId, Member, Ordinal};
use serde_json::json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::tasks::load::{deliveries, recipients};
use crate::tasks::{ChunkId, TaskError};

/// How many orders are carried out before others have their turn.
const PAGE: i64 = 100;

/// Why an order could not be carried out. It stays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SuppressError {
    /// The database does not answer.
    #[error("failed to read what is to be suppressed: {0}")]
    Database(#[from] sqlx::Error),
    /// The chunk cannot be read.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// The chunk cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The suppression could not be appended.
    #[error(transparent)]
    Command(#[from] CommandError<SuppressionError>),
}

/// A row of `ordered_suppressions`.
#[derive(FromRow)]
struct Ordered {
    id: i64,
    notification_id: Uuid,
    ordinal: i32,
    company_id: Uuid,
    #[sqlx(try_from = "String")]
    channel: Channel,
    #[sqlx(try_from = "String")]
    cause: SuppressionCause,
}

/// Orders the suppressions that follow from events of chunks. Returns whether there are any.
pub(crate) async fn order<'a>(
    tx: &mut PgConnection,
    events: impl Iterator<Item = (ChunkId, CompanyId, &'a DeliveriesEvent)>,
) -> sqlx::Result<bool> {
    let of_event = |(chunk, company, event): (ChunkId, CompanyId, &DeliveriesEvent)| {
        let each = suppressed_by(event).into_iter();
        each.map(move |(member, cause)| (chunk, company, member, cause)).collect::<Vec<_>>()
    };
    let all: Vec<(ChunkId, CompanyId, Member, SuppressionCause)> = events.flat_map(of_event).collect();
    if all.is_empty() {
        return Ok(false);
    }
    let ordinal = |chunk: ChunkId, member| Ordinal::of(chunk.chunk, member).map_or(0, Ordinal::number);
    sqlx::query(
        "insert into ordered_suppressions (notification_id, ordinal, company_id, channel, cause)
         select a.notification_id, a.ordinal, a.company_id, n.channel, a.cause
         from unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[]) as a (notification_id, ordinal, company_id, cause)
         join send_notifications n on n.notification_id = a.notification_id",
    )
    .bind(all.iter().map(|(chunk, ..)| chunk.notification.uuid()).collect::<Vec<_>>())
    .bind(all.iter().map(|(chunk, _, member, _)| ordinal(*chunk, *member).cast_signed()).collect::<Vec<_>>())
    .bind(all.iter().map(|(_, company, ..)| company.uuid()).collect::<Vec<_>>())
    .bind(all.iter().map(|(.., cause)| cause.as_str()).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(true)
}

/// Carries out what is ordered. Any number may do it: an address is suppressed once.
pub(crate) async fn carry_out(log: &EventLog) -> Result<(), SuppressError> {
    loop {
        let ordered: Vec<Ordered> = sqlx::query_as(
            "select id, notification_id, ordinal, company_id, channel, cause from ordered_suppressions order by id limit $1",
        )
        .bind(PAGE)
        .fetch_all(log.pool())
        .await?;
        let (mut chunk, mut done) = (None, Vec::new());
        for order in &ordered {
            match suppress(log, order, &mut chunk).await {
                Ok(()) => done.push(order.id),
                // It holds up no other. A later version of the program may read it.
                Err(SuppressError::Task(error @ TaskError::Unreadable { .. })) => {
                    tracing::error!(%error, "an address is not suppressed");
                }
                Err(error) => return Err(error),
            }
        }
        if done.is_empty() {
            return Ok(());
        }
        sqlx::query("delete from ordered_suppressions where id = any($1)")
            .bind(done)
            .execute(log.pool())
            .await?;
        if (ordered.len() as i64) < PAGE {
            return Ok(());
        }
    }
}

/// The address of a person who was erased is not known any more. Orders of one event come together: their chunk is read once.
async fn suppress(
    log: &EventLog,
    ordered: &Ordered,
    last: &mut Option<(ChunkId, Vec<Recipient>, Deliveries)>,
) -> Result<(), SuppressError> {
    let Some(ordinal) = Ordinal::try_new(ordered.ordinal.unsigned_abs()) else { return Ok(()) };
    let chunk = ChunkId { notification: ordered.notification_id.into(), chunk: ordinal.chunk() };
    let (people, sent) = match last.take() {
        Some((known, people, sent)) if known == chunk => (people, sent),
        _ => (recipients(log.reader(), chunk).await?, deliveries(log.reader(), chunk).await?.0),
    };
    let (_, people, sent) = last.insert((chunk, people, sent));
    let person = people.get(ordinal.member().index()).and_then(|person| person.addressee.get());
    let Some(person) = person else { return Ok(()) };
    let address = sent.address(ordinal.member()).unwrap_or(&person.address).to_owned();
    let company = ordered.company_id.into();
    let suppressed = SuppressedAddress { company, channel: ordered.channel, address };
    add(log, &suppressed, ordered.cause, None, &CommandContext::of_system(), &json!({})).await?;
    Ok(())
}
