//! One step of the relay: find where the stream ends, read a page, publish it, check what the broker says of it.

use std::mem::{replace, take};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SEQUENCE;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use domain::Position;
use tokio::time::{Instant, timeout};

use super::halt::{first_position, recreate};
use super::{Halt, Relay, RelayState, Stuck};
use crate::broker::{BrokerError, MirrorError, REQUEST_TIMEOUT, Standing, create, events_subject, standing};
use crate::log::{StoredEvent, envelope};

/// How long the end of the stream is taken for granted: a stream that vanished while nothing happened is noticed then.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// After so many failures in a row at the same place, the stream is replaced.
const STUCK_TIMES_MAX: u32 = 3;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many events went into the stream.
    Published(usize),
    /// There was nothing to publish.
    Idle,
    /// The stream must not be written to; see [`super::RelayState::Halted`].
    Halted,
}

/// Why a step failed. The next one starts over from where the stream ends.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Stream and log could not be compared.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// An event was stored elsewhere than where it belongs.
    #[error("position {position} was acknowledged as sequence {sequence}")]
    OutOfStep {
        /// The event's position.
        position: Position,
        /// The sequence that the broker gave it.
        sequence: u64,
    },
}

impl From<BrokerError> for RelayError {
    fn from(error: BrokerError) -> Self {
        Self::Mirror(error.into())
    }
}

impl From<sqlx::Error> for RelayError {
    fn from(error: sqlx::Error) -> Self {
        Self::Mirror(error.into())
    }
}

impl Relay {
    /// Publishes at most one page. May be called again whatever it returned, and by several processes at once: the
    /// expected sequence lets each event in only once and only in its place.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn step(&mut self) -> Result<Step, RelayError> {
        let outcome = self.try_step().await;
        if let Err(error) = &outcome {
            self.count_failure(error);
            self.start_over();
        }
        outcome
    }

    /// Only what fails after the end of the stream was found is a failure to publish.
    fn count_failure(&mut self, error: &RelayError) {
        if matches!(error, RelayError::Mirror(MirrorError::Broker(_))) && self.last.is_some() {
            self.stuck.times += 1;
        }
    }

    /// Whether the stream takes nothing: it ends where it ended when publishing failed, again and again.
    fn is_stuck_at(&mut self, last: Position) -> bool {
        if self.stuck.at != last {
            self.stuck = Stuck { at: last, times: 0 };
        }
        self.stuck.times >= STUCK_TIMES_MAX
    }

    /// Forgets where the stream ended.
    pub(super) fn start_over(&mut self) {
        self.last = None;
        self.next_page.clear();
        self.unconfirmed.clear();
    }

    async fn try_step(&mut self) -> Result<Step, RelayError> {
        let Some(last) = self.end_of_stream().await? else { return Ok(Step::Halted) };
        let page = self.page_after(last).await?;
        let Some(end) = page.last().map(|event| event.position) else {
            confirm(take(&mut self.unconfirmed)).await?;
            self.reached(last);
            return Ok(Step::Idle);
        };
        let more = *self.head.borrow() > end;
        let sent = self.send_all(&page).await?;
        // The broker is not left idle while its answers travel: they are waited for when the next page is on its way.
        let due = replace(&mut self.unconfirmed, sent);
        let read_on = async { if more { self.read_after(end).await } else { Ok(Vec::new()) } };
        let (confirmed, next_page) = tokio::join!(confirm(due), read_on);
        confirmed?;
        if !more {
            confirm(take(&mut self.unconfirmed)).await?;
        }
        self.reached(end);
        self.next_page = next_page?;
        metrics::counter!("mensajeria_relay_published_total").increment(page.len() as u64);
        Ok(Step::Published(page.len()))
    }

    /// The stream's last sequence; none if it must not be written to.
    async fn end_of_stream(&mut self) -> Result<Option<Position>, RelayError> {
        if let Some((last, looked_at)) = self.last
            && looked_at.elapsed() < LOOK_INTERVAL
        {
            return Ok(Some(last));
        }
        confirm(take(&mut self.unconfirmed)).await?;
        self.start_over();
        let last = match standing(&self.log, &self.broker).await? {
            Standing::Agrees { last, .. } if self.is_stuck_at(last) => self.replace_stream(last).await?,
            Standing::Agrees { last, .. } => last,
            Standing::Absent => self.create_stream().await?,
            Standing::Ahead { last, head } => return Ok(self.halt(Halt::Ahead { last, head })),
            Standing::Differs { at } => return Ok(self.halt(Halt::Differs { at })),
        };
        if self.is_halted() {
            tracing::info!(last, "the relay goes on");
        }
        self.last = Some((last, Instant::now()));
        Ok(Some(last))
    }

    async fn create_stream(&self) -> Result<Position, RelayError> {
        let first = first_position(&self.log).await?;
        create(&self.broker, self.log.ledger(), first).await?;
        tracing::info!(first, "made the stream that mirrors the log");
        Ok(first - 1)
    }

    /// A server whose storage was taken away answers questions and stores nothing; only a new stream helps.
    async fn replace_stream(&mut self, last: Position) -> Result<Position, RelayError> {
        tracing::warn!(last, "the stream agrees with the log but takes no events: replacing it");
        self.stuck = Stuck::default();
        Ok(recreate(&self.log, &self.broker).await? - 1)
    }

    fn halt(&self, halt: Halt) -> Option<Position> {
        self.enter(RelayState::Halted(halt));
        None
    }

    fn reached(&mut self, position: Position) {
        if let Some((last, _)) = &mut self.last {
            *last = position;
        }
        let lag = (*self.head.borrow() - position).max(0);
        metrics::gauge!("mensajeria_relay_lag_positions").set(lag as f64);
        self.enter(RelayState::Following { position });
    }

    async fn page_after(&mut self, last: Position) -> sqlx::Result<Vec<StoredEvent>> {
        if !self.next_page.is_empty() {
            return Ok(take(&mut self.next_page));
        }
        // Seen before read: what is committed after this wakes the wait that follows.
        self.head.borrow_and_update();
        self.read_after(last).await
    }

    async fn read_after(&self, position: Position) -> sqlx::Result<Vec<StoredEvent>> {
        let own = self.log.recent_after(position);
        if own.is_empty() { self.log.page_after(position).await } else { Ok(own) }
    }

    /// Publishes a page without waiting in between. The broker takes each event only right after the one before it, so
    /// that what it says of the last is true of all; of the first it is asked too, because it alone says why it takes
    /// nothing.
    async fn send_all(&self, page: &[StoredEvent]) -> Result<Vec<Unconfirmed>, BrokerError> {
        fail::fail_point!("relay::before_publish", |_| std::process::abort());
        let mut asked = Vec::with_capacity(2);
        for (index, event) in page.iter().enumerate() {
            let is_asked = index == 0 || index + 1 == page.len();
            let sent = timeout(REQUEST_TIMEOUT, self.send(event, is_asked)).await;
            asked.extend(sent.map_err(|_| BrokerError::TimedOut)??.map(|ack| (event.position, ack)));
        }
        Ok(asked)
    }

    async fn send(
        &self,
        event: &StoredEvent,
        is_asked: bool,
    ) -> Result<Option<PublishAckFuture>, BrokerError> {
        let (ledger, jetstream) = (self.log.ledger(), self.broker.jetstream()?);
        let (subject, payload) = (events_subject(ledger, event), envelope::write(event, ledger));
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, (event.position - 1).to_string());
        if is_asked {
            let message = PublishMessage::build().headers(headers).payload(payload);
            return jetstream.send_publish(subject, message).await.map(Some).map_err(BrokerError::refused);
        }
        let sent = self.broker.client().publish_with_headers(subject, headers, payload).await;
        sent.map(|()| None).map_err(BrokerError::refused)
    }
}

/// An event on its way to the stream, of which the broker will speak.
pub(super) type Unconfirmed = (Position, PublishAckFuture);

/// Waits until the broker has taken a page, and checks that what it was asked of is where it belongs.
async fn confirm(asked: Vec<Unconfirmed>) -> Result<(), RelayError> {
    if asked.is_empty() {
        return Ok(());
    }
    for (position, ack) in asked {
        let sequence = ack.await.map_err(BrokerError::refused)?.sequence;
        if sequence != position as u64 {
            return Err(RelayError::OutOfStep { position, sequence });
        }
    }
    fail::fail_point!("relay::published", |_| std::process::abort());
    Ok(())
}
