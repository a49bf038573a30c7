//! Connections and transactions as every part of the program uses them.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};
use tokio::time::timeout;

/// How long a connection may take to say that it still works. What stands between us and the server may have forgotten it,
/// and then no answer ever comes.
const TEST_TIMEOUT: Duration = Duration::from_secs(1);
/// Sessions that PostgreSQL ended: by an administrator's order, in a crash, while it starts or stops, because they were idle;
/// and the class of failed connections (PostgreSQL, appendix A).
const ENDED_SESSIONS: [&str; 6] = ["57P01", "57P02", "57P03", "57P05", "25P03", "08"];

/// What every pool begins with. A connection is tested each time before it is used, so that nobody's statement fails
/// because PostgreSQL was restarted or has ended the session meanwhile.
pub fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new().test_before_acquire(false).before_acquire(|connection, _| {
        Box::pin(async move { Ok(matches!(timeout(TEST_TIMEOUT, connection.ping()).await, Ok(Ok(())))) })
    })
}

/// Whether a statement failed because its connection was lost: nobody knows whether it was carried out.
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

/// Begins a transaction in a way that may be cancelled. sqlx 0.8 forgets a `BEGIN` whose future is dropped before its
/// answer: the connection goes back to the pool inside a transaction, and what the next one commits on it would be
/// answered and lost. On a task of its own the `BEGIN` is always answered, and an unwanted transaction rolled back.
///
/// # Errors
/// When the database does not answer.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    tokio::spawn(async move { pool.begin().await }).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// A connection for somebody who may be dropped in the middle of what sqlx 0.8 cannot go on after, such as a `BEGIN` or the
/// end of a `COPY`: the next user would be given its answer for his own. Unless it is given back, it is closed.
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

    /// Nothing is under way on it: others may have it.
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
