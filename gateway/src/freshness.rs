//! Read your writes: a read waits until its projections show the caller's last write.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use commands::log::Reader;
use domain::Position;
use domain::value::UserId;
use lru::LruCache;
use projections::{Behind, Positions, Projection};
use uuid::Uuid;

use crate::problem::{Answer, Problem, Reason};

/// The `Retry-After` of a read that waited in vain, in seconds.
const RETRY_AFTER_S: u32 = 1;
/// How many callers' last positions are cached; those of the others are in the database.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

/// The position of each caller's last write.
pub struct Freshness {
    log: Reader,
    positions: Positions,
    /// How long a read waits.
    limit: Duration,
    written: Mutex<LruCache<UserId, Position>>,
}

impl Freshness {
    pub(crate) fn new(log: Reader, positions: Positions, limit: Duration) -> Self {
        Self { log, positions, limit, written: Mutex::new(LruCache::new(REMEMBERED_MAX)) }
    }

    /// Records the position of a caller's write.
    pub fn note(&self, caller: UserId, position: Position) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let last = written.get_or_insert_mut(caller, || position);
        *last = position.max(*last);
    }

    /// Waits until the projections show the caller's last write, in any process, and `min_position`.
    ///
    /// # Errors
    /// 503 with `Retry-After` when they do not within the bound.
    pub async fn wait(
        &self,
        caller: UserId,
        min_position: Option<Position>,
        projections: &[Projection],
    ) -> Answer<()> {
        let written = self.noted(caller).max(self.logged(caller).await?);
        let asked = self.asked(min_position).await?;
        caught_up(&self.positions, projections, written.max(asked), self.limit).await
    }

    /// Waits until the projections show every event written before this call, by any user: for a decision that another user's
    /// write would change.
    ///
    /// # Errors
    /// 503 with `Retry-After` when they do not within the bound.
    pub async fn wait_for_all(&self, projections: &[Projection]) -> Answer<()> {
        let head = self.log.head().await?;
        caught_up(&self.positions, projections, head, self.limit).await
    }

    /// Waits until the projections show `min_position`, if it is given, without regard to the caller's writes.
    ///
    /// # Errors
    /// 503 with `Retry-After` when they do not within the bound, and at once when the log has no such position: no 2xx
    /// returned it, and a caller that invents positions would only occupy a place.
    pub async fn wait_if_asked(
        &self,
        min_position: Option<Position>,
        projections: &[Projection],
    ) -> Answer<()> {
        let asked = self.asked(min_position).await?;
        caught_up(&self.positions, projections, asked, self.limit).await
    }

    /// The requested position; 0 without one.
    async fn asked(&self, min_position: Option<Position>) -> Answer<Position> {
        match min_position {
            Some(position) if !self.is_in_the_log(position).await? => Err(not_caught_up()),
            position => Ok(position.unwrap_or(0)),
        }
    }

    async fn is_in_the_log(&self, position: Position) -> sqlx::Result<bool> {
        Ok(position <= *self.log.watch_head().borrow() || position <= self.log.head().await?)
    }

    fn noted(&self, caller: UserId) -> Position {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.get(&caller).copied().unwrap_or(0)
    }

    /// Every write over HTTP stores a row with its position, so that every process can read it.
    async fn logged(&self, caller: UserId) -> sqlx::Result<Position> {
        sqlx::query_scalar("select coalesce(max(last_position), 0) from command_log where caller = $1")
            .bind(Uuid::from(caller))
            .fetch_one(self.log.pool())
            .await
    }
}

/// Waits until projections show everything up to a position.
///
/// # Errors
/// 503 with `Retry-After` when they do not within `limit`.
pub(crate) async fn caught_up(
    positions: &Positions,
    projections: &[Projection],
    position: Position,
    limit: Duration,
) -> Answer<()> {
    positions.wait_for(projections, position, limit).await.map_err(|Behind(projection)| {
        // A metric instead of a log line for each request: while a view is behind, every read may end here.
        metrics::counter!("mensajeria_reads_not_caught_up_total", "projection" => projection.name())
            .increment(1);
        tracing::debug!(%projection, position, "a projection did not catch up within a read's timeout");
        not_caught_up()
    })
}

fn not_caught_up() -> Problem {
    Problem::unavailable(RETRY_AFTER_S).because(Reason::NotCaughtUp)
}
