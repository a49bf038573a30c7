//! Connections and transactions for every part of the program.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};
use tokio::time::timeout;

/// How long the test of a connection may take. A firewall between us and the server may have dropped it silently: then
/// no answer ever arrives.
const TEST_TIMEOUT: Duration = Duration::from_secs(1);
/// Sessions that PostgreSQL ended: by an administrator's order, in a crash, while it starts or stops, because they were idle;
/// and the class of failed connections (PostgreSQL, appendix A).
const ENDED_SESSIONS: [&str; 6] = ["57P01", "57P02", "57P03", "57P05", "25P03", "08"];

/// The options of every pool. A connection is tested each time before it is used, so that no statement fails because
/// PostgreSQL was restarted or has ended the session.
pub fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new().test_before_acquire(false).before_acquire(|connection, _| {
        Box::pin(async move { Ok(matches!(timeout(TEST_TIMEOUT, connection.ping()).await, Ok(Ok(())))) })
    })
}

/// Whether a statement failed because its connection was lost: it is not known whether the statement was executed.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            ENDED_SESSIONS.iter().any(|ended| code.starts_with(ended))
        }
        _ => false,
    }
}

/// Begins a transaction; may be cancelled. sqlx 0.8 forgets a `BEGIN` whose future is dropped before its answer: the
/// connection goes back to the pool inside a transaction, and the next user's commit would be acknowledged and lost. On
/// a task of its own the `BEGIN` is always answered, and an unwanted transaction rolled back.
///
/// # Errors
/// When the database does not answer.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    tokio::spawn(async move { pool.begin().await }).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// A connection for a future that may be cancelled in the middle of a `BEGIN` or of the end of a `COPY`. sqlx 0.8 would
/// give the outstanding answer to the next user of the connection. Unless it is given back, it is closed.
pub struct GuardedConnection(Option<PoolConnection<Postgres>>);

impl GuardedConnection {
    /// A connection of the pool.
    ///
    /// # Errors
    /// When there is none, or the database does not answer.
    pub async fn acquire(pool: &PgPool) -> sqlx::Result<Self> {
        pool.acquire().await.map(Some).map(Self)
    }

    /// Begins a transaction on it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(&mut self) -> sqlx::Result<Transaction<'_, Postgres>> {
        (**self).begin().await
    }

    /// Returns it to the pool. No statement may be under way on it.
    pub fn give_back(mut self) {
        self.0 = None;
    }
}

impl Deref for GuardedConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.as_ref().expect("it is here until it is given back")
    }
}

impl DerefMut for GuardedConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect("it is here until it is given back")
    }
}

impl Drop for GuardedConnection {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn only_a_connection_that_is_gone_leaves_the_outcome_open() {
        assert!(is_lost(&sqlx::Error::Io(ErrorKind::UnexpectedEof.into())));
        assert!(is_lost(&sqlx::Error::Protocol("cut in the middle".into())));
        assert!(!is_lost(&sqlx::Error::PoolTimedOut), "nothing was asked of anybody");
        assert!(!is_lost(&sqlx::Error::RowNotFound));
    }
}
