//! What a delivery says, to the letter: rendered again from what the log has frozen.

use commands::log::{Reader, SealError};
use domain::Event;
use domain::notification::{AUDIENCE, AudienceEvent, NotificationEvent, begun_at};
use domain::rendering::{Rendered, Text, render};
use domain::value::{DeliveryId, NotificationId, Ordinal};
use serde::Serialize;

/// What a recipient reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ContentRow {
    /// An e-mail's subject line.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
    /// An e-mail's HTML.
    pub html: Option<String>,
}

/// What this delivery of a notification says; none once the recipient or the notification's text is erased, and none where
/// it renders to nothing that can be sent.
///
/// # Errors
/// When the log cannot be read.
pub async fn content(
    log: &Reader,
    notification: NotificationId,
    delivery: DeliveryId,
) -> Result<Option<ContentRow>, SealError> {
    let Some(ordinal) = delivery.ordinal() else { return Ok(None) };
    let life = life(log, notification).await?;
    let (Some(request), Some(begun_at)) = (life.first(), begun_at(&life)) else { return Ok(None) };
    let Ok(Some(text)) = Text::of_request(request, begun_at) else { return Ok(None) };
    let after = i64::from(ordinal.chunk()) - 1;
    let chunk = opened(log, AUDIENCE, notification, after, 1).await?.into_iter().next();
    Ok(rendered(&text, chunk, ordinal))
}

/// How many events of a notification are looked at: many pauses and other times come before its beginning at most.
const LIFE_EVENTS_MAX: i64 = 10_000;

/// The events of a notification, from its request on.
async fn life(log: &Reader, notification: NotificationId) -> Result<Vec<NotificationEvent>, SealError> {
    let events = opened(log, "notification", notification, 0, LIFE_EVENTS_MAX).await?.into_iter();
    let of_notification = |event| match event {
        Event::Notification(event) => Some(event),
        _ => None,
    };
    Ok(events.filter_map(of_notification).collect())
}

fn rendered(text: &Text, chunk: Option<Event>, ordinal: Ordinal) -> Option<ContentRow> {
    let Some(Event::Audience(AudienceEvent::AudienceChunkResolved { recipients, .. })) = chunk else {
        return None;
    };
    let person = recipients.get(ordinal.member().index())?.addressee.get()?;
    let Rendered { subject, body, html } = render(text, person).ok()?;
    Some(ContentRow { subject, body, html })
}

/// At most `limit` events of a stream after a sequence, opened.
async fn opened(
    log: &Reader,
    aggregate_type: &str,
    id: NotificationId,
    after_sequence: i64,
    limit: i64,
) -> Result<Vec<Event>, SealError> {
    let stored = log.read_stream(aggregate_type, &id.to_string(), after_sequence, limit).await?;
    let recorded = log.open_events(stored).await?;
    Ok(recorded.into_iter().filter_map(|recorded| recorded.event.ok()).collect())
}
