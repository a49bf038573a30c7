//! Transactions that may be cancelled.

use sqlx::{PgPool, Postgres, Transaction};

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
