//! Writes an audit entry for every event, also for those this program cannot read.

use std::collections::HashMap;

use async_trait::async_trait;
use commands::log::Recorded;
use domain::deliveries::DeliveriesEvent;
use domain::inbox::InboxEvent;
use domain::notification::{AudienceEvent, NotificationEvent};
use domain::receipt::ReceiptEvent;
use domain::{DecodeError, Event};
use sqlx::PgConnection;
use uuid::Uuid;

use self::entry::Entry;
use crate::copy::CopyIn;
use crate::projection::Projection;
use crate::projector::{Projector, Tables};

mod counts;
mod entry;
#[cfg(test)]
mod tests;

/// How many characters of an id that is no UUID are kept, so that it fits an index.
const SUBJECT_CHARS_MAX: usize = 200;

/// Writes an entry for every event.
pub(crate) struct Audit;

#[async_trait]
impl Projector for Audit {
    fn projection(&self) -> Projection {
        Projection::Audit
    }

    fn ddl(&self) -> &'static str {
        include_str!("../../migrations/projections/audit.sql")
    }

    fn types(&self) -> Option<&'static [&'static str]> {
        None
    }

    fn takes_unreadable(&self) -> bool {
        true
    }

    async fn apply(&self, tx: &mut PgConnection, events: &[&Recorded], _: Tables) -> sqlx::Result<()> {
        save_channels(tx, events).await?;
        let entries: Vec<Entry<'_>> = events.iter().map(|event| Entry::of(event)).collect();
        let channels = load_channels(tx, &entries).await?;
        save(tx, events, &entries, &channels).await
    }

    /// Logs events of an unknown type: no other projection reads them, so nothing else would report them.
    fn alarm(&self, events: &[&Recorded]) {
        for event in events {
            if let Err(DecodeError::UnknownAggregate(_)) = event.event {
                tracing::error!(
                    position = event.position,
                    event_id = %event.event_id,
                    aggregate_type = event.aggregate_type,
                    "an event of an unknown aggregate: no projection shows it but the audit"
                );
            }
        }
    }
}

/// An id as the audit stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectId {
    /// The id of a known type.
    Uuid(Uuid),
    /// The beginning of any other id.
    Text(String),
}

impl From<&str> for SubjectId {
    fn from(id: &str) -> Self {
        Uuid::parse_str(id).map_or_else(|_| Self::Text(beginning(id).to_owned()), Self::Uuid)
    }
}

impl SubjectId {
    pub(crate) const fn uuid(&self) -> Option<Uuid> {
        match self {
            Self::Uuid(id) => Some(*id),
            Self::Text(_) => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Uuid(_) => None,
            Self::Text(text) => Some(text),
        }
    }
}

/// The stored part of an id that is not a UUID.
fn beginning(id: &str) -> &str {
    id.char_indices().nth(SUBJECT_CHARS_MAX).map_or(id, |(end, _)| &id[..end])
}

/// Whether the event is a deed of a user or of the system. Receipts of messages, the chunks of an audience and outcomes of
/// deliveries only follow from deeds, and are most of the log.
const fn is_deed(recorded: &Recorded) -> bool {
    !matches!(
        recorded.event,
        Ok(Event::Receipt(
            ReceiptEvent::MessageSeen(_)
                | ReceiptEvent::MessageRead(_)
                | ReceiptEvent::MessageMarkedUnread { .. }
        ) | Event::Inbox(InboxEvent::InboxRead { .. })
            | Event::Audience(AudienceEvent::AudienceChunkResolved { .. })
            | Event::Deliveries(
                DeliveriesEvent::OutcomesRecorded { .. } | DeliveriesEvent::ReceiptsRecorded { .. }
            ))
    )
}

async fn save_channels(tx: &mut PgConnection, events: &[&Recorded]) -> sqlx::Result<()> {
    let requested = |recorded: &&Recorded| match (recorded.id(), &recorded.event) {
        (Some(id), Ok(Event::Notification(NotificationEvent::NotificationRequested { channel, .. }))) => {
            Some((id, channel.as_str()))
        }
        _ => None,
    };
    let (ids, channels): (Vec<_>, Vec<_>) = events.iter().filter_map(requested).unzip();
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query("insert into notification_channels (notification_id, channel) select * from unnest($1::uuid[], $2::text[])")
        .bind(ids)
        .bind(channels)
        .execute(tx)
        .await?;
    Ok(())
}

async fn load_channels(tx: &mut PgConnection, entries: &[Entry<'_>]) -> sqlx::Result<HashMap<Uuid, String>> {
    let mut ids: Vec<Uuid> = entries.iter().filter_map(|entry| entry.notification).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "select notification_id, channel from notification_channels where notification_id = any($1)",
    )
    .bind(ids)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().collect())
}

async fn save(
    tx: &mut PgConnection,
    events: &[&Recorded],
    entries: &[Entry<'_>],
    channels: &HashMap<Uuid, String>,
) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(
        tx,
        "audit_entries (position, at, actor_id, type, subject_type, subject_id, subject_text, company_id, channel, result,
                        summary, correlation_id, deed)",
    );
    for (event, entry) in events.iter().zip(entries) {
        copy.row()
            .await?
            .put(event.position)
            .put(event.recorded_at)
            .put(event.context.actor.map(Uuid::from))
            .put(event.event_type.as_str())
            .put(entry.subject_type)
            .put(entry.subject.uuid())
            .put(entry.subject.text())
            .put(entry.company)
            .put(entry.notification.and_then(|id| channels.get(&id)))
            .put(entry.result)
            .put(&*entry.summary)
            .put(event.context.correlation)
            .put(is_deed(event));
    }
    copy.end().await
}
