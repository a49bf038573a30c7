//! An event log with its broker and nothing else: the fixture of relay and feed tests.

use std::collections::HashMap;

use async_nats::jetstream;
use commands::broker::Broker;
use commands::clock;
use commands::log::{AppendError, Draft, EventLog, Feed, Lane, MasterKey};
use commands::relay::{Relay, Step};
use domain::Position;
use domain::company::{CompanyEvent, CompanyProfile};
use sqlx::PgPool;
use tokio::time::timeout;

use super::HANG;
use super::servers;
use super::world::MASTER;

/// The largest append of [`Ledger::write`], in events.
const APPEND_EVENTS_MAX: usize = 250;
/// The bound on steps of [`Ledger::relay_all`]: far more than needed.
const STEPS_MAX: usize = 1_000;

/// A log on a database of its own.
pub struct Ledger {
    /// The log.
    pub log: EventLog,
    /// Its broker.
    pub broker: Broker,
    database_url: String,
    nats_url: String,
}

impl Ledger {
    /// A log on the shared servers of all tests.
    pub async fn start() -> Self {
        let nats_url = servers::shared().await.nats_url().expect("a broker").to_owned();
        Self::on(servers::database().await, nats_url).await
    }

    /// A log on given servers; the database is migrated.
    pub async fn on(database_url: String, nats_url: String) -> Self {
        let broker = Broker::connect(&nats_url).await.expect("the broker's URL");
        let log = open(&database_url).await;
        let ledger = Self { log, broker, database_url, nats_url };
        ledger.connected().await;
        ledger
    }

    /// The same log, opened as by another process.
    pub async fn elsewhere(&self) -> EventLog {
        open(&self.database_url).await
    }

    /// The same fixture, opened as by another process.
    pub async fn same_elsewhere(&self) -> Self {
        Self::on(self.database_url.clone(), self.nats_url.clone()).await
    }

    /// Appends so many events. Returns the position of the last one.
    pub async fn write(&self, events: usize) -> Position {
        self.try_write(events).await.expect("the events are appended")
    }

    /// The same, while the database may be unavailable.
    pub async fn try_write(&self, events: usize) -> Result<Position, AppendError> {
        let drafts: Vec<Draft> = (0..events).map(|_| draft()).collect();
        for some in drafts.chunks(APPEND_EVENTS_MAX) {
            self.log.writer().append(some.to_vec(), None, Lane::Bulk).await?;
        }
        Ok(self.log.reader().head().await?)
    }

    /// A relay that has not started.
    pub fn relay(&self) -> Relay {
        Relay::new(self.log.reader().clone(), self.broker.clone())
    }

    /// A feed as in another process, with no positions published in memory.
    pub async fn feed_elsewhere(&self) -> Feed {
        self.elsewhere().await.reader().feed(Some(self.broker.clone()), 0)
    }

    /// Appends events and reads them with a feed of another process, until the feed follows JetStream. A relay must be
    /// running.
    pub async fn follow_mirror(&self, feed: &mut Feed) {
        let taking_to_it = async {
            while !feed.is_mirrored() {
                let head = self.write(1).await;
                read_to(feed, head).await;
            }
        };
        timeout(HANG, taking_to_it).await.expect("the feed takes to the stream");
    }

    /// Steps until nothing is left to publish, restarting after failures. Returns how many events were published.
    pub async fn relay_all(&self, relay: &mut Relay) -> usize {
        let mut published = 0;
        for _ in 0..STEPS_MAX {
            match relay.step().await {
                Ok(Step::Published(events)) => published += events,
                Ok(Step::Idle) => return published,
                Ok(Step::Halted) => panic!("the relay halted: {:?}", relay.state().borrow()),
                Err(_) => tokio::task::yield_now().await,
            }
        }
        panic!("the relay does not come to an end");
    }

    /// A JetStream context on a separate connection.
    pub async fn jetstream(&self) -> jetstream::Context {
        let url: url::Url = self.nats_url.parse().expect("a URL");
        let (user, password) = (url.username().to_owned(), url.password().unwrap_or_default().to_owned());
        let options = async_nats::ConnectOptions::with_user_and_password(user, password);
        jetstream::new(options.connect(&self.nats_url).await.expect("the broker answers"))
    }

    /// The name of the stream.
    pub fn stream_name(&self) -> String {
        format!("MENSAJERIA_{}", self.log.reader().ledger().simple())
    }

    /// Waits until the stream ends where the log ends.
    pub async fn relayed(&self) {
        let (head, jetstream) =
            (self.log.reader().head().await.expect("the database answers"), self.jetstream().await);
        let catching_up = async {
            while self.last_sequence(&jetstream).await < Some(head) {
                tokio::task::yield_now().await;
            }
        };
        timeout(HANG, catching_up).await.expect("the relay catches up");
    }

    /// The last sequence; none without a stream.
    async fn last_sequence(&self, jetstream: &jetstream::Context) -> Option<Position> {
        let stream = jetstream.get_stream(self.stream_name()).await.ok()?;
        Some(stream.cached_info().state.last_sequence as Position)
    }

    /// Every message in the stream: its sequence, and its subject, headers and body as text.
    pub async fn messages(&self) -> Vec<(u64, String)> {
        let stream = self.jetstream().await.get_stream(self.stream_name()).await.expect("the stream");
        let state = &stream.cached_info().state;
        let mut messages = Vec::new();
        for sequence in state.first_sequence..=state.last_sequence {
            let message = stream.get_raw_message(sequence).await.expect("a message");
            let body = String::from_utf8_lossy(&message.payload).into_owned();
            messages.push((message.sequence, format!("{} {:?} {body}", message.subject, message.headers)));
        }
        messages
    }

    /// Asserts that every message in the stream is the event of its sequence, up to the head.
    pub async fn assert_mirrored(&self) {
        let stream = self.jetstream().await.get_stream(self.stream_name()).await.expect("the stream");
        let state = &stream.cached_info().state;
        let head = self.log.reader().head().await.expect("the database answers");
        assert_eq!(state.last_sequence as Position, head, "the stream ends where the log ends");
        let ids: HashMap<Position, uuid::Uuid> = sqlx::query_as("select position, event_id from events")
            .fetch_all(self.log.pool())
            .await
            .expect("the database answers")
            .into_iter()
            .collect();
        for sequence in state.first_sequence..=state.last_sequence {
            let message = stream.get_raw_message(sequence).await.expect("a message");
            let envelope: serde_json::Value = serde_json::from_slice(&message.payload).expect("JSON");
            assert_eq!(envelope["position"], sequence);
            assert_eq!(envelope["id"], ids[&(sequence as Position)].to_string());
        }
    }

    async fn connected(&self) {
        let connecting = async {
            while !self.broker.is_connected() {
                tokio::task::yield_now().await;
            }
        };
        timeout(HANG, connecting).await.expect("the broker is reached");
    }
}

/// Reads a feed to a position and asserts that every position came once, in order.
pub async fn read_to(feed: &mut Feed, position: Position) {
    let mut at = feed.position();
    while at < position {
        for event in feed.next().await.expect("the feed reads") {
            assert_eq!(event.position, at + 1);
            at = event.position;
        }
    }
}

async fn open(database_url: &str) -> EventLog {
    let pool = PgPool::connect(database_url).await.expect("the database answers");
    EventLog::open(pool, &MasterKey::new(MASTER)).await.expect("the log opens")
}

fn draft() -> Draft {
    let event = CompanyEvent::CompanyRegistered(CompanyProfile::default());
    Draft::of("company", clock::new_id(), 1, &event, HashMap::new()).expect("JSON")
}
