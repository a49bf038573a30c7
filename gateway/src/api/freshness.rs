//! Read your writes: a read waits until the projections it needs show what its caller wrote last.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Position;
use domain::value::UserId;
use lru::LruCache;
use projections::{Behind, Positions, Projection};
use sqlx::PgPool;
use uuid::Uuid;

use crate::problem::{Answer, Kind, Problem, Reason};

/// How long a read waits.
const WAIT: Duration = Duration::from_secs(2);
/// When a read that waited in vain may ask again, in seconds.
const RETRY_AFTER_S: u32 = 1;
/// How many callers' last positions are remembered; the database knows the others'.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

/// How far each caller has written.
pub struct Freshness {
    pool: PgPool,
    positions: Positions,
    written: Mutex<LruCache<UserId, Position>>,
}

impl Freshness {
    pub(crate) fn new(pool: PgPool, positions: Positions) -> Self {
        Self { pool, positions, written: Mutex::new(LruCache::new(REMEMBERED_MAX)) }
    }

    /// Notes what a caller was told to have written.
    pub fn note(&self, caller: UserId, position: Position) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let last = written.get_or_insert_mut(caller, || position);
        *last = position.max(*last);
    }

    /// Waits until the projections show what the caller wrote last, by whatever process, and `min_position`.
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
        caught_up(&self.positions, projections, written.max(min_position.unwrap_or(0))).await
    }

    /// Waits until the projections show `min_position`, if it is asked for, whatever the caller wrote.
    ///
    /// # Errors
    /// 503 with `Retry-After` when they do not within the bound.
    pub async fn wait_if_asked(
        &self,
        min_position: Option<Position>,
        projections: &[Projection],
    ) -> Answer<()> {
        match min_position {
            Some(position) => caught_up(&self.positions, projections, position).await,
            None => Ok(()),
        }
    }

    fn noted(&self, caller: UserId) -> Position {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.get(&caller).copied().unwrap_or(0)
    }

    /// Every write over HTTP leaves a row with its position, so that any process knows of it.
    async fn logged(&self, caller: UserId) -> sqlx::Result<Position> {
        sqlx::query_scalar("select coalesce(max(last_position), 0) from command_log where caller = $1")
            .bind(Uuid::from(caller))
            .fetch_one(&self.pool)
            .await
    }
}

/// Waits until projections show everything up to a position.
///
/// # Errors
/// 503 with `Retry-After` when they do not within the bound.
pub async fn caught_up(positions: &Positions, projections: &[Projection], position: Position) -> Answer<()> {
    positions.wait_for(projections, position, WAIT).await.map_err(|Behind(projection)| {
        // Not a warning: a caller may name any position. That a view is behind is measured where it is projected.
        metrics::counter!("mensajeria_reads_not_caught_up_total", "projection" => projection.name())
            .increment(1);
        tracing::debug!(%projection, position, "a request waited in vain for what it must be able to read");
        let late = Problem { retry_after_s: Some(RETRY_AFTER_S), ..Problem::new(Kind::Unavailable) };
        late.because(Reason::NotCaughtUp)
    })
}
