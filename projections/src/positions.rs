//! The positions of the projections as this process knows them: published by its own projectors, otherwise read from
//! the checkpoints.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::Position;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::engine::schema;
use crate::projection::Projection;

/// How often the checkpoints are read while another process moves some of them.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(20);
/// How often they are read while this process leads all projections, in case one was moved elsewhere.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How often [`wait_for`] reads a checkpoint.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The position up to which each projection can be read. Cheap to clone.
#[derive(Clone)]
pub struct Positions(Arc<[Known; Projection::ALL.len()]>);

struct Known {
    position: watch::Sender<Position>,
    /// How many projectors of this process lead the projection: they publish its position, which the checkpoint shows
    /// only later.
    led: AtomicUsize,
}

/// A projection did not reach a position in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the projection {0} is behind")]
pub struct Behind(pub Projection);

/// While it exists, this process moves the projection's checkpoint.
pub(crate) struct Lead {
    positions: Positions,
    projection: Projection,
}

impl Positions {
    /// The positions, and a future that reads the checkpoints until cancelled. One for a process is enough.
    pub fn follow(
        pool: PgPool,
        cancel: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let known = || Known { position: watch::Sender::new(0), led: AtomicUsize::new(0) };
        let positions = Self(Arc::new(std::array::from_fn(|_| known())));
        let follower = positions.clone();
        let following = async move {
            cancel.run_until_cancelled(follower.follow_for_ever(pool)).await;
        };
        (positions, following)
    }

    /// Wakes whenever the projection moves. It may move back after a crash of the database, which can lose the last
    /// moments of a projection.
    pub fn watch(&self, projection: Projection) -> watch::Receiver<Position> {
        self.of(projection).position.subscribe()
    }

    /// The position up to which the projection can be read.
    pub fn position(&self, projection: Projection) -> Position {
        *self.of(projection).position.borrow()
    }

    /// Waits until all of `projections` have reached a position.
    ///
    /// # Errors
    /// [`Behind`] with the first that has not reached it within `limit`.
    pub async fn wait_for(
        &self,
        projections: &[Projection],
        position: Position,
        limit: Duration,
    ) -> Result<(), Behind> {
        let until = Instant::now() + limit;
        for &projection in projections {
            let mut known = self.watch(projection);
            let arrival = known.wait_for(|known| *known >= position);
            if timeout_at(until, arrival).await.is_err() {
                return Err(Behind(projection));
            }
        }
        Ok(())
    }

    /// Declares that this process moves the projection from now on.
    pub(crate) fn lead(&self, projection: Projection) -> Lead {
        self.of(projection).led.fetch_add(1, Ordering::Relaxed);
        Lead { positions: self.clone(), projection }
    }

    fn of(&self, projection: Projection) -> &Known {
        &self.0[projection.index()]
    }

    fn is_led(&self, projection: Projection) -> bool {
        self.of(projection).led.load(Ordering::Relaxed) > 0
    }

    fn set(&self, projection: Projection, position: Position) {
        self.of(projection).position.send_if_modified(|known| std::mem::replace(known, position) != position);
    }

    async fn follow_for_ever(self, pool: PgPool) {
        loop {
            for projection in Projection::ALL {
                // While the database is not available, the positions stay as they are.
                if let Ok(Some(position)) = read(&pool, projection).await
                    && !self.is_led(projection)
                {
                    self.set(projection, position);
                }
            }
            let all_led = Projection::ALL.into_iter().all(|projection| self.is_led(projection));
            sleep(if all_led { LOOK_INTERVAL } else { FOLLOW_INTERVAL }).await;
        }
    }
}

impl Lead {
    /// Publishes the position of the projection.
    pub(crate) fn publish(&self, position: Position) {
        self.positions.set(self.projection, position);
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.positions.of(self.projection).led.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits until all of `projections` have reached a position, by polling every few milliseconds: for programs without
/// [`Positions`], such as the command line.
///
/// # Errors
/// [`Behind`] with the first that has not reached it within `limit`.
pub async fn wait_for(
    pool: &PgPool,
    projections: &[Projection],
    position: Position,
    limit: Duration,
) -> Result<(), Behind> {
    let until = Instant::now() + limit;
    for &projection in projections {
        while !matches!(read(pool, projection).await, Ok(Some(known)) if known >= position) {
            if Instant::now() >= until {
                return Err(Behind(projection));
            }
            sleep(POLL_INTERVAL).await;
        }
    }
    Ok(())
}

/// The projection's checkpoint in the database; none if its schema does not exist yet.
async fn read(pool: &PgPool, projection: Projection) -> sqlx::Result<Option<Position>> {
    let text = format!("select position from {projection}.checkpoint");
    match sqlx::query_scalar(&text).fetch_optional(pool).await {
        Err(error) if schema::is_missing(&error) => Ok(None),
        outcome => outcome,
    }
}
