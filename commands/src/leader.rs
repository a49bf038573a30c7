//! Exactly one leader for a name across all processes: a session advisory lock on a connection of its own.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// How often a candidate tries to take the lock.
const CANDIDATE_INTERVAL: Duration = Duration::from_millis(250);
/// How often a leader sends a heartbeat to the server.
const BEAT_INTERVAL: Duration = Duration::from_secs(1);
/// A connection that takes longer to answer counts as lost.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// After this time without a heartbeat, because the leader is frozen or its machine is gone, the server ends the
/// session, and with it the lock.
const LEASE: Duration = Duration::from_secs(15);

/// Leadership under a name in one database; dropping it gives it up.
///
/// It is not a fence: a leader that was frozen learns late that it was replaced, so its writes must be conditional as
/// well.
#[derive(Debug)]
pub struct Leadership {
    lost: CancellationToken,
    _keeper: AbortOnDropHandle<()>,
}

impl Leadership {
    /// Waits until no other process leads under `name`, however long that takes and whether or not the database
    /// answers.
    pub async fn acquire(pool: &PgPool, name: &str) -> Self {
        let mut candidate = None;
        loop {
            let won = timeout(ANSWER_TIMEOUT, campaign(pool, name, &mut candidate)).await;
            if !matches!(won, Ok(Ok(false))) {
                let connection = candidate.take();
                if let (Ok(Ok(true)), Some(connection)) = (won, connection) {
                    tracing::info!(name, "leading");
                    return Self::keep(connection);
                }
            }
            sleep(CANDIDATE_INTERVAL).await;
        }
    }

    fn keep(connection: PgConnection) -> Self {
        let lost = CancellationToken::new();
        let keeper = tokio::spawn(beat(connection, lost.clone()));
        Self { lost, _keeper: AbortOnDropHandle::new(keeper) }
    }

    /// Runs `work` to its end, or drops it once the lock is lost and returns none, so that work on a server that is
    /// gone does not wait for ever.
    pub async fn while_held<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.lost.run_until_cancelled(work).await
    }

    /// Waits until the lock is lost.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }
}

/// Keeps the session, and the lock with it, until the server does not answer any more.
async fn beat(mut connection: PgConnection, lost: CancellationToken) {
    let _lost = lost.drop_guard();
    while matches!(timeout(ANSWER_TIMEOUT, connection.ping()).await, Ok(Ok(()))) {
        sleep(BEAT_INTERVAL).await;
    }
}

/// Tries to take the lock on the candidate's connection, which is opened first if there is none.
async fn campaign(pool: &PgPool, name: &str, candidate: &mut Option<PgConnection>) -> sqlx::Result<bool> {
    let connection = match candidate {
        Some(connection) => connection,
        None => candidate.insert(connect(pool, name).await?),
    };
    sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(key(name)).fetch_one(connection).await
}

async fn connect(pool: &PgPool, name: &str) -> sqlx::Result<PgConnection> {
    let options = (*pool.connect_options()).clone().application_name(&format!("mensajeria leader {name}"));
    let mut connection = PgConnection::connect_with(&options).await?;
    let lease = format!("set idle_session_timeout = {}", LEASE.as_millis());
    connection.execute(lease.as_str()).await?;
    Ok(connection)
}

/// Advisory locks belong to one database, so the name alone is a sufficient key.
fn key(name: &str) -> i64 {
    let hash = Sha256::new().chain_update("mensajeria leader ").chain_update(name).finalize();
    let first = hash.first_chunk().copied().expect("SHA-256 has more than eight bytes");
    i64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_lock_of_its_own() {
        assert_eq!(key("relay"), key("relay"));
        assert_ne!(key("relay"), key("intake"));
    }
}
