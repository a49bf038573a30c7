//! The sealer: follows the log, adds every event to the tree, and signs a checkpoint for all that have come. Appending
//! does not wait for it.

use std::convert::Infallible;
use std::time::Duration;

use commands::leader::Leadership;
use commands::log::{Feed, FeedError, Reader, StoredEvent};
use domain::proof::{Checkpoint, GrowingTiles, event_leaf};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::keys::{KnownKeys, Signer};
use super::store::{self, Sealed, StoreError};

/// The shortest time between two checkpoints.
const INTERVAL: Duration = Duration::from_millis(500);
/// How many events one checkpoint adds at most.
const EVENTS_MAX: u64 = 65_536;
/// How long the sealer rests after the database failed it.
const REST: Duration = Duration::from_millis(250);
/// How long it rests when the stored tree was damaged or changed.
const REST_AFTER_DAMAGE: Duration = Duration::from_secs(30);
/// The name that only one sealer leads under.
const LEADERSHIP: &str = "sealer";

/// Follows the log from its newest checkpoint.
pub struct Sealer {
    log: Reader,
    signer: Signer,
    /// The keys that may have signed the newest checkpoint.
    known: KnownKeys,
}

impl Sealer {
    /// A sealer that signs with this key; `former` are the public keys of before.
    pub fn new(log: Reader, signer: Signer, former: &KnownKeys) -> Self {
        let known = KnownKeys::new([signer.key()].into_iter().chain(former.keys()).cloned());
        Self { log, signer, known }
    }

    /// Works whenever it leads, until it is cancelled. Cancelling it anywhere is safe: tiles and checkpoint are written
    /// together or not at all.
    pub async fn run(self, cancel: CancellationToken) {
        let _ = cancel.run_until_cancelled(self.lead_for_ever()).await;
    }

    async fn lead_for_ever(&self) {
        loop {
            let leadership = Leadership::acquire(self.log.pool(), LEADERSHIP).await;
            if let Some(Err(error)) = leadership.while_held(self.follow()).await {
                self.rest(&error).await;
            }
        }
    }

    async fn rest(&self, error: &SealerError) {
        if error.is_damage() {
            tracing::error!(%error, "nothing is sealed: `mensajeria audit verify` tells what was changed");
            sleep(REST_AFTER_DAMAGE).await;
        } else {
            tracing::warn!(%error, "the sealer begins again at its newest checkpoint");
            sleep(REST).await;
        }
    }

    /// Follows the log until something fails.
    async fn follow(&self) -> Result<Infallible, SealerError> {
        let mut tree = GrowingTiles::after(store::resume(self.log.pool(), &self.known).await?);
        let sealed = tree.frontier().size() as i64;
        // Only what PostgreSQL has committed is signed, so no broker is read.
        let mut feed = self.log.feed(None, sealed).with_memory();
        let mut due = Instant::now();
        loop {
            let before = tree.frontier().size();
            self.gather(&mut feed, &mut tree, due).await?;
            self.seal(&mut tree, before).await?;
            due = Instant::now() + INTERVAL;
        }
    }

    /// Adds at least one event, and all that come until the next checkpoint is due.
    async fn gather(
        &self,
        feed: &mut Feed,
        tree: &mut GrowingTiles,
        due: Instant,
    ) -> Result<(), SealerError> {
        let full = tree.frontier().size() + EVENTS_MAX;
        add(tree, &feed.next_stored().await?)?;
        while tree.frontier().size() < full
            && let Ok(events) = timeout_at(due, feed.next_stored()).await
        {
            add(tree, &events?)?;
        }
        Ok(())
    }

    async fn seal(&self, tree: &mut GrowingTiles, size_before: u64) -> Result<(), SealerError> {
        let (origin, gained) = (self.signer.key().origin.clone(), tree.take_gained());
        let frontier = tree.frontier();
        let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
        let note = self.signer.sign(&checkpoint);
        metrics::gauge!("mensajeria_sealed_position").set(checkpoint.size as f64);
        store::save(self.log.pool(), &Sealed { size_before, gained, checkpoint, note }).await?;
        Ok(())
    }
}

/// Adds events to the tree, which must be the next ones.
fn add(tree: &mut GrowingTiles, events: &[StoredEvent]) -> Result<(), SealerError> {
    for event in events {
        let next = tree.frontier().size() as i64 + 1;
        if event.position != next {
            return Err(SealerError::Gap { next, found: event.position });
        }
        tree.push(event_leaf(&event.proof_row()));
    }
    Ok(())
}

/// Why the sealer begins again.
#[derive(Debug, thiserror::Error)]
enum SealerError {
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Positions are dense: an event was deleted.
    #[error("the log has position {found} where {next} has to be")]
    Gap { next: i64, found: i64 },
}

impl SealerError {
    const fn is_damage(&self) -> bool {
        match self {
            Self::Feed(_) => false,
            Self::Store(error) => error.is_damage(),
            Self::Gap { .. } => true,
        }
    }
}
