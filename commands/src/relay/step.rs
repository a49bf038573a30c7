//! One step of the relay: find the end of the stream, read a page, publish it, check the broker's acknowledgements.

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
use crate::broker::{
    BrokerError, MirrorError, REQUEST_TIMEOUT, StreamState, compare_stream, create, events_subject,
};
use crate::log::{StoredEvent, envelope};

/// How long a known end of the stream is trusted. A stream that vanished in a quiet time is noticed after this.
const END_TRUSTED_FOR: Duration = Duration::from_secs(5);

/// After this many failures in a row at the same end, the stream is replaced.
const STUCK_TIMES_MAX: u32 = 3;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// This many events were published.
    Published(usize),
    /// There was nothing to publish.
    Idle,
    /// The stream must not be written to; see [`super::RelayState::Halted`].
    Halted,
}

/// Why a step failed. The next step starts over at the end of the stream.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Stream and log could not be compared.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// An event was stored under another sequence than its position.
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
    /// Publishes at most one page. It may be called again whatever it returned, and by several processes at once: the
    /// expected sequence admits each event once and in its position only.
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

    /// Counts a failure to publish: one that happened after the end of the stream was found.
    fn count_failure(&mut self, error: &RelayError) {
        if matches!(error, RelayError::Mirror(MirrorError::Broker(_))) && self.last.is_some() {
            self.stuck.times += 1;
        }
    }

    /// Whether the stream stores nothing: its end has not moved through several failures to publish.
    fn is_stuck_at(&mut self, last: Position) -> bool {
        if self.stuck.at != last {
            self.stuck = Stuck { at: last, times: 0 };
        }
        self.stuck.times >= STUCK_TIMES_MAX
    }

    /// Forgets the end of the stream.
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
        // The acknowledgements of this page are awaited after the next page is sent, so that the broker is never idle.
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

    /// The stream's last sequence; none if the relay must halt.
    async fn end_of_stream(&mut self) -> Result<Option<Position>, RelayError> {
        if let Some((last, read_at)) = self.last
            && read_at.elapsed() < END_TRUSTED_FOR
        {
            return Ok(Some(last));
        }
        confirm(take(&mut self.unconfirmed)).await?;
        self.start_over();
        let last = match compare_stream(&self.log, &self.broker).await? {
            StreamState::Agrees { last, .. } if self.is_stuck_at(last) => self.replace_stream(last).await?,
            StreamState::Agrees { last, .. } => last,
            StreamState::Absent => self.create_stream().await?,
            StreamState::Ahead { last, head } => return Ok(self.halt(Halt::Ahead { last, head })),
            StreamState::Differs { at } => return Ok(self.halt(Halt::Differs { at })),
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

    /// A server whose storage was deleted still answers requests but stores nothing. Only a new stream helps.
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
        // The head is read before the log: a later commit then wakes the next wait.
        self.head.borrow_and_update();
        self.read_after(last).await
    }

    async fn read_after(&self, position: Position) -> sqlx::Result<Vec<StoredEvent>> {
        let own = self.log.recent_after(position);
        if own.is_empty() { self.log.page_after(position).await } else { Ok(own) }
    }

    /// Publishes a page without waiting in between. The broker stores each event only right after the one before it, so
    /// the acknowledgement of the last event holds for all. The first ack is awaited too: only it carries the reason of
    /// a rejection.
    async fn send_all(&self, page: &[StoredEvent]) -> Result<Vec<Unconfirmed>, BrokerError> {
        fail::fail_point!("relay::before_publish", |_| std::process::abort());
        let mut awaited = Vec::with_capacity(2);
        for (index, event) in page.iter().enumerate() {
            let wants_ack = index == 0 || index + 1 == page.len();
            let sent = timeout(REQUEST_TIMEOUT, self.send(event, wants_ack)).await;
            awaited.extend(sent.map_err(|_| BrokerError::TimedOut)??.map(|ack| (event.position, ack)));
        }
        Ok(awaited)
    }

    async fn send(
        &self,
        event: &StoredEvent,
        wants_ack: bool,
    ) -> Result<Option<PublishAckFuture>, BrokerError> {
        let (ledger, jetstream) = (self.log.ledger(), self.broker.jetstream()?);
        let (subject, payload) = (events_subject(ledger, event), envelope::write(event, ledger));
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, (event.position - 1).to_string());
        if wants_ack {
            let message = PublishMessage::build().headers(headers).payload(payload);
            return jetstream.send_publish(subject, message).await.map(Some).map_err(BrokerError::refused);
        }
        let sent = self.broker.client().publish_with_headers(subject, headers, payload).await;
        sent.map(|()| None).map_err(BrokerError::refused)
    }
}

/// A published event whose acknowledgement is still to arrive.
pub(super) type Unconfirmed = (Position, PublishAckFuture);

/// Waits for the acknowledgements of a page and checks that each event was stored under its own position.
async fn confirm(awaited: Vec<Unconfirmed>) -> Result<(), RelayError> {
    if awaited.is_empty() {
        return Ok(());
    }
    for (position, ack) in awaited {
        let sequence = ack.await.map_err(BrokerError::refused)?.sequence;
        if sequence != position as u64 {
            return Err(RelayError::OutOfStep { position, sequence });
        }
    }
    fail::fail_point!("relay::published", |_| std::process::abort());
    Ok(())
}
