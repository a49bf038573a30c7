//! Follows the projection and the dispatchers' in-flight counts, and keeps the latest totals of every watched
//! notification.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Position;
use domain::notification::NotificationState;
use domain::value::NotificationId;
use projections::queries::notifications::{self, NotificationRow, Totals};
use projections::{Positions, Projection};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The shortest time between two rounds: a campaign changes the totals fifty times a second, more than anybody can
/// read.
const ROUND_INTERVAL: Duration = Duration::from_millis(100);
/// The longest time between two reads of the in-flight counts while no event comes.
const TICK: Duration = Duration::from_secs(1);
/// The pause after a database error.
const ERROR_PAUSE: Duration = Duration::from_millis(500);

/// The progress of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotificationProgress {
    /// The position of the last event that changed the notification.
    pub(crate) position: Position,
    /// The state in the projection.
    pub(crate) state: NotificationState,
    /// The totals in the projection.
    settled: Totals,
    /// How many deliveries are in flight, as the dispatchers report.
    sending: i64,
}

impl NotificationProgress {
    /// The progress in the projection's row, with `sending` deliveries in flight.
    pub(crate) fn of(row: &NotificationRow, sending: i64) -> Self {
        Self { position: row.position, state: row.state, settled: row.totals, sending }
    }

    /// The totals, deliveries in flight included.
    pub(crate) fn totals(&self) -> Totals {
        self.settled.with_sending(self.sending)
    }
}

type Latest = watch::Sender<Option<NotificationProgress>>;

/// The hub of all notifications of one process.
pub(crate) struct NotificationHub {
    watched: Watched,
}

#[derive(Clone, Default)]
struct Watched(Arc<Mutex<HashMap<NotificationId, Latest>>>);

impl NotificationHub {
    /// Starts to follow the projection from its current position.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn start(
        pool: PgPool,
        positions: &Positions,
        shutdown: CancellationToken,
    ) -> sqlx::Result<Self> {
        let sent =
            sqlx::query_scalar("select position from notifications.checkpoint").fetch_one(&pool).await?;
        let watched = Watched::default();
        let rounds = HubTask { pool, watched: watched.clone(), sent };
        let woken = positions.watch(Projection::Notifications);
        tokio::spawn(async move { shutdown.run_until_cancelled(rounds.run(woken)).await });
        Ok(Self { watched })
    }

    /// Subscribes to a notification. Read the tables after subscribing, not before.
    pub(crate) fn watch(
        &self,
        notification: NotificationId,
    ) -> watch::Receiver<Option<NotificationProgress>> {
        self.watched.all().entry(notification).or_insert_with(|| watch::channel(None).0).subscribe()
    }

    /// Offers the progress that a reader found in the tables, if it is newer. Rounds then update its in-flight count
    /// until the projection changes.
    pub(crate) fn offer(&self, notification: NotificationId, found: &NotificationProgress) {
        if let Some(latest) = self.watched.all().get(&notification) {
            latest.send_if_modified(|known| {
                let is_newer = known.as_ref().is_none_or(|known| known.position < found.position);
                if is_newer {
                    *known = Some(found.clone());
                }
                is_newer
            });
        }
    }
}

impl Watched {
    fn all(&self) -> MutexGuard<'_, HashMap<NotificationId, Latest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The watched notifications. Notifications without a subscriber are removed.
    fn now(&self) -> Vec<NotificationId> {
        let mut all = self.all();
        all.retain(|_, latest| latest.receiver_count() > 0);
        all.keys().copied().collect()
    }
}

struct HubTask {
    pool: PgPool,
    watched: Watched,
    sent: Position,
}

impl HubTask {
    async fn run(mut self, mut woken: watch::Receiver<Position>) {
        while !matches!(timeout(TICK, woken.changed()).await, Ok(Err(_))) {
            let until = *woken.borrow_and_update();
            if let Err(error) = self.publish_until(until).await {
                tracing::warn!(%error, "failed to read the live notifications; trying again");
                sleep(ERROR_PAUSE).await;
            }
            sleep(ROUND_INTERVAL).await;
        }
    }

    /// Publishes the changes since the last round. After an error the next round covers them.
    async fn publish_until(&mut self, until: Position) -> sqlx::Result<()> {
        let watched = self.watched.now();
        if !watched.is_empty() {
            let changed = notifications::changed(&self.pool, &watched, self.sent).await?;
            let sending = dispatcher::tasks::sending_counts(&self.pool, &watched).await?;
            let of = |id: &NotificationId| sending.get(id).copied().unwrap_or(0);
            for (id, latest) in &*self.watched.all() {
                let row = changed.iter().find(|row| row.id == id.uuid());
                keep(latest, row.map(|row| NotificationProgress::of(row, of(id))), of(id));
            }
        }
        self.sent = self.sent.max(until);
        Ok(())
    }
}

/// Replaces the latest progress. Wakes the readers only if it differs.
fn keep(latest: &Latest, changed: Option<NotificationProgress>, sending: i64) {
    latest.send_if_modified(|known| {
        let next = changed.or_else(|| known.clone().map(|known| NotificationProgress { sending, ..known }));
        let is_newer = next.is_some() && next != *known;
        if is_newer {
            *known = next;
        }
        is_newer
    });
}

#[cfg(test)]
impl NotificationProgress {
    /// The progress of a running notification with so many deliveries pending.
    pub(super) fn running(position: Position, pending: i64, sending: i64) -> Self {
        let settled = Totals { total: 10, pending, accepted: 10 - pending, ..Totals::default() };
        Self { position, state: NotificationState::Running, settled, sending }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_woken_by_differences_only() {
        let (latest, mut reader) = watch::channel(None);
        let mut wakes = |changed, sending| {
            keep(&latest, changed, sending);
            let sent = reader.has_changed().expect("a sender");
            reader.mark_unchanged();
            sent
        };
        assert!(!wakes(None, 3));
        assert!(wakes(Some(NotificationProgress::running(7, 4, 0)), 0));
        assert!(!wakes(None, 0));
        assert!(wakes(None, 3));
        let sent = latest.borrow().clone().expect("totals");
        assert_eq!((sent.position, sent.totals().pending, sent.totals().sending), (7, 1, 3));
    }
}
