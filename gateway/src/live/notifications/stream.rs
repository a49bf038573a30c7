//! The stream of one notification: its current progress, then every change. Totals are absolute, so a slow reader gets
//! only the latest.

use std::pin::pin;

use domain::Position;
use domain::notification::NotificationState;
use projections::queries::notifications::Totals;
use serde::Serialize;
use tokio::sync::watch;

use super::super::connection::{Connection, StreamEnded};
use super::super::frame::StreamEvent;
use super::hub::NotificationProgress;

/// The data of a `totals` event: the state, and the totals both nested and flat.
#[derive(Serialize)]
struct TotalsEvent<'a> {
    state: NotificationState,
    totals: &'a Totals,
    #[serde(flatten)]
    flat: &'a Totals,
}

/// Follows a notification from `found` until the stream ends. The reader has already `seen` a part. Subscribe to
/// `latest` before `found` is read.
pub(crate) async fn follow(
    connection: Connection,
    mut latest: watch::Receiver<Option<NotificationProgress>>,
    found: NotificationProgress,
    seen: Seen,
) -> Result<(), StreamEnded> {
    connection.send_preamble().await?;
    let mut last_sent = LastSent::begin(&connection, found, seen).await?;
    let mut keeping_alive = pin!(connection.keep_alive());
    loop {
        tokio::select! {
            ended = &mut keeping_alive => return Err(ended),
            changed = latest.changed() => changed.map_err(|_| StreamEnded)?,
        }
        let next = latest.borrow_and_update().clone();
        if let Some(next) = next {
            last_sent.send(&connection, next).await?;
        }
    }
}

/// What the reader has already seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing: a new stream.
    Nothing,
    /// Everything up to a position.
    UpTo(Position),
    /// A position that this log does not have.
    AnotherLog,
}

/// The progress that was sent last.
struct LastSent(NotificationProgress);

impl LastSent {
    async fn begin(
        connection: &Connection,
        found: NotificationProgress,
        seen: Seen,
    ) -> Result<Self, StreamEnded> {
        if seen == Seen::AnotherLog {
            connection.send(StreamEvent::new("reset", found.position, &()).frame()).await?;
        }
        match seen {
            // The reader has seen every event, but the in-flight count may have changed since.
            Seen::UpTo(position) if position >= found.position => {
                connection.write(totals_event(&found).frame_without_id()).await?;
            }
            _ => connection.send(totals_event(&found).frame()).await?,
        }
        Ok(Self(found))
    }

    async fn send(&mut self, connection: &Connection, next: NotificationProgress) -> Result<(), StreamEnded> {
        match Change::of(&self.0, &next) {
            Change::None => return Ok(()),
            Change::Event => connection.send(totals_event(&next).frame()).await?,
            Change::Sending => connection.write(totals_event(&next).frame_without_id()).await?,
        }
        self.0 = next;
        Ok(())
    }
}

/// What differs between two values of the progress.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    /// Nothing, or the new value is older.
    None,
    /// An event happened.
    Event,
    /// No event: only the in-flight count.
    Sending,
}

impl Change {
    fn of(sent: &NotificationProgress, next: &NotificationProgress) -> Self {
        if next.position > sent.position {
            Self::Event
        } else if next.position == sent.position && next.totals() != sent.totals() {
            Self::Sending
        } else {
            Self::None
        }
    }
}

fn totals_event(progress: &NotificationProgress) -> StreamEvent {
    let totals = &progress.totals();
    StreamEvent::new(
        "totals",
        progress.position,
        &TotalsEvent { state: progress.state, totals, flat: totals },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn running(position: Position, sending: i64) -> NotificationProgress {
        NotificationProgress::running(position, 4, sending)
    }

    #[test]
    fn an_event_moves_the_id_and_the_in_flight_count_does_not() {
        assert_eq!(Change::of(&running(5, 0), &running(6, 0)), Change::Event);
        assert_eq!(Change::of(&running(5, 0), &running(5, 2)), Change::Sending);
        assert_eq!(Change::of(&running(5, 2), &running(5, 2)), Change::None);
        assert_eq!(Change::of(&running(5, 0), &running(4, 2)), Change::None);
    }

    #[test]
    fn totals_are_sent_nested_beside_the_state_and_flat() {
        let text = String::from_utf8(totals_event(&running(5, 2)).frame().bytes.to_vec()).expect("text");
        let text = text.strip_prefix("event: totals\nid: 5\ndata: ").expect("an event");
        let data: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!((&data["state"], &data["sending"]), (&json!("running"), &json!(2)));
        let totals = data["totals"].as_object().expect("totals");
        assert_eq!((totals.len(), &totals["total"]), (10, &json!(10)));
        assert!(totals.iter().all(|(name, count)| data[name] == *count), "{data}");
    }
}
