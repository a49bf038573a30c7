//! One import a key at a time: who asks again while the first is under way waits a little for its answer.

use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::problem::{Answer, Problem, Reason};

/// How long the second waits for the first.
const WAIT: &str = "set lock_timeout = '2s'";
/// The SQLSTATE of a lock that was not free in time (PostgreSQL, appendix A).
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// The right to carry out what a key stands for, over when it is dropped. On a connection of its own: an import takes
/// longer than a transaction may stand still.
pub(super) struct OnlyOne {
    _connection: PgConnection,
}

impl OnlyOne {
    /// Waits until nobody else carries out the same, in whatever process.
    ///
    /// # Errors
    /// 409 when somebody still does after the wait.
    pub(super) async fn of(pool: &PgPool, command: Uuid) -> Answer<Self> {
        let options = (*pool.connect_options()).clone().application_name("mensajeria import");
        let mut connection = PgConnection::connect_with(&options).await?;
        sqlx::query(WAIT).execute(&mut connection).await?;
        sqlx::query("select pg_advisory_lock(hashtextextended($1, 0))")
            .bind(command.to_string())
            .execute(&mut connection)
            .await
            .map_err(still_running)?;
        Ok(Self { _connection: connection })
    }
}

fn still_running(error: sqlx::Error) -> Problem {
    match error.as_database_error().and_then(|error| error.code()).as_deref() {
        Some(LOCK_NOT_AVAILABLE) => Problem::conflict(Reason::KeyRunning),
        _ => error.into(),
    }
}
