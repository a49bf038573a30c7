//! Executes commands. A stream that exists goes through the framework of cqrs-es over our log; a new stream is decided
//! directly. Conflicts are retried in one place.

use std::convert::Infallible;

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, AggregateError, CqrsFramework, DomainEvent};
use domain::DecodeError;
use serde_json::Value;

use crate::context::CommandContext;
use crate::log::{AppendError, Appended, Draft, EventLog, Sealed};
use crate::outcome::{CommandError, Done};
use crate::repository::{LedgerRepository, Receipt};

/// How many times a command is decided again after another writer wrote the stream's next event first.
const CONFLICT_TRIES_MAX: usize = 8;

impl EventLog {
    /// Gives a command to the aggregate with this id. `answer` is stored as the first answer for its idempotency key.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute<A>(
        &self,
        aggregate_id: &str,
        command: A::Command,
        context: &CommandContext,
        answer: &Value,
    ) -> Result<Done, CommandError<A::Error>>
    where
        A: Aggregate<Services = ()>,
        A::Command: Clone,
    {
        self.once(context, || self.try_execute::<A>(aggregate_id, command.clone(), context, answer)).await
    }

    /// Gives the first command to an aggregate with a new id. There is nothing to load, so the append is the only round
    /// trip to the database. The table's key prevents a second first event.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute_new<A>(
        &self,
        aggregate_id: &str,
        command: A::Command,
        context: &CommandContext,
        answer: &Value,
    ) -> Result<Done, CommandError<A::Error>>
    where
        A: Aggregate<Services = ()>,
        A::Command: Clone,
    {
        self.once(context, || self.execute_after::<A>(0, aggregate_id, command.clone(), context, answer))
            .await
    }

    /// Gives a command to an aggregate whose rules do not depend on its past: only the last sequence of its stream is
    /// read.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute_at_end<A>(
        &self,
        aggregate_id: &str,
        command: A::Command,
        context: &CommandContext,
        answer: &Value,
    ) -> Result<Done, CommandError<A::Error>>
    where
        A: Aggregate<Services = ()>,
        A::Command: Clone,
    {
        self.once(context, || async {
            let last = self.reader().read_stream_back(A::TYPE, aggregate_id, i64::MAX, 1).await?;
            let sequence = last.first().map_or(0, |event| event.sequence);
            self.execute_after::<A>(sequence, aggregate_id, command.clone(), context, answer).await
        })
        .await
    }

    /// Decides without the stream's past, and appends after this sequence.
    async fn execute_after<A>(
        &self,
        sequence: i64,
        aggregate_id: &str,
        command: A::Command,
        context: &CommandContext,
        answer: &Value,
    ) -> Result<Done, CommandError<A::Error>>
    where
        A: Aggregate<Services = ()>,
    {
        let drafts = decide_on(A::default(), sequence, aggregate_id, command, context).await?;
        self.append_decided(drafts, context, answer).await
    }

    /// Stores the first answer to a command that was executed without an event, such as the order of a rebuild.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn keep_answer(
        &self,
        context: &CommandContext,
        answer: &Value,
    ) -> Result<Done, CommandError<Infallible>> {
        self.append_decided(vec![], context, answer).await
    }

    async fn append_decided<E: std::error::Error>(
        &self,
        drafts: Vec<Draft>,
        context: &CommandContext,
        answer: &Value,
    ) -> Result<Done, CommandError<E>> {
        match self.writer().append(drafts, context.first_answer(answer), context.lane).await {
            Ok(appended) => Ok(Done::Now { position: appended.last }),
            Err(error) => self.after_append_error(error, context).await,
        }
    }

    /// Runs an attempt that decides against the current log. It runs again, a bounded number of times, when another
    /// writer was first. When the attempt is refused because the command was executed before, the first answer is
    /// returned. Not an `AsyncFn`: the compiler cannot yet prove the future of one to be `Send`.
    pub(crate) async fn once<T, E, F>(
        &self,
        context: &CommandContext,
        attempt: impl Fn() -> F,
    ) -> Result<T, CommandError<E>>
    where
        T: From<Done>,
        E: std::error::Error,
        F: Future<Output = Result<T, CommandError<E>>>,
    {
        for _ in 0..CONFLICT_TRIES_MAX {
            match attempt().await {
                Err(CommandError::Conflict) => {}
                Err(CommandError::Refused(refusal)) => {
                    let before = self.answered_before(context).await?.map(T::from);
                    return before.ok_or(CommandError::Refused(refusal));
                }
                outcome => return outcome,
            }
        }
        Err(CommandError::Conflict)
    }

    async fn try_execute<A>(
        &self,
        aggregate_id: &str,
        command: A::Command,
        context: &CommandContext,
        answer: &Value,
    ) -> Result<Done, CommandError<A::Error>>
    where
        A: Aggregate<Services = ()>,
    {
        let receipt = Receipt::default();
        let repository = LedgerRepository::new(self, context.first_answer(answer), context.lane, &receipt);
        let framework =
            CqrsFramework::<A, _>::new(PersistedEventStore::new_event_store(repository), vec![], ());
        let outcome = framework.execute_with_metadata(aggregate_id, command, context.metadata()).await;
        match (outcome, receipt.take()) {
            (Ok(()), Some(Ok(Appended { last, .. }))) => Ok(Done::Now { position: last }),
            (Ok(()), _) => Ok(Done::Now { position: self.reader().head().await? }),
            (Err(AggregateError::UserError(refusal)), _) => Err(CommandError::Refused(refusal)),
            (Err(_), Some(Err(error))) => self.after_append_error(error, context).await,
            (Err(AggregateError::AggregateConflict), _) => Err(CommandError::Conflict),
            (Err(AggregateError::DeserializationError(error)), _) => {
                Err(CommandError::Unreadable(decode_error(error)))
            }
            (Err(error), _) => Err(CommandError::unavailable(error.to_string())),
        }
    }

    /// The command error of a failed append.
    pub(crate) async fn after_append_error<E: std::error::Error>(
        &self,
        error: AppendError,
        context: &CommandContext,
    ) -> Result<Done, CommandError<E>> {
        match error {
            AppendError::Answered => self.answered_before(context).await?.ok_or(CommandError::Conflict),
            AppendError::Conflict => Err(CommandError::Conflict),
            AppendError::TooLarge => Err(CommandError::TooLarge),
            other => Err(CommandError::unavailable(other)),
        }
    }

    /// The first answer to this command, if it was executed before.
    ///
    /// # Errors
    /// [`CommandError::KeyReused`] when the idempotency key belongs to another request.
    pub async fn answered_before<E: std::error::Error>(
        &self,
        context: &CommandContext,
    ) -> Result<Option<Done>, CommandError<E>> {
        let Some(asked) = &context.idempotency else { return Ok(None) };
        let Some((fingerprint, answer, position)) = self.reader().first_answer(asked.command_id).await?
        else {
            return Ok(None);
        };
        if fingerprint != asked.fingerprint {
            return Err(CommandError::KeyReused);
        }
        Ok(Some(Done::Before { answer, position }))
    }

    /// Decides a command against the current stream without appending, for use cases that change other rows in the same
    /// transaction. An empty result means that nothing changes.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn decide<A>(
        &self,
        aggregate_id: &str,
        command: A::Command,
        context: &CommandContext,
    ) -> Result<Vec<Draft>, CommandError<A::Error>>
    where
        A: Aggregate<Services = ()>,
    {
        let loaded = self.reader().load::<A>(aggregate_id).await?;
        decide_on(loaded.state, loaded.sequence, aggregate_id, command, context).await
    }

    /// Seals the decided events and adds the first answer. Call it before the transaction begins.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn ready<E: std::error::Error>(
        &self,
        drafts: Vec<Draft>,
        context: &CommandContext,
        answer: &Value,
    ) -> Result<Sealed, CommandError<E>> {
        match self.writer().seal(drafts, context.first_answer(answer)).await {
            Ok(sealed) => Ok(sealed),
            Err(AppendError::TooLarge) => Err(CommandError::TooLarge),
            Err(error) => Err(CommandError::unavailable(error)),
        }
    }

    /// Appends sealed events in a transaction that changes other rows too, and commits.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn commit<E: std::error::Error>(
        &self,
        mut tx: sqlx::Transaction<'_, sqlx::Postgres>,
        sealed: &Sealed,
        context: &CommandContext,
    ) -> Result<Done, CommandError<E>> {
        match self.writer().append_in(&mut tx, sealed).await {
            Ok(appended) => {
                tx.commit().await?;
                self.writer().committed_in(sealed, appended);
                Ok(Done::Now { position: appended.last })
            }
            Err(error) => {
                drop(tx);
                self.after_append_error(error, context).await
            }
        }
    }
}

/// An error of cqrs-es about a stored event, without personal data.
fn decode_error(error: Box<dyn std::error::Error + Send + Sync>) -> DecodeError {
    match error.downcast::<DecodeError>() {
        Ok(error) => *error,
        Err(other) => DecodeError::Payload(serde::de::Error::custom(other)),
    }
}

/// Decides a command against a known state.
///
/// # Errors
/// [`CommandError::Refused`] by the rules.
pub async fn decide_on<A>(
    mut state: A,
    sequence: i64,
    aggregate_id: &str,
    command: A::Command,
    context: &CommandContext,
) -> Result<Vec<Draft>, CommandError<A::Error>>
where
    A: Aggregate<Services = ()>,
{
    let sink = cqrs_es::event_sink::EventSink::default();
    state.handle(command, &(), &sink).await.map_err(CommandError::Refused)?;
    let drafts = sink.collect().await.into_iter().zip(sequence + 1..);
    drafts.map(|(event, sequence)| draft::<A>(aggregate_id, sequence, &event, context)).collect()
}

fn draft<A: Aggregate>(
    aggregate_id: &str,
    sequence: i64,
    event: &impl DomainEvent,
    context: &CommandContext,
) -> Result<Draft, CommandError<A::Error>> {
    Draft::of(A::TYPE, aggregate_id, sequence, event, context.metadata()).map_err(CommandError::unavailable)
}
