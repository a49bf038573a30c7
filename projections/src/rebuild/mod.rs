//! Rebuilds a projection beside the live one, and swaps the two.

mod compare;
mod fill;
mod reading;
mod rebuilder;
mod swap;

use std::time::Duration;

use commands::clock;
use commands::log::Reader;
use domain::Position;
use sqlx::{FromRow, PgPool};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::compare::{Difference, compare};
pub(crate) use self::rebuilder::Rebuilder;
use crate::projection::Projection;

/// How often the progress of a rebuild is read.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// The progress of a rebuild.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Progress {
    /// The last filled position.
    pub position: Position,
    /// The position it has to reach.
    pub target: Position,
    /// How many facts are filled in: an event about many people counts once for each of them.
    pub facts: i64,
    /// Whether it is over.
    pub finished: bool,
    /// Why it was given up; none if it succeeded.
    pub failure: Option<String>,
}

/// Why a rebuild failed.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// It was given up.
    #[error("the rebuild of {projection} was given up: {failure}")]
    GivenUp {
        /// Of what.
        projection: Projection,
        /// Why.
        failure: String,
    },
    /// The caller stopped waiting; the order remains.
    #[error("cancelled")]
    Cancelled,
    /// The database does not answer.
    #[error("failed to rebuild: {0}")]
    Database(#[from] sqlx::Error),
}

/// Orders a rebuild and returns its id. A second order returns the same id while the first one is open. A process with
/// projectors executes it.
///
/// # Errors
/// When the database does not answer.
pub async fn request(pool: &PgPool, projection: Projection) -> sqlx::Result<Uuid> {
    sqlx::query_scalar(
        "insert into projection_rebuilds (rebuild_id, name) values ($2, $1)
         on conflict (name) where finished_at is null do update set name = excluded.name
         returning rebuild_id",
    )
    .bind(projection.name())
    .bind(clock::new_id())
    .fetch_one(pool)
    .await
}

/// The progress of a rebuild; none for an unknown id.
///
/// # Errors
/// When the database does not answer.
pub async fn progress(pool: &PgPool, rebuild: Uuid) -> sqlx::Result<Option<Progress>> {
    sqlx::query_as(
        "select position, target, facts, finished_at is not null as finished, failure
         from projection_rebuilds where rebuild_id = $1",
    )
    .bind(rebuild)
    .fetch_optional(pool)
    .await
}

/// The latest order.
pub(crate) async fn newest(pool: &PgPool, projection: Projection) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "select rebuild_id from projection_rebuilds where name = $1 order by requested_at desc limit 1",
    )
    .bind(projection.name())
    .fetch_optional(pool)
    .await
}

/// Orders rebuilds and waits until they are done, reporting progress to `watch`. They run in this process if no process
/// with projectors runs.
///
/// # Errors
/// See [`RebuildError`].
pub async fn run(
    log: &Reader,
    projections: &[Projection],
    cancel: &CancellationToken,
    mut watch: impl FnMut(Projection, &Progress),
) -> Result<(), RebuildError> {
    let mut ordered = Vec::with_capacity(projections.len());
    for &projection in projections {
        ordered.push((projection, request(log.pool(), projection).await?));
    }
    let here = cancel.child_token();
    let _done = here.clone().drop_guard();
    tokio::spawn(Rebuilder::new(log.clone(), here).run());
    for (projection, rebuild) in ordered {
        tokio::select! {
            () = cancel.cancelled() => return Err(RebuildError::Cancelled),
            outcome = finished(log.pool(), projection, rebuild, &mut watch) => outcome?,
        }
    }
    Ok(())
}

async fn finished(
    pool: &PgPool,
    projection: Projection,
    rebuild: Uuid,
    watch: &mut impl FnMut(Projection, &Progress),
) -> Result<(), RebuildError> {
    loop {
        let progress = progress(pool, rebuild).await?.ok_or(sqlx::Error::RowNotFound)?;
        watch(projection, &progress);
        match (progress.finished, progress.failure) {
            (true, Some(failure)) => return Err(RebuildError::GivenUp { projection, failure }),
            (true, None) => return Ok(()),
            (false, _) => sleep(PROGRESS_INTERVAL).await,
        }
    }
}
