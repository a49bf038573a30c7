//! Follows the projection and the dispatchers' beats, and keeps the latest totals of every notification that is watched.

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

/// How often totals are told at most: eyes do not follow more, and a campaign changes them fifty times a second.
const ROUND_INTERVAL: Duration = Duration::from_millis(100);
/// How often the dispatchers' beats are read while no event comes.
const TICK: Duration = Duration::from_secs(1);
/// How long the hub rests after the database failed it.
const REST: Duration = Duration::from_millis(500);

/// How a notification stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Of the last event that changed anything.
    pub(crate) position: Position,
    /// As the projection copied it.
    pub(crate) state: NotificationState,
    /// As the projection has them.
    settled: Totals,
    /// So many are being sent, as the dispatchers say.
    sending: i64,
}

impl Standing {
    /// As the projection has it, with so many being sent.
    pub(crate) fn of(row: &NotificationRow, sending: i64) -> Self {
        Self { position: row.position, state: row.state, settled: row.totals, sending }
    }

    /// The totals, `sending` among them.
    pub(crate) fn totals(&self) -> Totals {
        self.settled.with_sending(self.sending)
    }
}

type Latest = watch::Sender<Option<Standing>>;

/// The hub of all notifications of one process.
pub(crate) struct NotificationHub {
    watched: Watched,
}

#[derive(Clone, Default)]
struct Watched(Arc<Mutex<HashMap<NotificationId, Latest>>>);

impl NotificationHub {
    /// Starts to follow the projection from where it is now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn start(
        pool: PgPool,
        positions: &Positions,
        shutdown: CancellationToken,
    ) -> sqlx::Result<Self> {
        let told =
            sqlx::query_scalar("select position from notifications.checkpoint").fetch_one(&pool).await?;
        let watched = Watched::default();
        let rounds = Rounds { pool, watched: watched.clone(), told };
        let woken = positions.watch(Projection::Notifications);
        tokio::spawn(async move { shutdown.run_until_cancelled(rounds.run(woken)).await });
        Ok(Self { watched })
    }

    /// Begins to watch one: look at the tables after it, not before.
    pub(crate) fn watch(&self, notification: NotificationId) -> watch::Receiver<Option<Standing>> {
        self.watched.all().entry(notification).or_insert_with(|| watch::channel(None).0).subscribe()
    }

    /// What a reader found who looked: the ticks change it until the projection does.
    pub(crate) fn learn(&self, notification: NotificationId, found: &Standing) {
        if let Some(latest) = self.watched.all().get(&notification) {
            latest.send_if_modified(|known| {
                let is_news = known.as_ref().is_none_or(|known| known.position < found.position);
                if is_news {
                    *known = Some(found.clone());
                }
                is_news
            });
        }
    }
}

impl Watched {
    fn all(&self) -> MutexGuard<'_, HashMap<NotificationId, Latest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What somebody watches; what nobody does any more is forgotten.
    fn now(&self) -> Vec<NotificationId> {
        let mut all = self.all();
        all.retain(|_, latest| latest.receiver_count() > 0);
        all.keys().copied().collect()
    }
}

struct Rounds {
    pool: PgPool,
    watched: Watched,
    told: Position,
}

impl Rounds {
    async fn run(mut self, mut woken: watch::Receiver<Position>) {
        while !matches!(timeout(TICK, woken.changed()).await, Ok(Err(_))) {
            let until = *woken.borrow_and_update();
            if let Err(error) = self.tell_until(until).await {
                tracing::warn!(%error, "live notifications cannot be read; trying again");
                sleep(REST).await;
            }
            sleep(ROUND_INTERVAL).await;
        }
    }

    /// Keeps what changed since the last round, up to now; a round that failed is told by the next one.
    async fn tell_until(&mut self, until: Position) -> sqlx::Result<()> {
        let watched = self.watched.now();
        if !watched.is_empty() {
            let changed = notifications::changed(&self.pool, &watched, self.told).await?;
            let sending = dispatcher::tasks::sending_counts(&self.pool, &watched).await?;
            let of = |id: &NotificationId| sending.get(id).copied().unwrap_or(0);
            for (id, latest) in &*self.watched.all() {
                let row = changed.iter().find(|row| row.id == id.uuid());
                keep(latest, row.map(|row| Standing::of(row, of(id))), of(id));
            }
        }
        self.told = self.told.max(until);
        Ok(())
    }
}

/// Wakes the readers only if anything is different.
fn keep(latest: &Latest, changed: Option<Standing>, sending: i64) {
    latest.send_if_modified(|known| {
        let next = changed.or_else(|| known.clone().map(|known| Standing { sending, ..known }));
        let is_news = next.is_some() && next != *known;
        if is_news {
            *known = next;
        }
        is_news
    });
}

#[cfg(test)]
impl Standing {
    /// One that runs, with so many pending.
    pub(super) fn running(position: Position, pending: i64, sending: i64) -> Self {
        let settled = Totals { total: 10, pending, accepted: 10 - pending, ..Totals::default() };
        Self { position, state: NotificationState::Running, settled, sending }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_woken_by_what_is_different_only() {
        let (latest, mut reader) = watch::channel(None);
        let mut is_told = |changed, sending| {
            keep(&latest, changed, sending);
            let told = reader.has_changed().expect("a sender");
            reader.mark_unchanged();
            told
        };
        assert!(!is_told(None, 3));
        assert!(is_told(Some(Standing::running(7, 4, 0)), 0));
        assert!(!is_told(None, 0));
        assert!(is_told(None, 3));
        let told = latest.borrow().clone().expect("totals");
        assert_eq!((told.position, told.totals().pending, told.totals().sending), (7, 1, 3));
    }
}
