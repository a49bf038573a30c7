//! Reading the log: by position, by stream, as one aggregate's state.

use std::borrow::Cow;

use cqrs_es::Aggregate;
use domain::{DecodeError, Position, upcast};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use super::personal::{Place, keys_in};
use super::stored::{COLUMNS, StoredEvent};
use super::unseal::open_payload;
use super::{EventLog, SealError};

/// Why an aggregate cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database does not answer.
    #[error("failed to read the log: {0}")]
    Database(#[from] sqlx::Error),
    /// Personal data does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An event cannot be read by this version of the program.
    #[error("failed to decode an event: {0}")]
    Decode(#[from] DecodeError),
}

/// An aggregate as its stream folds to it.
#[derive(Debug)]
pub struct Loaded<A> {
    /// Its state; the default if nothing has happened yet.
    pub state: A,
    /// The sequence of its last event; 0 if nothing has happened yet.
    pub sequence: i64,
    /// The position of its first event; 0 if nothing has happened yet.
    pub first_position: Position,
    /// The position of its last event; 0 if nothing has happened yet.
    pub last_position: Position,
}

pub(super) async fn head(pool: &PgPool) -> sqlx::Result<Position> {
    sqlx::query_scalar("select coalesce(max(position), 0) from events").fetch_one(pool).await
}

impl EventLog {
    /// The position of the last committed event; 0 if there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn head(&self) -> sqlx::Result<Position> {
        let head = head(self.pool()).await?;
        self.committed(head);
        Ok(head)
    }

    /// At most `limit` events after a position, in order, sealed; poison among them stops nobody.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_after(&self, position: Position, limit: i64) -> sqlx::Result<Vec<StoredEvent>> {
        let text = format!("select {COLUMNS} from events where position > $1 order by position limit $2");
        sqlx::query_as(&text).bind(position).bind(limit).fetch_all(self.pool()).await
    }

    /// At most `limit` events of one stream after a sequence, in order, sealed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_stream(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        after_sequence: i64,
        limit: i64,
    ) -> sqlx::Result<Vec<StoredEvent>> {
        let text = format!(
            "select {COLUMNS} from events where aggregate_type = $1 and aggregate_id = $2 and sequence > $3
             order by sequence limit $4"
        );
        sqlx::query_as(&text)
            .bind(aggregate_type)
            .bind(aggregate_id)
            .bind(after_sequence)
            .bind(limit)
            .fetch_all(self.pool())
            .await
    }

    /// The events of some streams of these types between two positions, without those, in the order of the log, sealed. It
    /// costs what stands between the positions, however long the streams have become.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_streams(
        &self,
        types: &[&str],
        ids: &[String],
        (after, before): (Position, Position),
    ) -> sqlx::Result<Vec<StoredEvent>> {
        let text = format!(
            "with between as materialized (
               select {COLUMNS} from events where position > $3 and position < $4 and aggregate_type = any($1)
             )
             select {COLUMNS} from between where aggregate_id = any($2) order by position"
        );
        sqlx::query_as(&text).bind(types).bind(ids).bind(after).bind(before).fetch_all(self.pool()).await
    }

    /// At most `limit` events of one stream before a sequence, the last one first, sealed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_stream_back(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        before_sequence: i64,
        limit: i64,
    ) -> sqlx::Result<Vec<StoredEvent>> {
        let text = format!(
            "select {COLUMNS} from events where aggregate_type = $1 and aggregate_id = $2 and sequence < $3
             order by sequence desc limit $4"
        );
        sqlx::query_as(&text)
            .bind(aggregate_type)
            .bind(aggregate_id)
            .bind(before_sequence)
            .bind(limit)
            .fetch_all(self.pool())
            .await
    }

    /// An aggregate's state, straight from its stream.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub async fn load<A: Aggregate>(&self, aggregate_id: &str) -> Result<Loaded<A>, LoadError> {
        let stored = self.read_stream(A::TYPE, aggregate_id, 0, i64::MAX).await?;
        let mut loaded = Loaded { state: A::default(), sequence: 0, first_position: 0, last_position: 0 };
        if let Some(first) = stored.first() {
            loaded.first_position = first.position;
        }
        for event in stored {
            (loaded.sequence, loaded.last_position) = (event.sequence, event.position);
            let payload = self.open_text(&event.payload, event.place()).await?;
            let payload = serde_json::from_str(&payload).map_err(DecodeError::from)?;
            let payload = upcast(&event.event_type, &event.event_version, payload)?;
            loaded.state.apply(serde_json::from_value(payload).map_err(DecodeError::from)?);
        }
        Ok(loaded)
    }

    /// Unseals one payload that was read as a tree.
    pub(crate) async fn open_value(
        &self,
        payload: Value,
        aggregate_type: &str,
        aggregate_id: &str,
        sequence: i64,
    ) -> Result<Value, SealError> {
        let place = Place { aggregate_type, aggregate_id, sequence };
        match self.open_text(&serde_json::to_string(&payload).map_err(|_| SealError::Failed)?, place).await? {
            Cow::Borrowed(_) => Ok(payload),
            Cow::Owned(opened) => serde_json::from_str(&opened).map_err(|_| SealError::Failed),
        }
    }

    /// What is not sealed is left as it is.
    async fn open_text<'a>(&self, payload: &'a str, place: Place<'_>) -> Result<Cow<'a, str>, SealError> {
        let ids: Vec<Uuid> = keys_in(payload).collect();
        if ids.is_empty() {
            return Ok(Cow::Borrowed(payload));
        }
        open_payload(payload, place, &self.keyring().find(ids).await?).map(Cow::Owned)
    }

    /// The first answer to a command, and what was asked: `(fingerprint, answer, position)`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn first_answer(&self, command_id: Uuid) -> sqlx::Result<Option<(Vec<u8>, Value, Position)>> {
        sqlx::query_as("select fingerprint, answer, last_position from command_log where command_id = $1")
            .bind(command_id)
            .fetch_optional(self.pool())
            .await
    }
}
