//! How the projections stand.

use commands::log::Reader;
use domain::Position;
use serde::Serialize;
use sqlx::{FromRow, PgPool};

use crate::engine::schema;
use crate::projection::Projection;

/// The status of one projection.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: &'static str,
    /// The position up to which it has read the log.
    pub position: Position,
    /// The number of events it is behind.
    pub lag: i64,
    /// Whether it serves, is rebuilt, or has stopped.
    pub state: ProjectionState,
    /// The finished part of a rebuild, 0 to 1; none without a rebuild.
    pub progress: Option<f64>,
    /// Events that cannot be projected, with the later ones of their aggregates.
    pub parked: i64,
    /// Why it has stopped, or why the last rebuild failed.
    pub failure: Option<String>,
}

/// Whether a projection serves, is rebuilt, or has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectionState {
    /// It follows the log.
    Live,
    /// It follows the log and is built anew beside it, or will be.
    Rebuilding,
    /// It stands still until somebody looks.
    Failed,
}

/// A projection's own rows, which are missing until its schema is made.
#[derive(FromRow, Default)]
struct Checkpoint {
    position: Position,
    failure: Option<String>,
    parked: i64,
}

#[derive(FromRow)]
struct Rebuild {
    name: String,
    finished: bool,
    position: Position,
    target: Position,
    failure: Option<String>,
}

/// Every projection, in the order of [`Projection::ALL`].
///
/// # Errors
/// When the database does not answer.
pub async fn list(log: &Reader) -> sqlx::Result<Vec<ProjectionStatus>> {
    let (head, pool) = (log.head().await?, log.pool());
    let rebuilds = rebuilds(pool).await?;
    let mut all = Vec::with_capacity(Projection::ALL.len());
    for projection in Projection::ALL {
        let rebuild = rebuilds.iter().find(|rebuild| rebuild.name == projection.name());
        all.push(status(projection, head, checkpoint(pool, projection).await?, rebuild));
    }
    Ok(all)
}

fn status(
    projection: Projection,
    head: Position,
    checkpoint: Option<Checkpoint>,
    rebuild: Option<&Rebuild>,
) -> ProjectionStatus {
    let running = rebuild.filter(|rebuild| !rebuild.finished);
    let missing = checkpoint.is_none();
    let Checkpoint { position, failure, parked } = checkpoint.unwrap_or_default();
    let state = match (running, &failure) {
        (Some(_), _) => ProjectionState::Rebuilding,
        (None, Some(_)) => ProjectionState::Failed,
        (None, None) if missing => ProjectionState::Failed,
        (None, None) => ProjectionState::Live,
    };
    ProjectionStatus {
        name: projection.name(),
        position,
        lag: (head - position).max(0),
        state,
        progress: running.map(progress),
        parked,
        failure: failure.or_else(|| rebuild.and_then(|rebuild| rebuild.failure.clone())),
    }
}

fn progress(rebuild: &Rebuild) -> f64 {
    if rebuild.target <= 0 { 0.0 } else { (rebuild.position as f64 / rebuild.target as f64).clamp(0.0, 1.0) }
}

async fn rebuilds(pool: &PgPool) -> sqlx::Result<Vec<Rebuild>> {
    sqlx::query_as(
        "select distinct on (name) name, finished_at is not null as finished, position, target, failure
         from projection_rebuilds
         order by name, requested_at desc",
    )
    .fetch_all(pool)
    .await
}

async fn checkpoint(pool: &PgPool, projection: Projection) -> sqlx::Result<Option<Checkpoint>> {
    let text = format!(
        "select position, failure, (select count(*) from {projection}.parked) as parked from {projection}.checkpoint"
    );
    match sqlx::query_as(&text).fetch_optional(pool).await {
        Err(error) if schema::is_missing(&error) => Ok(None),
        outcome => outcome,
    }
}
