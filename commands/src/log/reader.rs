//! The reading side of the log: by position, by stream, as one aggregate's state, as a feed.

use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::Aggregate;
use domain::Position;
use domain::notification::Addressee;
use futures::Stream;
use serde_json::Value;
use sqlx::PgPool;
use tokio::sync::watch;
use uuid::Uuid;

use super::keys::Keys;
use super::open::Unsealing;
use super::recent::Recent;
use super::stored::{COLUMNS, StoredEvent};
use super::{Feed, FeedError, History, LoadError, Loaded, Recorded, SealError, SealedPerson};
use super::{history, load, open, page, people, publish_head};
use crate::broker::Broker;

/// Reads the log, and cannot append to it. Cheap to clone.
#[derive(Clone)]
pub struct Reader(Arc<Inner>);

struct Inner {
    pool: PgPool,
    ledger: Uuid,
    keys: Keys,
    head: watch::Sender<Position>,
    recent: Arc<Recent>,
}

impl Reader {
    /// A reader of the log in a migrated database.
    pub(super) async fn open(pool: PgPool, keys: Keys) -> sqlx::Result<Self> {
        let ledger = sqlx::query_scalar("select id from ledger").fetch_one(&pool).await?;
        let (head, _) = watch::channel(page::head(&pool).await?);
        Ok(Self(Arc::new(Inner { pool, ledger, keys, head, recent: Arc::default() })))
    }

    /// The database that the log is in.
    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// The id of this log, which its JetStream stream and subjects carry.
    pub fn ledger(&self) -> Uuid {
        self.0.ledger
    }

    /// The keys of the log.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// The position of the last committed event; 0 if there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn head(&self) -> sqlx::Result<Position> {
        let head = page::head(self.pool()).await?;
        self.learn_head(head);
        Ok(head)
    }

    /// Wakes on every commit of this process and on every commit announced by another. The value may lag behind the
    /// database.
    pub fn watch_head(&self) -> watch::Receiver<Position> {
        self.0.head.subscribe()
    }

    /// Follows the log after a position; without a broker, from PostgreSQL alone. The people of audiences stay sealed.
    pub fn feed(&self, broker: Option<Broker>, after: Position) -> Feed {
        Feed::new(self.clone(), broker, after)
    }

    /// The events of some aggregate types, or of all, after a position and no further than `end`, which must be
    /// committed: pages of them, bounded in events and bytes. The people of audiences stay sealed. The keys are read anew and
    /// not remembered, because a long history would push the keys out of memory that are in use.
    pub fn history(
        &self,
        after: Position,
        end: Position,
        types: Option<Vec<&'static str>>,
    ) -> impl Stream<Item = Result<History, FeedError>> + use<> {
        history::read(self.clone(), after, end, types)
    }

    /// At most `limit` events after a position, in order, as stored; an unreadable event among them does no harm.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_after(&self, position: Position, limit: i64) -> sqlx::Result<Vec<StoredEvent>> {
        let text = format!("select {COLUMNS} from events where position > $1 order by position limit $2");
        sqlx::query_as(&text).bind(position).bind(limit).fetch_all(self.pool()).await
    }

    /// The events at these positions, in order, as stored.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_at(&self, positions: &[Position]) -> sqlx::Result<Vec<StoredEvent>> {
        let text = format!("select {COLUMNS} from events where position = any($1) order by position");
        sqlx::query_as(&text).bind(positions).fetch_all(self.pool()).await
    }

    /// At most `limit` events of one stream after a sequence, in order, as stored.
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

    /// At most `limit` events of one stream before a sequence, the last one first, as stored.
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

    /// The events of some streams of these types between two positions, both exclusive, in the order of the log, as
    /// stored. The cost depends on the distance between the positions, not on the length of the streams.
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

    /// Unseals, upcasts and decodes stored events. An unreadable event is returned with the reason, and so is one that
    /// does not open under its key: a key that was tampered with spoils only its own events.
    ///
    /// # Errors
    /// When keys cannot be read.
    pub async fn open_events(&self, stored: Vec<StoredEvent>) -> Result<Vec<Recorded>, SealError> {
        open::open_events(self.keys(), stored, Unsealing::All).await
    }

    /// As [`Reader::open_events`], for those who follow the log: the people of audiences stay sealed.
    pub(super) async fn open_followed(&self, stored: Vec<StoredEvent>) -> Result<Vec<Recorded>, SealError> {
        open::open_events(self.keys(), stored, Unsealing::WithoutAudiences).await
    }

    /// Opens people of audiences, in order. Those that are erased, or do not open, are none.
    ///
    /// # Errors
    /// When keys cannot be read.
    pub async fn open_people(&self, people: Vec<SealedPerson>) -> Result<Vec<Option<Addressee>>, SealError> {
        people::open_people(self.keys(), people).await
    }

    /// An aggregate's state, folded from its stream.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub async fn load<A: Aggregate>(&self, aggregate_id: &str) -> Result<Loaded<A>, LoadError> {
        let stream = self.read_stream(A::TYPE, aggregate_id, 0, i64::MAX).await?;
        Ok(load::fold(self.keys(), stream).await?.remove(aggregate_id).unwrap_or_default())
    }

    /// The states of many aggregates by id, folded from their streams: two statements for all. Those without events are
    /// left out.
    ///
    /// # Errors
    /// When the streams cannot be read.
    pub async fn load_all<A: Aggregate>(
        &self,
        ids: &[String],
    ) -> Result<HashMap<String, Loaded<A>>, LoadError> {
        // A loop over the primary key, whatever PostgreSQL believes of a table that it has not counted yet.
        let text = format!(
            "select {COLUMNS} from unnest($2::text[]) as wanted (id)
             cross join lateral (
               select * from events where aggregate_type = $1 and aggregate_id = wanted.id order by sequence
             ) as events
             order by aggregate_id, sequence"
        );
        let streams = sqlx::query_as(&text).bind(A::TYPE).bind(ids).fetch_all(self.pool()).await?;
        load::fold(self.keys(), streams).await
    }

    /// The first answer to a command, with the fingerprint of its request: `(fingerprint, answer, position)`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn first_answer(&self, command_id: Uuid) -> sqlx::Result<Option<(Vec<u8>, Value, Position)>> {
        sqlx::query_as("select fingerprint, answer, last_position from command_log where command_id = $1")
            .bind(command_id)
            .fetch_optional(self.pool())
            .await
    }

    /// The events after a position, in order, as stored, as many as fit into a page.
    pub(crate) async fn page_after(&self, position: Position) -> sqlx::Result<Vec<StoredEvent>> {
        page::after(self.pool(), position).await
    }

    /// The events after a position that this process appended in the last seconds; none if another process wrote the
    /// next one.
    pub(crate) fn recent_after(&self, position: Position) -> Vec<StoredEvent> {
        self.0.recent.after(position)
    }

    /// Publishes a head that was learnt from another process, the database or the mirror.
    pub(crate) fn learn_head(&self, position: Position) {
        publish_head(&self.0.head, position);
    }

    /// The channel on which the writer publishes its commits.
    pub(super) fn head_and_recent(&self) -> (watch::Sender<Position>, Arc<Recent>) {
        (self.0.head.clone(), Arc::clone(&self.0.recent))
    }
}
