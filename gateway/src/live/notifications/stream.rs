//! One connection to a notification: how it stands, then every change. Totals are absolute, so a reader who is slow is
//! told the latest only.

use std::pin::pin;

use domain::Position;
use domain::notification::NotificationState;
use projections::queries::notifications::Totals;
use serde::Serialize;
use tokio::sync::watch;

use super::super::connection::{Connection, Over};
use super::super::frame::News;
use super::hub::Standing;

/// What a `totals` event says: the state, and the totals as they stand in the notification and by themselves.
#[derive(Serialize)]
struct Told<'a> {
    state: NotificationState,
    totals: &'a Totals,
    #[serde(flatten)]
    bare: &'a Totals,
}

/// Follows a notification that stands as `found`, from what the reader has `seen`, until it is [`Over`]. `latest` was
/// watched before `found` was looked up.
pub(crate) async fn follow(
    connection: Connection,
    mut latest: watch::Receiver<Option<Standing>>,
    found: Standing,
    seen: Seen,
) -> Result<(), Over> {
    connection.greet().await?;
    let mut told = Telling::begin(&connection, found, seen).await?;
    let mut attending = pin!(connection.attend());
    loop {
        tokio::select! {
            over = &mut attending => return Err(over),
            changed = latest.changed() => changed.map_err(|_| Over)?,
        }
        let next = latest.borrow_and_update().clone();
        if let Some(next) = next {
            told.tell(&connection, next).await?;
        }
    }
}

/// What the reader has seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing: it begins.
    Nothing,
    /// Everything up to a position.
    UpTo(Position),
    /// A position that this log does not have.
    AnotherLog,
}

/// What was told last.
struct Telling(Standing);

impl Telling {
    async fn begin(connection: &Connection, found: Standing, seen: Seen) -> Result<Self, Over> {
        if seen == Seen::AnotherLog {
            connection.send(News::new("reset", found.position, &()).frame()).await?;
        }
        match seen {
            // No event is news to the reader, but what is being sent may have changed since.
            Seen::UpTo(position) if position >= found.position => {
                connection.write(news(&found).frame_without_id()).await?;
            }
            _ => connection.send(news(&found).frame()).await?,
        }
        Ok(Self(found))
    }

    async fn tell(&mut self, connection: &Connection, next: Standing) -> Result<(), Over> {
        match Change::of(&self.0, &next) {
            Change::None => return Ok(()),
            Change::Event => connection.send(news(&next).frame()).await?,
            Change::Sending => connection.write(news(&next).frame_without_id()).await?,
        }
        self.0 = next;
        Ok(())
    }
}

/// What is different.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    /// Nothing, or something older than what was told.
    None,
    /// An event happened.
    Event,
    /// No event: only what is being sent.
    Sending,
}

impl Change {
    fn of(told: &Standing, next: &Standing) -> Self {
        if next.position > told.position {
            Self::Event
        } else if next.position == told.position && next.totals() != told.totals() {
            Self::Sending
        } else {
            Self::None
        }
    }
}

fn news(standing: &Standing) -> News {
    let totals = &standing.totals();
    News::new("totals", standing.position, &Told { state: standing.state, totals, bare: totals })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn running(position: Position, sending: i64) -> Standing {
        Standing::running(position, 4, sending)
    }

    #[test]
    fn an_event_moves_the_id_and_what_is_being_sent_does_not() {
        assert_eq!(Change::of(&running(5, 0), &running(6, 0)), Change::Event);
        assert_eq!(Change::of(&running(5, 0), &running(5, 2)), Change::Sending);
        assert_eq!(Change::of(&running(5, 2), &running(5, 2)), Change::None);
        assert_eq!(Change::of(&running(5, 0), &running(4, 2)), Change::None);
    }

    #[test]
    fn totals_are_told_with_the_state_and_by_themselves() {
        let text = String::from_utf8(news(&running(5, 2)).frame().bytes.to_vec()).expect("text");
        let data = text.strip_prefix("event: totals\nid: 5\ndata: ").expect("an event");
        let told: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!((&told["state"], &told["sending"]), (&json!("running"), &json!(2)));
        let totals = told["totals"].as_object().expect("totals");
        assert_eq!((totals.len(), &totals["total"]), (10, &json!(10)));
        assert!(totals.iter().all(|(name, count)| told[name] == *count), "{told}");
    }
}
