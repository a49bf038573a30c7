//! What becomes of the rows that one provider was given, once it has answered.
//!
//! A refusal is proof that nothing was sent, so the row may go to another provider, or wait, without doubling anything.
//! One that would end its delivery is held for a moment in memory: those that follow may show that it is about us. Until
//! then its row is claimed and no longer marked as started, so that a crash leaves it waiting and not in doubt; it is sent
//! again, and refused again.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::{FailureClass, Outcome};
use tokio::time::Instant;

use super::clerk::{Clerk, Marked, Receipt};
use super::pump::Counter;
use super::refused_rows::RefusedRows;
use super::verdict::{OWN_REST, Verdict};
use crate::options::DispatcherOptions;
use crate::provider::breaker::{REFUSALS_REST_MAX, REFUSED_ADDRESSES_REST};
use crate::provider::streak::{Refusal, Ruling, Wording, is_counted};
use crate::provider::{Accepted, Failure, RetryAdvice, SendFailure};
use crate::queue::QueueRow;
use crate::queue::settle::Decision;

/// How long after its first refusal in an attempt a row waits for another provider at most: longer than any rest, so that the
/// other is tried several times.
const ELSEWHERE_WAIT_MAX: TimeDelta = TimeDelta::minutes(5);

/// Records what came of the sends of one provider. Cheap to clone.
#[derive(Clone)]
pub(super) struct Outcomes {
    pub(super) counters: Arc<Vec<Counter>>,
    /// Which of the counters the provider is.
    pub(super) place: usize,
    pub(super) clerk: Clerk,
    pub(super) refused_rows: Arc<RefusedRows>,
    pub(super) options: DispatcherOptions,
}

/// A send that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) began_at: DateTime<Utc>,
    /// The started mark, and when it was answered, if it was asked for.
    pub(super) marked: Option<(Marked, Instant)>,
}

/// A row that its provider provably did not take.
#[derive(Debug)]
pub(super) struct RefusedRow {
    pub(super) row: QueueRow,
    failure: Failure,
    marked_at: Option<Instant>,
}

/// Whom a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// What its code says.
    ItsClass,
    /// Us: the same is said to everybody.
    Us,
}

impl Outcomes {
    /// Records the end of a send. The receipt says when the row is no longer marked as started.
    pub(super) async fn record(
        &self,
        row: QueueRow,
        sent: Sent,
        result: Result<Accepted, SendFailure>,
    ) -> Option<Receipt> {
        let gate = self.counter().provider.gate();
        gate.learn(&result, self.now());
        if result.is_ok() {
            let about_their_recipients = self.counter().streaks().accepted(sent.began_at);
            self.settle_all(about_their_recipients, About::ItsClass).await;
        }
        let marked_at = sent.marked.map(|(_, at)| at);
        match result {
            Err(SendFailure::Unsent(failure)) => self.refused(RefusedRow { row, failure, marked_at }).await,
            result => match (Verdict::of_answer(&gate.name, result), sent.marked) {
                (Some(outcome), _) => {
                    Some(self.clerk.settle(row, Decision::Outcome(outcome), marked_at).await)
                }
                (None, Some((Marked::Lost, _))) => {
                    self.clerk.let_go(&row);
                    None
                }
                // Not known to be marked or too late, and known to be unsent.
                (None, _) => Some(self.release(row).await),
            },
        }
    }

    /// Settles the refusals that were held long enough for others to follow.
    pub(super) async fn settle_overdue(&self) {
        let overdue = self.counter().streaks().overdue(self.now());
        self.settle_all(overdue, About::ItsClass).await;
    }

    /// A row that could not be sent for reasons of our own waits a moment.
    pub(super) async fn release(&self, row: QueueRow) -> Receipt {
        self.release_until(row, self.now() + OWN_REST).await
    }

    /// A row waits until then, its attempts untouched.
    pub(super) async fn release_until(&self, row: QueueRow, due_at: DateTime<Utc>) -> Receipt {
        self.clerk.settle(row, Decision::Release { due_at }, None).await
    }

    async fn refused(&self, refused: RefusedRow) -> Option<Receipt> {
        if !is_counted(&refused.failure) {
            return Some(self.settle(refused, About::ItsClass).await);
        }
        let refusal = refused.refusal();
        let class = refusal.class;
        // A row that waits or goes elsewhere is not lost by this refusal, and a row that the provider had taken cannot be
        // sent again: neither is held.
        if !self.would_end(&refused) || refused.failure.advice == RetryAdvice::Never {
            let ruling = self.counter().streaks().refused(refusal, None, self.now());
            self.apply(ruling, class).await;
            return Some(self.settle(refused, About::ItsClass).await);
        }
        let unmarked = refused.marked_at.is_some().then(|| refused.row.clone());
        let ruling = self.counter().streaks().refused(refusal, Some(refused), self.now());
        match (ruling, unmarked) {
            (Ruling::Open, Some(row)) => {
                Some(self.clerk.unmark(&row, &self.counter().provider.gate().name).await)
            }
            (Ruling::Open, None) => None,
            (ruling, _) => self.apply(ruling, class).await,
        }
    }

    /// Whether the refusal, taken at its word, is the end of the delivery.
    fn would_end(&self, RefusedRow { row, failure, .. }: &RefusedRow) -> bool {
        let decision = self.verdict(row, About::ItsClass).unsent(row, self.name(), failure.clone());
        matches!(decision, Decision::Outcome(Outcome::Failed(_)))
    }

    /// Settles what a ruling is about; the receipt is that of the last one, which is the newest.
    async fn apply(&self, ruling: Ruling<RefusedRow>, class: FailureClass) -> Option<Receipt> {
        match ruling {
            Ruling::Open => None,
            Ruling::Recipient(refused) => self.settle_all(refused, About::ItsClass).await,
            Ruling::Us(refused) if self.is_said_elsewhere_too(class) => {
                self.settle_all(refused, About::ItsClass).await
            }
            Ruling::Us(refused) => {
                let is_of_addresses = class == FailureClass::PermanentAddress;
                let longest = if is_of_addresses { REFUSED_ADDRESSES_REST } else { REFUSALS_REST_MAX };
                self.counter().provider.gate().learn_that_it_refuses_everybody(longest, self.now());
                self.settle_all(refused, About::Us).await
            }
        }
    }

    /// Two providers that refuse one address after the other are right: it is a list of dead ones. To leave both alone
    /// would hold up everybody else.
    fn is_said_elsewhere_too(&self, class: FailureClass) -> bool {
        let now = self.now();
        let refuses = |counter: &Counter| counter.provider.gate().breaker.is_refusing_everybody(now);
        class == FailureClass::PermanentAddress && self.others().any(|(_, counter)| refuses(counter))
    }

    async fn settle_all(
        &self,
        refused: impl IntoIterator<Item = RefusedRow>,
        about: About,
    ) -> Option<Receipt> {
        let mut last = None;
        for refused in refused {
            last = Some(self.settle(refused, about).await);
        }
        last
    }

    async fn settle(&self, RefusedRow { row, failure, marked_at }: RefusedRow, about: About) -> Receipt {
        let verdict = self.verdict(&row, about);
        let next_attempt = verdict.next_attempt(&row, &failure);
        let decision = verdict.unsent(&row, self.name(), failure);
        if matches!(decision, Decision::Release { .. }) {
            self.refused_rows.note(&row, self.place, waits_until(verdict.now, next_attempt));
        }
        self.clerk.settle(row, decision, marked_at).await
    }

    fn verdict(&self, row: &QueueRow, about: About) -> Verdict<'_> {
        let now = self.now();
        Verdict {
            now,
            chance: (self.options.chance)(),
            retry_waits: self.options.retry_waits.as_deref(),
            elsewhere_at: self.elsewhere_at(row, now).filter(|_| !self.refused_rows.has(row, self.place)),
            is_about_us: about == About::Us,
        }
    }

    /// When one of the other providers that have not refused the row in this attempt can take it: now, or after a rest. None
    /// if there is no such provider, or the row has waited for it long enough or would wait past its expiry.
    pub(super) fn elsewhere_at(&self, row: &QueueRow, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let left = self.others().filter(|(place, _)| !self.refused_rows.has(row, *place));
        let able_at = left.map(|(_, counter)| counter.able_at(now)).min()?;
        let waits_until = self.refused_rows.waits_until(row).unwrap_or(now + ELSEWHERE_WAIT_MAX);
        let may_wait = able_at <= waits_until && row.is_in_time(able_at);
        (able_at <= now || may_wait).then_some(able_at)
    }

    fn others(&self) -> impl Iterator<Item = (usize, &Counter)> {
        self.counters.iter().enumerate().filter(|(place, _)| *place != self.place)
    }

    pub(super) fn counter(&self) -> &Counter {
        &self.counters[self.place]
    }

    fn name(&self) -> String {
        self.counter().provider.gate().name.clone()
    }

    fn now(&self) -> DateTime<Utc> {
        (self.options.clock)()
    }
}

/// Until when a row that is refused now waits for another provider: no longer than its own schedule would let it wait, for
/// the first provider may work again by then.
fn waits_until(now: DateTime<Utc>, next_attempt: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let latest = now + ELSEWHERE_WAIT_MAX;
    next_attempt.map_or(latest, |next| next.min(latest))
}

impl RefusedRow {
    fn refusal(&self) -> Refusal {
        Refusal {
            wording: Wording::of(&self.failure, [&self.row.address, &self.row.name]),
            class: self.failure.class(),
            recipient: self.row.address.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
    }

    #[test]
    fn a_refused_row_waits_for_another_provider_no_longer_than_for_its_next_attempt_or_five_minutes() {
        assert_eq!(waits_until(at(0), Some(at(60))), at(60));
        assert_eq!(waits_until(at(0), Some(at(86_400))), at(300), "a provider asked for a day");
        assert_eq!(waits_until(at(0), None), at(300), "it would fail");
    }
}
