//! The suppressions in force.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use commands::log::{LoadError, Reader};
use domain::suppression::{SuppressionCause, SuppressionEvent};
use domain::value::{AddressKind, Channel, CompanyId};
use domain::{Event, Personal, Position};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Page, PageRequest, Person, Scope};
use crate::address::AddressIndex;
use crate::page::Cursor;

/// An address to which nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SuppressionRow {
    /// The suppression.
    pub id: Uuid,
    /// The company that sends nothing to it.
    pub company_id: Uuid,
    /// `sms` or `email`.
    pub channel: String,
    /// The address; none once the person is erased.
    pub address: Option<String>,
    /// `opt_out`, `bounce`, `complaint` or `manual`.
    pub reason: String,
    /// A remark; none without one, or once the person is erased.
    pub note: Option<String>,
    /// Who added it; none if a provider's report did.
    pub author: Option<Person>,
    /// Since when.
    pub added_at: DateTime<Utc>,
    /// Of the event that added it; lists go by it.
    #[serde(skip)]
    pub position: Position,
}

/// Which suppressions are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SuppressionFilter {
    /// Of this company.
    pub company: Option<CompanyId>,
    /// On this channel.
    pub channel: Option<Channel>,
    /// For this cause.
    pub cause: Option<SuppressionCause>,
    /// Of one of these addresses: numbers in E.164 and e-mail addresses.
    pub addresses: Option<Vec<String>>,
}

#[derive(FromRow)]
struct Row {
    suppression_id: Uuid,
    company_id: Uuid,
    channel: String,
    cause: String,
    actor_id: Option<Uuid>,
    actor_name: Option<String>,
    added_at: DateTime<Utc>,
    position: Position,
}

/// What only the log has of a suppression.
#[derive(Default)]
struct Sealed {
    address: Option<String>,
    note: Option<String>,
}

/// Suppressions in scope, newest first.
///
/// # Errors
/// When the database does not answer, or an event cannot be opened.
pub async fn list(
    log: &Reader,
    scope: Scope<'_>,
    filter: &SuppressionFilter,
    page: &PageRequest,
) -> Result<Page<SuppressionRow>, LoadError> {
    // The write side has the addresses' blind indexes; its key finds one by company and channel.
    let of_address = match filter.addresses {
        Some(_) => {
            "s.suppression_id in (
               select a.suppression_id from suppressed_addresses a
               where a.company_id in (select c.company_id from clients.companies c
                                      where $2::uuid[] is null or c.company_id = any($2))
                 and a.channel = any($8) and a.address_index = any($7))"
        }
        None => "$7::bytea[] is null and $8::text[] is not null",
    };
    let index = AddressIndex::new(log.keys().clone());
    let indexes = filter.addresses.as_ref().map(|addresses| {
        addresses.iter().map(|address| index.of(AddressKind::of(address), address)).collect::<Vec<_>>()
    });
    let text = format!(
        "select s.suppression_id, s.company_id, s.channel, s.cause, s.actor_id, u.name as actor_name, s.added_at, s.position
         from clients.suppressions s left join users.users u on u.user_id = s.actor_id
         where s.position < $1 and ($2::uuid[] is null or s.company_id = any($2))
           and ($3::uuid is null or s.company_id = $3) and ($4::text is null or s.channel = $4)
           and ($5::text is null or s.cause = $5)
           and {of_address}
         order by s.position desc
         limit $6"
    );
    let rows: Vec<Row> = sqlx::query_as(&text)
        .bind(page.before())
        .bind(scope.ids())
        .bind(filter.company.map(Uuid::from))
        .bind(filter.channel.map(Channel::as_str))
        .bind(filter.cause.map(SuppressionCause::as_str))
        .bind(page.rows())
        .bind(indexes)
        .bind(Channel::ALL.iter().copied().map(Channel::as_str).collect::<Vec<_>>())
        .fetch_all(log.pool())
        .await?;
    let mut sealed = sealed(log, rows.iter().map(|row| row.position).collect()).await?;
    let rows = rows.into_iter().map(|row| row.with(&mut sealed)).collect();
    Ok(page.page(rows, |row: &SuppressionRow| Cursor::at(row.position)))
}

impl Row {
    fn with(self, sealed: &mut HashMap<Position, Sealed>) -> SuppressionRow {
        let Sealed { address, note } = sealed.remove(&self.position).unwrap_or_default();
        SuppressionRow {
            id: self.suppression_id,
            company_id: self.company_id,
            channel: self.channel,
            address,
            reason: self.cause,
            note,
            author: self.actor_id.map(|id| Person { id, name: self.actor_name }),
            added_at: self.added_at,
            position: self.position,
        }
    }
}

/// The addresses and notes of the events at these positions.
async fn sealed(log: &Reader, positions: Vec<Position>) -> Result<HashMap<Position, Sealed>, LoadError> {
    let stored = log.read_at(&positions).await?;
    let events = log.open_events(stored).await?;
    let clear = |text: Personal<String>| text.into_clear();
    let of = |event| match event {
        Ok(Event::Suppression(SuppressionEvent::SuppressionAdded { address, note, .. })) => {
            Some(Sealed { address: clear(address), note: note.and_then(clear) })
        }
        _ => None,
    };
    let all = events.into_iter().filter_map(|recorded| Some((recorded.position, of(recorded.event)?)));
    Ok(all.collect())
}
