//! What an owner writes about its rows: started marks and settlements, each by group commit.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::group::Group;
use super::hands::Hands;
use crate::Wakes;
use crate::queue::mark::{Mark, mark_started, unmark};
use crate::queue::settle::{Decision, Settlement, Settler};
use crate::queue::{BATCH_ROWS_MAX, QueueRow};

/// A mark that is not committed by then is not waited for: its row is released unsent.
const MARK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a settlement rests after the database failed it. It is tried again as long as its owner lives: what a
/// provider has answered must not be lost.
const REST: Duration = Duration::from_millis(500);

/// What became of a started mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marked {
    /// It is committed: the row may be sent.
    Started,
    /// The row is somebody else's by now.
    Lost,
    /// Nobody knows whether it is committed; the row is unsent all the same.
    Unknown,
}

/// Resolves when a settlement is committed; to an error when its owner is gone.
pub(super) type Receipt = oneshot::Receiver<()>;

/// A settlement on its way, with what is measured of it.
struct Settled {
    settlement: Settlement,
    started_at: Option<Instant>,
}

/// Writes for one owner. Cheap to clone.
#[derive(Clone)]
pub(super) struct Clerk {
    marks: Group<Mark, Marked>,
    unmarks: Group<Mark, ()>,
    settlements: Group<Settled, ()>,
    hands: Arc<Hands>,
}

#[derive(Clone)]
struct Books {
    settler: Settler,
    hands: Arc<Hands>,
    wakes: Arc<Wakes>,
}

impl Clerk {
    pub(super) fn start(
        tasks: &mut JoinSet<()>,
        pool: &PgPool,
        settler: Settler,
        hands: Arc<Hands>,
        wakes: Arc<Wakes>,
    ) -> Self {
        let (marking, unmarking) = (pool.clone(), pool.clone());
        let marks = Group::start(tasks, BATCH_ROWS_MAX, move |marks| mark_all(marking.clone(), marks));
        let unmarks = Group::start(tasks, BATCH_ROWS_MAX, move |marks| unmark_all(unmarking.clone(), marks));
        let books = Books { settler, hands: Arc::clone(&hands), wakes };
        let settlements = Group::start(tasks, BATCH_ROWS_MAX, move |batch| books.clone().settle_all(batch));
        Self { marks, unmarks, settlements, hands }
    }

    /// Commits that a row is being given to a provider.
    pub(super) async fn mark(&self, row: &QueueRow, provider: &str) -> Marked {
        self.marks.put(Mark::of(row, provider)).await.await.unwrap_or(Marked::Unknown)
    }

    /// Takes the started mark from a row that its provider has refused and that stays in hand. The receipt says when.
    pub(super) async fn unmark(&self, row: &QueueRow, provider: &str) -> Receipt {
        self.unmarks.put(Mark::of(row, provider)).await
    }

    /// Settles a row soon; waits only for room. The receipt says when it is settled.
    pub(super) async fn settle(
        &self,
        row: QueueRow,
        decision: Decision,
        started_at: Option<Instant>,
    ) -> Receipt {
        // The epoch alone is the fence: only its owner can have changed the row's state since the claim.
        let settlement = Settlement { row, state: None, decision };
        self.settlements.put(Settled { settlement, started_at }).await
    }

    /// Lets go of a row that was taken back before it was sent, as when its notification is cancelled.
    pub(super) fn let_go(&self, row: &QueueRow) {
        tracing::debug!(delivery = %row.delivery_id, "a row was taken back before it was sent");
        self.hands.put_down(row);
    }
}

async fn mark_all(pool: PgPool, marks: Vec<Mark>) -> Vec<Marked> {
    match timeout(MARK_TIMEOUT, mark_started(&pool, &marks)).await {
        Ok(Ok(started)) => {
            started.into_iter().map(|started| if started { Marked::Started } else { Marked::Lost }).collect()
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "started marks failed; their rows wait again");
            vec![Marked::Unknown; marks.len()]
        }
        Err(_) => vec![Marked::Unknown; marks.len()],
    }
}

/// One that fails is not repeated: its row will be settled, or be in doubt if the program dies before.
async fn unmark_all(pool: PgPool, marks: Vec<Mark>) -> Vec<()> {
    match timeout(MARK_TIMEOUT, unmark(&pool, &marks)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "started marks could not be taken from refused rows"),
        Err(_) => tracing::warn!("started marks were not taken from refused rows in time"),
    }
    vec![(); marks.len()]
}

impl Books {
    async fn settle_all(self, batch: Vec<Settled>) -> Vec<()> {
        let (settlements, started): (Vec<Settlement>, Vec<_>) =
            batch.into_iter().map(|settled| (settled.settlement, settled.started_at)).unzip();
        self.settle_until_done(&settlements).await;
        for started_at in started.into_iter().flatten() {
            metrics::histogram!("mensajeria_send_settled_seconds").record(started_at.elapsed().as_secs_f64());
        }
        settlements.iter().map(|settlement| self.put_down(settlement)).collect()
    }

    async fn settle_until_done(&self, settlements: &[Settlement]) {
        while let Err(error) = self.settler.settle_all(settlements).await {
            tracing::warn!(%error, waiting = settlements.len(), "a settlement failed, trying again");
            sleep(REST).await;
        }
    }

    fn put_down(&self, settlement: &Settlement) {
        self.hands.put_down(&settlement.row);
        if matches!(settlement.decision, Decision::Release { .. }) {
            self.wakes.ring(settlement.row.channel);
        }
    }
}
