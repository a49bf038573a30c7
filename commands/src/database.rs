//! Connections and transactions as every part of the program uses them.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgPool, Postgres, Transaction};

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
