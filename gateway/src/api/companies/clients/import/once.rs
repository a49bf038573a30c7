//! One import for each idempotency key at a time: a repeated request waits a little for the first one's answer.

use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::problem::{Answer, Problem, Reason};

/// How long a repeated request waits for the first one.
const WAIT: &str = "set lock_timeout = '2s'";
/// The SQLSTATE of a lock that was not free in time (PostgreSQL, appendix A).
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// The exclusive right to run one command, released on drop. It is a session lock on a connection of its own, because
/// an import takes longer than a transaction may be idle.
pub(super) struct OnlyOne {
    _connection: PgConnection,
}

impl OnlyOne {
    /// Waits until no process runs the same command.
    ///
    /// # Errors
    /// 409 when one still does after the wait.
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
