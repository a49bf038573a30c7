//! Settlement: what became of rows in hand, and the events that say so, in one transaction.

use std::time::Duration;

use chrono::{DateTime, Utc};
use commands::begin;
use commands::log::{AppendError, Draft, EventLog, LoadError, Sealed};
use domain::delivery::{Delivery, DeliveryCommand, DeliveryEvent, Outcome};
use sqlx::{PgPool, Postgres, Transaction};
use tokio::time::timeout;

use super::rows::{self, Requeue};
use super::unwritable::Unwritable;
use super::{QueueRow, RowState};
use crate::request::{RequestError, Requests};

/// After this a settlement's outcome is unknown. Asking again is safe: what was settled has another epoch or is gone.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many outcomes are appended at once, so that people never wait long behind a campaign for the ledger's lock.
const SETTLED_ROWS_MAX: usize = 250;
/// The aggregate type of deliveries.
const DELIVERY: &str = "delivery";

/// What is to become of one row.
#[derive(Debug, Clone)]
pub(crate) struct Settlement {
    pub(crate) row: QueueRow,
    /// Where the row must still stand; none where only the epoch matters.
    pub(crate) state: Option<RowState>,
    pub(crate) decision: Decision,
}

/// What is to become of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// Something happened to the delivery: an event, and unless it is deferred the row goes.
    Outcome(Outcome),
    /// Nothing happened: it waits again, its attempts untouched.
    Release {
        /// Not before this.
        due_at: DateTime<Utc>,
    },
}

impl Decision {
    /// How metrics call it.
    const fn name(&self) -> &'static str {
        match self {
            Self::Release { .. } => "released",
            Self::Outcome(Outcome::Accepted { .. }) => "accepted",
            Self::Outcome(Outcome::Deferred { .. }) => "deferred",
            Self::Outcome(Outcome::Failed(_)) => "failed",
            Self::Outcome(Outcome::Suppressed { .. }) => "suppressed",
            Self::Outcome(Outcome::InDoubt { .. }) => "in_doubt",
            Self::Outcome(Outcome::Cancelled) => "cancelled",
        }
    }
}

/// Why nothing is known to be settled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettleError {
    /// The database refused or is away.
    #[error("failed to settle: {0}")]
    Database(#[from] sqlx::Error),
    /// The outcomes could not be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A delivery's stream could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The notification could not be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No answer in time.
    #[error("the outcome of the settlement is unknown")]
    Unknown,
}

impl SettleError {
    /// Whether it may be the fault of one settlement, and not of the database.
    pub(crate) const fn may_be_of_one(&self) -> bool {
        matches!(
            self,
            Self::Load(LoadError::Seal(_) | LoadError::Decode(_))
                | Self::Append(AppendError::TooLarge | AppendError::Encode(_) | AppendError::Seal(_))
        )
    }
}

/// Settles rows.
#[derive(Clone)]
pub(crate) struct Settler {
    log: EventLog,
    pool: PgPool,
    requests: Requests,
    unwritable: Unwritable,
}

/// A row's new place in the queue, or none, and the event if there is one.
pub(super) struct Step<'a> {
    pub(super) settlement: &'a Settlement,
    pub(super) requeue: Option<Requeue>,
    pub(super) draft: Option<Draft>,
}

impl Settler {
    pub(crate) fn new(log: EventLog, pool: PgPool, requests: Requests) -> Self {
        Self { log, pool, requests, unwritable: Unwritable::default() }
    }

    /// Settles all of them together; where another wrote a stream's next event first, each alone, decided again.
    /// Rows that are no longer as they were stay untouched and have no event.
    pub(crate) async fn settle(&self, settlements: &[Settlement]) -> Result<(), SettleError> {
        for settlements in settlements.chunks(SETTLED_ROWS_MAX) {
            self.settle_together(settlements).await?;
        }
        Ok(())
    }

    async fn settle_together(&self, settlements: &[Settlement]) -> Result<(), SettleError> {
        let mut steps = Vec::with_capacity(settlements.len());
        for settlement in settlements {
            steps.push(self.step(settlement, Delivery::default(), settlement.row.sequence).await?);
        }
        match self.commit(steps).await {
            Err(SettleError::Append(AppendError::Conflict)) => self.settle_each(settlements).await,
            outcome => outcome,
        }
    }

    /// The same; those that cannot be written are left as they are, and do not keep the others from it. Returns how many
    /// could be written.
    pub(crate) async fn settle_all(&self, settlements: &[Settlement]) -> Result<usize, SettleError> {
        match self.settle(settlements).await {
            Ok(()) => Ok(settlements.len()),
            Err(error) if error.may_be_of_one() => self.settle_one_by_one(settlements).await,
            Err(error) => Err(error),
        }
    }

    async fn settle_one_by_one(&self, settlements: &[Settlement]) -> Result<usize, SettleError> {
        let mut settled = 0;
        for settlement in settlements {
            match self.settle(std::slice::from_ref(settlement)).await {
                Ok(()) => settled += 1,
                Err(error) if error.may_be_of_one() => self.tell(&error, &settlement.row),
                Err(error) => return Err(error),
            }
        }
        Ok(settled)
    }

    /// Whoever keeps the queue comes by such a row every second: once is enough.
    fn tell(&self, error: &SettleError, row: &QueueRow) {
        if self.unwritable.is_news(row) {
            tracing::error!(%error, delivery = %row.delivery_id, "an outcome cannot be recorded; its row stays");
        }
    }

    async fn settle_each(&self, settlements: &[Settlement]) -> Result<(), SettleError> {
        for settlement in settlements {
            let loaded = self.log.reader().load::<Delivery>(&settlement.row.delivery_id.to_string()).await?;
            let step = self.step(settlement, loaded.state, loaded.sequence).await?;
            self.commit(vec![step]).await?;
        }
        Ok(())
    }

    async fn step<'a>(
        &self,
        settlement: &'a Settlement,
        state: Delivery,
        sequence: i64,
    ) -> Result<Step<'a>, SettleError> {
        let event = event_of(settlement, &state);
        let requeue = requeue(settlement, event.as_ref(), sequence);
        let draft = match event {
            Some(event) => Some(self.draft(&settlement.row, sequence + 1, &event).await?),
            None => None,
        };
        Ok(Step { settlement, requeue, draft })
    }

    async fn draft(
        &self,
        row: &QueueRow,
        sequence: i64,
        event: &DeliveryEvent,
    ) -> Result<Draft, SettleError> {
        let metadata = self.requests.metadata_of_outcomes(row).await?;
        Ok(Draft::of(DELIVERY, row.delivery_id, sequence, event, metadata).map_err(AppendError::from)?)
    }

    async fn commit(&self, steps: Vec<Step<'_>>) -> Result<(), SettleError> {
        timeout(SETTLE_TIMEOUT, self.try_commit(steps)).await.unwrap_or(Err(SettleError::Unknown))
    }

    /// The rows first, then the ledger's lock and their events. Where somebody else settled some of the rows first, again
    /// without those: events are sealed before the transaction, which must not wait for keys.
    async fn try_commit(&self, mut steps: Vec<Step<'_>>) -> Result<(), SettleError> {
        while !steps.is_empty() {
            let drafts = steps.iter().filter_map(|step| step.draft.clone()).collect();
            let sealed = self.log.writer().seal(drafts, None).await?;
            let mut tx = begin(&self.pool).await?;
            let touched = rows::settle(&mut tx, &steps).await?;
            if touched.len() == steps.len() {
                return self.append(tx, &sealed, &steps).await;
            }
            tx.rollback().await?;
            steps = only(steps, &touched);
        }
        Ok(())
    }

    async fn append(
        &self,
        mut tx: Transaction<'_, Postgres>,
        sealed: &Sealed,
        steps: &[Step<'_>],
    ) -> Result<(), SettleError> {
        fail::fail_point!("settle::before_commit", |_| std::process::abort());
        if sealed.is_empty() {
            tx.commit().await?;
        } else {
            let appended = self.log.writer().append_in(&mut tx, sealed).await?;
            tx.commit().await?;
            self.log.writer().committed_in(sealed, appended);
        }
        fail::fail_point!("settle::committed", |_| std::process::abort());
        let takes_effect = |step: &&Step<'_>| step.draft.is_some() || step.requeue.is_some();
        steps.iter().filter(takes_effect).for_each(|step| count(step.settlement));
        Ok(())
    }
}

/// The steps at these places, which are in order.
fn only<'a>(steps: Vec<Step<'a>>, places: &[usize]) -> Vec<Step<'a>> {
    let steps = steps.into_iter().enumerate();
    steps.filter(|(place, _)| places.binary_search(place).is_ok()).map(|(_, step)| step).collect()
}

fn count(Settlement { row, decision, .. }: &Settlement) {
    let (channel, outcome) = (row.channel.as_str(), decision.name());
    metrics::counter!("mensajeria_sends_total", "channel" => channel, "outcome" => outcome).increment(1);
}

/// What is recorded of the delivery. An outcome that comes too late, because the generation is settled already, is
/// none: only the row goes.
fn event_of(settlement: &Settlement, state: &Delivery) -> Option<DeliveryEvent> {
    let Decision::Outcome(outcome) = &settlement.decision else { return None };
    let command = DeliveryCommand { attempt: settlement.row.attempt(), outcome: outcome.clone() };
    state.decide(command).ok()?.into_iter().next()
}

fn requeue(settlement: &Settlement, event: Option<&DeliveryEvent>, sequence: i64) -> Option<Requeue> {
    match (&settlement.decision, event) {
        (Decision::Release { due_at }, _) => Some(Requeue {
            due_at: *due_at,
            attempt: settlement.row.attempt,
            sequence: settlement.row.sequence,
        }),
        (_, Some(DeliveryEvent::DeliveryDeferred { until, .. })) => {
            Some(Requeue { due_at: *until, attempt: settlement.row.attempt + 1, sequence: sequence + 1 })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::delivery::{Failure, FailureClass};

    use super::*;
    use crate::queue::row;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a valid time")
    }

    fn settlement(decision: Decision) -> Settlement {
        Settlement { row: row(1), state: None, decision }
    }

    fn deferred() -> Settlement {
        let failure =
            Failure { provider: None, class: FailureClass::Transient, code: "421".into(), text: "".into() };
        settlement(Decision::Outcome(Outcome::Deferred { until: at(60), failure }))
    }

    fn accepted() -> Settlement {
        settlement(Decision::Outcome(Outcome::Accepted { provider: "p".into(), reference: "r".into() }))
    }

    fn after(
        settlement: &Settlement,
        state: &Delivery,
        sequence: i64,
    ) -> (Option<DeliveryEvent>, Option<Requeue>) {
        let event = event_of(settlement, state);
        let requeue = requeue(settlement, event.as_ref(), sequence);
        (event, requeue)
    }

    fn settled() -> Delivery {
        let mut state = Delivery::default();
        let event = event_of(&accepted(), &state).expect("an outcome of an unsettled delivery");
        cqrs_fold(&mut state, event);
        state
    }

    fn cqrs_fold(state: &mut Delivery, event: DeliveryEvent) {
        cqrs_es::Aggregate::apply(state, event);
    }

    #[test]
    fn an_accepted_delivery_leaves_the_queue_with_an_event() {
        let (event, requeue) = after(&accepted(), &Delivery::default(), 0);
        assert!(
            matches!(event, Some(DeliveryEvent::DeliveryAccepted { attempt, .. }) if attempt.number == 1)
        );
        assert_eq!(requeue, None);
    }

    #[test]
    fn a_deferred_delivery_waits_for_its_next_attempt() {
        let (event, requeue) = after(&deferred(), &Delivery::default(), 4);
        assert!(event.is_some());
        assert_eq!(requeue, Some(Requeue { due_at: at(60), attempt: 1, sequence: 5 }));
    }

    #[test]
    fn a_released_row_waits_with_its_attempts_untouched_and_no_event() {
        let released = settlement(Decision::Release { due_at: at(5) });
        let (event, requeue) = after(&released, &Delivery::default(), 0);
        assert_eq!(event, None);
        assert_eq!(requeue, Some(Requeue { due_at: at(5), attempt: 0, sequence: 0 }));
    }

    #[test]
    fn an_outcome_that_comes_too_late_only_takes_the_row_away() {
        assert_eq!(after(&accepted(), &settled(), 1), (None, None));
        assert_eq!(after(&deferred(), &settled(), 1), (None, None));
    }
}
