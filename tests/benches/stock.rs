//! The peer of the write side: unmodified postgres-es, used directly, on its own stock table in its own database.

use std::time::Duration;

use commands::clock;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, CqrsFramework, DomainEvent};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tests::measurements::{Caller, Outcome, Sample, call_for};

use crate::world::{World, connect};

/// The peer's connections: its default is 10, and 32 gave its best figure on two cores.
const CONNECTIONS: u32 = 32;
/// The text of the small event on both sides.
pub(crate) const TEXT: &str = "Revisar el panel 4 de la zona norte";

/// The table of postgres-es's own README.
const TABLE: &str = "
create table events (
  aggregate_type text not null,
  aggregate_id text not null,
  sequence bigint check (sequence >= 0) not null,
  event_type text not null,
  event_version text not null,
  payload json not null,
  metadata json not null,
  primary key (aggregate_type, aggregate_id, sequence))";

/// postgres-es and its database.
pub(crate) struct Stock {
    pool: PgPool,
}

impl Stock {
    pub(crate) async fn prepare(world: &World) -> Outcome<Self> {
        let pool = connect(&world.database().await?, CONNECTIONS).await?;
        sqlx::raw_sql(TABLE).execute(&pool).await?;
        Ok(Self { pool })
    }

    /// Runs one command with one event again and again, each on a new aggregate.
    pub(crate) async fn turn(&self, callers: usize, time: Duration) -> Outcome<Sample> {
        call_for(time, (0..callers).map(|_| StockCaller(self.pool.clone())).collect()).await
    }
}

struct StockCaller(PgPool);

impl Caller for StockCaller {
    async fn call(&mut self) -> Outcome<()> {
        let store = PersistedEventStore::new_event_store(PostgresEventRepository::new(self.0.clone()));
        let framework = CqrsFramework::<Note, _>::new(store, vec![], ());
        Ok(framework.execute(&clock::new_id().to_string(), Write).await?)
    }
}

/// The smallest possible aggregate.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note;

struct Write;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum NoteEvent {
    Written { text: String },
}

#[derive(Debug)]
struct Never;

impl std::fmt::Display for Never {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a note refuses nothing")
    }
}

impl std::error::Error for Never {}

impl DomainEvent for NoteEvent {
    fn event_type(&self) -> String {
        "Written".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Note {
    const TYPE: &'static str = "note";
    type Command = Write;
    type Event = NoteEvent;
    type Error = Never;
    type Services = ();

    async fn handle(&mut self, _: Write, (): &(), sink: &EventSink<Self>) -> Result<(), Never> {
        sink.write(NoteEvent::Written { text: TEXT.to_owned() }, self).await;
        Ok(())
    }

    fn apply(&mut self, _: NoteEvent) {}
}
