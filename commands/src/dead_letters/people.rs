//! Who the people of a chunk are, and which of their addresses are suppressed.

use domain::notification::{AUDIENCE, AudienceEvent, Recipient};
use domain::value::{Channel, CompanyId, NotificationId};
use domain::{DecodeError, Event};
use sqlx::PgConnection;

use super::RetryRefusal;
use crate::log::{EventLog, LoadError};
use crate::outcome::CommandError;
use crate::suppressions::SuppressedAddress;

/// Everybody in a chunk of an audience, in order; nobody if there is no such chunk.
pub(super) async fn recipients(
    log: &EventLog,
    notification: NotificationId,
    chunk: u32,
) -> Result<Vec<Recipient>, CommandError<RetryRefusal>> {
    let stream = notification.to_string();
    let stored = log.reader().read_stream(AUDIENCE, &stream, i64::from(chunk) - 1, 1).await?;
    let mut events = log.reader().open_events(stored).await.map_err(LoadError::from)?;
    let Some(recorded) = events.pop().filter(|recorded| recorded.sequence == i64::from(chunk)) else {
        return Ok(Vec::new());
    };
    match recorded.event.map_err(CommandError::Unreadable)? {
        Event::Audience(AudienceEvent::AudienceChunkResolved { recipients, .. }) => Ok(recipients),
        _ => Err(CommandError::Unreadable(DecodeError::Sealed)),
    }
}

/// Whether each of these addresses is suppressed, in their order.
pub(super) async fn suppressed(
    connection: &mut PgConnection,
    log: &EventLog,
    company: CompanyId,
    channel: Channel,
    addresses: &[&str],
) -> sqlx::Result<Vec<bool>> {
    let index =
        |address: &&str| SuppressedAddress { company, channel, address: (*address).to_owned() }.index(log);
    sqlx::query_scalar(
        "select exists (select from suppressed_addresses s
                        where s.company_id = $1 and s.channel = $2 and s.address_index = w.address_index)
         from unnest($3::bytea[]) with ordinality as w (address_index, place)
         order by w.place",
    )
    .bind(company.uuid())
    .bind(channel.as_str())
    .bind(addresses.iter().map(index).collect::<Vec<_>>())
    .fetch_all(connection)
    .await
}
