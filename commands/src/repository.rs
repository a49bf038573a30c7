//! The repository of cqrs-es over our log: it reads through postgres-es and writes through the appender.

use std::sync::Mutex;

use cqrs_es::Aggregate;
use cqrs_es::persist::{
    PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot,
};
use domain::{DecodeError, upcast};
use postgres_es::PostgresEventRepository;
use serde_json::Value;

use crate::log::{
    AppendError, Appended, Draft, EventLog, FirstAnswer, Lane, SealContext, SealError, open_value,
};

/// Made for one command: it carries the command's first answer to the appender, and the result of the append, which
/// cqrs-es cannot return, to the caller.
pub(crate) struct LedgerRepository<'a> {
    log: &'a EventLog,
    stock: PostgresEventRepository,
    answer: Option<FirstAnswer>,
    lane: Lane,
    receipt: &'a Receipt,
}

/// The result of the append.
#[derive(Default)]
pub(crate) struct Receipt(Mutex<Option<Result<Appended, AppendError>>>);

impl Receipt {
    pub(crate) fn take(&self) -> Option<Result<Appended, AppendError>> {
        self.0.lock().ok().and_then(|mut cell| cell.take())
    }

    fn put(&self, outcome: Result<Appended, AppendError>) {
        if let Ok(mut cell) = self.0.lock() {
            *cell = Some(outcome);
        }
    }
}

impl<'a> LedgerRepository<'a> {
    pub(crate) fn new(
        log: &'a EventLog,
        answer: Option<FirstAnswer>,
        lane: Lane,
        receipt: &'a Receipt,
    ) -> Self {
        Self { log, stock: PostgresEventRepository::new(log.pool().clone()), answer, lane, receipt }
    }

    async fn open(&self, mut event: SerializedEvent) -> Result<SerializedEvent, PersistenceError> {
        let context = SealContext {
            aggregate_type: &event.aggregate_type,
            aggregate_id: &event.aggregate_id,
            sequence: event.sequence as i64,
        };
        let payload =
            open_value(self.log.keys(), event.payload.take(), context).await.map_err(
                |error| match error {
                    SealError::Forged => {
                        PersistenceError::DeserializationError(Box::new(DecodeError::Sealed))
                    }
                    other => PersistenceError::UnknownError(Box::new(other)),
                },
            )?;
        event.payload = upcast(&event.event_type, &event.event_version, payload)
            .map_err(|error| PersistenceError::DeserializationError(Box::new(error)))?;
        Ok(event)
    }
}

impl PersistedEventRepository for LedgerRepository<'_> {
    async fn get_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let mut events = Vec::new();
        for event in self.stock.get_events::<A>(aggregate_id).await? {
            events.push(self.open(event).await?);
        }
        Ok(events)
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let mut events = Vec::new();
        for event in self.stock.get_last_events::<A>(aggregate_id, last_sequence).await? {
            events.push(self.open(event).await?);
        }
        Ok(events)
    }

    /// Never called: the snapshot store applies every event twice, so only the event store is used.
    async fn get_snapshot<A: Aggregate>(
        &self,
        _: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Ok(None)
    }

    /// cqrs-es calls this with no events too, when `decide` has nothing to say: the first answer is kept all the same.
    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        _: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        if events.is_empty() && self.answer.is_none() {
            return Ok(());
        }
        let drafts = events.iter().map(draft).collect::<Result<_, _>>()?;
        let outcome = self.log.writer().append(drafts, self.answer.clone(), self.lane).await;
        let told = match &outcome {
            Ok(_) => Ok(()),
            Err(AppendError::Conflict) => Err(PersistenceError::OptimisticLockError),
            Err(error) => Err(PersistenceError::UnknownError(error.to_string().into())),
        };
        self.receipt.put(outcome);
        told
    }

    async fn stream_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<ReplayStream, PersistenceError> {
        self.stock.stream_events::<A>(aggregate_id).await
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        self.stock.stream_all_events::<A>().await
    }
}

fn draft(event: &SerializedEvent) -> Result<Draft, PersistenceError> {
    Ok(Draft {
        aggregate_type: event.aggregate_type.clone(),
        aggregate_id: event.aggregate_id.clone(),
        sequence: event.sequence as i64,
        event_type: event.event_type.clone(),
        event_version: event.event_version.clone(),
        payload: serde_json::to_string(&event.payload)?,
        metadata: serde_json::from_value(event.metadata.clone())?,
    })
}
