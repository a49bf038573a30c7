//! All projectors and the rebuilder of a process.

use std::sync::Arc;

use commands::broker::Broker;
use commands::log::Reader;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::{Runner, Source, is_new, schema};
use crate::positions::Positions;
use crate::projection::Projection;
use crate::projector_of;
use crate::rebuild::Rebuilder;

/// The projectors of this process. They run until cancelled, each only while it leads. Dropping this ends them at once.
pub struct Projections {
    positions: Positions,
    tasks: JoinSet<()>,
    cancel: CancellationToken,
}

impl Projections {
    /// Starts a projector for every projection, and a rebuilder. Without a broker they follow PostgreSQL alone.
    pub fn start(log: Reader, broker: Option<Broker>, cancel: CancellationToken) -> Self {
        let (positions, following) = Positions::follow(log.pool().clone(), cancel.clone());
        let source = Arc::new(Source::new(log.clone(), broker));
        let mut tasks = JoinSet::new();
        tasks.spawn(following);
        for projection in Projection::ALL {
            let runner = Runner {
                projector: projector_of(&log, projection),
                log: log.clone(),
                source: Arc::clone(&source),
                positions: positions.clone(),
                cancel: cancel.clone(),
            };
            tasks.spawn(runner.run());
        }
        tasks.spawn(Rebuilder::new(log, cancel.clone()).run());
        Self { positions, tasks, cancel }
    }

    /// The position of each projection.
    pub const fn positions(&self) -> &Positions {
        &self.positions
    }

    /// Waits until all tasks have stopped after the cancellation. A task that stops before it ends the others.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() && self.cancel.is_cancelled() {}
    }
}

/// Whether the tables of every projection exist in this program's version and have been filled.
///
/// # Errors
/// When the database does not answer.
pub async fn is_ready(log: &Reader) -> sqlx::Result<bool> {
    let head = log.head().await?;
    let mut connection = log.pool().acquire().await?;
    for projection in Projection::ALL {
        let projector = projector_of(log, projection);
        match schema::checkpoint(&mut connection, projection.name()).await? {
            Some(checkpoint) if checkpoint.is_of(&*projector) && !is_new(checkpoint.position, head) => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}
