//! What a delivery says, to the letter: rendered again from what the log has frozen.

use commands::log::{Reader, SealError};
use domain::Event;
use domain::notification::{AUDIENCE, AudienceEvent};
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
    let Some(Event::Notification(request)) = event(log, "notification", notification, 0).await? else {
        return Ok(None);
    };
    let Ok(Some(text)) = Text::of_request(&request) else { return Ok(None) };
    let chunk = event(log, AUDIENCE, notification, i64::from(ordinal.chunk()) - 1).await?;
    Ok(rendered(&text, chunk, ordinal))
}

fn rendered(text: &Text, chunk: Option<Event>, ordinal: Ordinal) -> Option<ContentRow> {
    let Some(Event::Audience(AudienceEvent::AudienceChunkResolved { recipients, .. })) = chunk else {
        return None;
    };
    let person = recipients.get(ordinal.member().index())?.addressee.get()?;
    let Rendered { subject, body, html } = render(text, person).ok()?;
    Some(ContentRow { subject, body, html })
}

/// The event of a stream after a sequence, opened.
async fn event(
    log: &Reader,
    aggregate_type: &str,
    id: NotificationId,
    after_sequence: i64,
) -> Result<Option<Event>, SealError> {
    let stored = log.read_stream(aggregate_type, &id.to_string(), after_sequence, 1).await?;
    let recorded = log.open_events(stored).await?;
    Ok(recorded.into_iter().next().and_then(|recorded| recorded.event.ok()))
}
