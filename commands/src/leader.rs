//! Exactly one leader for a name across all processes: a session advisory lock on a connection of its own.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::time::{Instant, sleep, timeout};

/// How often a candidate asks whether the lock is free.
const CANDIDATE_INTERVAL: Duration = Duration::from_millis(250);
/// How long a leader trusts its connection before it looks again.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// A connection that takes longer to answer counts as lost.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The server must notice a leader whose machine died, and must not end one that is quiet.
const SESSION: &str = "set idle_session_timeout = 0; set tcp_keepalives_idle = 5; \
                       set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3";

/// The right to be the only one at work under a name in one database; dropping it gives it up.
///
/// It is no fence: a leader that was frozen learns late that it has been replaced, so what it writes must be
/// conditional as well.
#[derive(Debug)]
pub struct Leadership {
    connection: PgConnection,
    looked_at: Instant,
}

impl Leadership {
    /// Waits until nobody else leads under `name`, however long that takes and whether or not the database answers.
    pub async fn acquire(pool: &PgPool, name: &str) -> Self {
        let mut candidate = None;
        loop {
            let won = timeout(ANSWER_TIMEOUT, campaign(pool, name, &mut candidate)).await;
            if !matches!(won, Ok(Ok(false))) {
                let connection = candidate.take();
                if let (Ok(Ok(true)), Some(connection)) = (won, connection) {
                    tracing::info!(name, "leading");
                    return Self { connection, looked_at: Instant::now() };
                }
            }
            sleep(CANDIDATE_INTERVAL).await;
        }
    }

    /// Whether the lock is still ours. Asks the database at most once a second, so it may stand in a loop's condition;
    /// once false, always false.
    pub async fn still_held(&mut self) -> bool {
        if self.looked_at.elapsed() < LOOK_INTERVAL {
            return true;
        }
        let held = matches!(timeout(ANSWER_TIMEOUT, self.connection.ping()).await, Ok(Ok(())));
        if held {
            self.looked_at = Instant::now();
        }
        held
    }

    /// Waits until the lock is lost.
    pub async fn lost(&mut self) {
        while self.still_held().await {
            sleep(LOOK_INTERVAL).await;
        }
    }
}

/// Asks for the lock on the candidate's connection, which is made first if there is none.
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
    connection.execute(SESSION).await?;
    Ok(connection)
}

/// Advisory locks are a database's own, so the name alone tells leaders of one ledger apart.
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
