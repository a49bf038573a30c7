//! Connections and transactions as every part of the program uses them.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};

/// A connection that was used within this time is not asked whether it still works: at thousands of statements a second
/// the question would cost as much as they do. One that broke meanwhile fails its statement, which every caller expects.
const TRUSTED_AFTER_USE: Duration = Duration::from_secs(1);

/// What every pool begins with.
pub fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new().test_before_acquire(false).before_acquire(|connection, state| {
        Box::pin(async move {
            if state.idle_for > TRUSTED_AFTER_USE {
                connection.ping().await?;
            }
            Ok(true)
        })
    })
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
