//! What becomes of the jobs that one provider was given, once it has answered.
//!
//! A refusal is proof that nothing was sent, so the job may go to another provider, or wait, without doubling anything.
//! One that would end its delivery is held for a moment in memory: those that follow may show that it is about us. Until
//! then its start mark is taken back, so that a crash leaves it waiting and not in doubt; it is sent again, and refused
//! again.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::deliveries::{Cause, FailureClass, Outcome, SuppressionReason};
use tokio::time::{Instant, sleep};

use super::channel_route::{ChannelRoute, ProviderSlot};
use super::job::Job;
use super::pace::Pace;
use super::recorder::{Recorder, Started};
use super::verdict::{Decision, OWN_REST, Verdict};
use crate::options::DispatcherOptions;
use crate::provider::breaker::{REFUSALS_REST_MAX, REFUSED_ADDRESSES_REST};
use crate::provider::pulse::STALLED_AFTER;
use crate::provider::streak::{Refusal, Ruling, Wording, is_counted};
use crate::provider::{Accepted, End, Failure, RetryAdvice, SendFailure};
use crate::tasks::settle::Marked;

/// How long after its first refusal in an attempt a job waits for another provider at most: longer than any rest, so that
/// the other is tried several times.
const ELSEWHERE_WAIT_MAX: TimeDelta = TimeDelta::minutes(5);

/// How long a job that the provider cannot have accepted yet waits for a provider that does not answer, where another
/// works. A server that thinks for so long about one command answers others.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether a provider has stalled on a job that waits for it.
const STALL_LOOKED_AT_EVERY: Duration = Duration::from_millis(500);

/// Decides on the sends of one provider. Cheap to clone.
#[derive(Clone)]
pub(super) struct Outcomes {
    pub(super) route: Arc<ChannelRoute>,
    /// The provider's place in the route.
    pub(super) place: usize,
    pub(super) recorder: Recorder,
    pub(super) pace: Pace,
    pub(super) options: DispatcherOptions,
}

/// A send that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) began_at: DateTime<Utc>,
    /// The start mark, and when it was answered, if it was asked for.
    pub(super) marked: Option<(Marked, Instant)>,
    /// How long the provider took for it, without the start mark.
    pub(super) took: Duration,
}

/// A job that its provider provably did not take.
#[derive(Debug)]
pub(super) struct RefusedJob {
    pub(super) job: Job,
    failure: Failure,
    started: Option<Started>,
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// What its code says.
    ItsClass,
    /// Us: the same is said to everybody.
    Us,
}

impl Outcomes {
    /// Records the end of a send.
    pub(super) async fn record(&self, job: Job, sent: Sent, result: Result<Accepted, SendFailure>) {
        let gate = self.slot().provider.gate();
        gate.learn(&result, self.now());
        if result.is_ok() {
            gate.meter.accepted_after(sent.took);
            let about_their_recipients = self.slot().streaks().accepted(sent.began_at);
            self.settle_all(about_their_recipients, About::ItsClass).await;
        }
        let started = sent.marked.map(|(_, at)| Started(at));
        match result {
            Err(SendFailure::Unsent(failure)) => self.refused(RefusedJob { job, failure, started }).await,
            result => match Verdict::of_answer(&job, &gate.name, result) {
                Some(outcome) => self.settle(job, outcome, started).await,
                None => self.not_started(job, sent.marked.map(|(marked, _)| marked)).await,
            },
        }
    }

    /// Nothing was sent, because the start mark was refused or came too late.
    async fn not_started(&self, job: Job, marked: Option<Marked>) {
        match marked {
            Some(Marked::Lost) => tracing::debug!(?job, "a task was taken back before its send"),
            Some(Marked::Cancelled) => self.settle_unsent(job, Outcome::Cancelled).await,
            Some(Marked::Paused) => self.give_back(job).await,
            Some(Marked::Erased) => self.settle_unsent(job, ERASED).await,
            Some(Marked::TooOften) => self.settle_unsent(job, TOO_OFTEN).await,
            Some(Marked::Suppressed) => self.settle_unsent(job, SUPPRESSED).await,
            Some(Marked::Started) => {
                // Of a fenced owner nobody hands it out again.
                self.is_taken_back(&job).await;
                self.put_back_later(job);
            }
            Some(Marked::Unknown) | None => self.put_back_later(job),
        }
    }

    /// The notification of a job is paused: its task goes back to the queue, with all of its jobs that nobody has begun.
    pub(super) async fn give_back(&self, job: Job) {
        let waiting = self.route.buffer().withdraw(|other| Arc::ptr_eq(&other.task, &job.task));
        let members = waiting.iter().map(|other| other.member).chain([job.member]).collect();
        job.task.give_back(members);
        drop(self.recorder.release(&job.task).await);
    }

    /// Settles the refusals that were held long enough for others to follow.
    pub(super) async fn settle_overdue(&self) {
        let overdue = self.slot().streaks().overdue(self.now());
        self.settle_all(overdue, About::ItsClass).await;
    }

    /// Waits until the provider is passed over because nothing is heard from it. An alarm does not wait for it any longer
    /// then; other jobs wait for [`PATIENCE`] in all.
    pub(super) async fn passed_over(&self, is_alarm: bool) {
        sleep(if is_alarm { STALLED_AFTER } else { PATIENCE }).await;
        while !self.route.is_passed_over(self.place, self.now()) {
            sleep(STALL_LOOKED_AT_EVERY).await;
        }
    }

    /// A job that could not be sent for reasons of our own waits a moment.
    pub(super) fn put_back_later(&self, job: Job) {
        self.put_back(job, self.now() + OWN_REST);
    }

    /// A job waits until then, its attempts untouched.
    pub(super) fn put_back(&self, job: Job, not_before: DateTime<Utc>) {
        self.route.put_back([Job { not_before: Some(not_before), ..job }], self.now());
    }

    /// Records what became of a delivery without an attempt.
    pub(super) async fn settle_unsent(&self, job: Job, outcome: Outcome) {
        self.recorder.settle(&job.task, job.ended_unsent(outcome), None, None).await;
    }

    /// Nothing is sent after its time.
    pub(super) async fn settle_expired(&self, job: Job) {
        let expired = domain::deliveries::Failure { provider: None, cause: Cause::EXPIRED, detail: None };
        self.settle_unsent(job, Outcome::Failed(expired)).await;
    }

    async fn settle(&self, job: Job, outcome: Outcome, started: Option<Started>) {
        if let Some(end) = End::of(&outcome) {
            self.slot().provider.gate().meter.ended(end);
        }
        let spent = job.spent;
        self.recorder.settle(&job.task, job.ended(outcome), started, spent).await;
    }

    async fn refused(&self, mut refused: RefusedJob) {
        if !is_counted(&refused.failure) {
            return self.settle_refused(refused, About::ItsClass).await;
        }
        let refusal = refused.refusal();
        let class = refusal.class;
        // A job that waits or goes elsewhere is not lost by this refusal, and a job that the provider had taken cannot be
        // sent again: neither is held.
        if !self.would_end(&refused) || refused.failure.advice == RetryAdvice::Never {
            let ruling = self.slot().streaks().refused(refusal, None, self.now());
            self.apply(ruling, class).await;
            return self.settle_refused(refused, About::ItsClass).await;
        }
        // Before it is held: from then on another worker may settle it.
        if refused.started.is_some() {
            if !self.is_taken_back(&refused.job).await {
                return self.settle_late(refused).await;
            }
            refused.started = None;
        }
        let ruling = self.slot().streaks().refused(refusal, Some(refused), self.now());
        self.apply(ruling, class).await;
    }

    /// Whether the refusal, taken at its word, is the end of the delivery.
    fn would_end(&self, RefusedJob { job, failure, .. }: &RefusedJob) -> bool {
        let decision = self.verdict(job, About::ItsClass).unsent(job, self.name(), failure.clone());
        matches!(decision, Decision::Outcome(Outcome::Failed(_)))
    }

    /// Settles what a ruling is about.
    async fn apply(&self, ruling: Ruling<RefusedJob>, class: FailureClass) {
        match ruling {
            Ruling::Open => {}
            Ruling::Recipient(refused) => self.settle_all(refused, About::ItsClass).await,
            Ruling::Us(refused) if self.is_said_elsewhere_too(class) => {
                self.settle_all(refused, About::ItsClass).await;
            }
            Ruling::Us(refused) => {
                let is_of_addresses = class == FailureClass::PermanentAddress;
                let longest = if is_of_addresses { REFUSED_ADDRESSES_REST } else { REFUSALS_REST_MAX };
                self.slot().provider.gate().learn_that_it_refuses_everybody(longest, self.now());
                self.settle_all(refused, About::Us).await;
            }
        }
    }

    /// Two providers that refuse one address after the other are right: it is a list of dead ones. To leave both alone
    /// would hold up everybody else.
    fn is_said_elsewhere_too(&self, class: FailureClass) -> bool {
        let now = self.now();
        let refuses = |slot: &ProviderSlot| slot.provider.gate().breaker.is_refusing_everybody(now);
        class == FailureClass::PermanentAddress && self.others().any(|(_, slot)| refuses(slot))
    }

    async fn settle_all(&self, refused: impl IntoIterator<Item = RefusedJob>, about: About) {
        for refused in refused {
            self.settle_refused(refused, about).await;
        }
    }

    async fn settle_refused(&self, RefusedJob { mut job, failure, started }: RefusedJob, about: About) {
        let verdict = self.verdict(&job, about);
        let next_attempt = verdict.next_attempt(&job, &failure);
        match verdict.unsent(&job, self.name(), failure.clone()) {
            Decision::Outcome(outcome) => self.settle(job, outcome, started).await,
            Decision::PutBack { not_before } => {
                if started.is_some() && !self.is_taken_back(&job).await {
                    return self.settle_late(RefusedJob { job, failure, started }).await;
                }
                job.elsewhere_until.get_or_insert(waits_until(verdict.now, next_attempt));
                job.pass_on(self.place, self.name(), failure, verdict.now);
                self.slot().provider.gate().meter.ended(End::PassedOn);
                self.put_back(job, not_before);
            }
        }
    }

    /// Takes back the start mark of a job that stays in memory: it is provably unsent, and a crash must not leave it in doubt.
    /// False: the owner is fenced, so that the mark stands and the delivery is in doubt, or soon will be.
    async fn is_taken_back(&self, job: &Job) -> bool {
        self.recorder.unmark(job, &self.slot().name).await != Marked::Lost
    }

    /// A refusal that a fenced owner receives ends the doubt. Nobody hands out the owner's jobs any more, so none is held or
    /// goes to another provider.
    async fn settle_late(&self, RefusedJob { job, failure, started }: RefusedJob) {
        let verdict = Verdict { elsewhere_at: None, ..self.verdict(&job, About::ItsClass) };
        if let Decision::Outcome(outcome) = verdict.unsent(&job, self.name(), failure) {
            self.settle(job, outcome, started).await;
        }
    }

    fn verdict(&self, job: &Job, about: About) -> Verdict<'_> {
        let now = self.now();
        Verdict {
            now,
            chance: job.task.chance,
            retry_waits: self.options.retry_waits.as_deref(),
            elsewhere_at: self.elsewhere_at(job, now).filter(|_| !job.is_refused_by(self.place)),
            is_about_us: about == About::Us,
        }
    }

    /// When one of the other providers that have not refused the job in this attempt can take it: now, or after a rest. None
    /// if there is no such provider that is not paused, or the job has waited for it long enough or would wait past its expiry.
    pub(super) fn elsewhere_at(&self, job: &Job, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let may_take =
            |(place, slot): &(usize, &ProviderSlot)| !job.is_refused_by(*place) && !slot.is_paused();
        let left = self.others().filter(may_take);
        let able_at = left.map(|(place, _)| self.route.slot_able_at(place, now)).min()?;
        let waits_until = job.elsewhere_until.unwrap_or(now + ELSEWHERE_WAIT_MAX);
        let may_wait = able_at <= waits_until && job.is_in_time(able_at);
        (able_at <= now || may_wait).then_some(able_at)
    }

    fn others(&self) -> impl Iterator<Item = (usize, &ProviderSlot)> {
        self.route.slots.iter().enumerate().filter(|(place, _)| *place != self.place)
    }

    pub(super) fn slot(&self) -> &ProviderSlot {
        &self.route.slots[self.place]
    }

    fn name(&self) -> String {
        self.slot().name.to_string()
    }

    fn now(&self) -> DateTime<Utc> {
        (self.options.clock)()
    }
}

/// The address was suppressed after the audience was frozen.
const SUPPRESSED: Outcome = Outcome::Suppressed { reason: SuppressionReason::Suppressed, provider: None };
/// The person was erased after the audience was frozen.
pub(super) const ERASED: Outcome = Outcome::Suppressed { reason: SuppressionReason::Erased, provider: None };

/// The address has had enough of its company in this hour.
const TOO_OFTEN: Outcome = Outcome::Suppressed { reason: SuppressionReason::TooOften, provider: None };

/// Until when a job that is refused now waits for another provider: no longer than its own schedule would let it wait, for
/// the first provider may work again by then.
fn waits_until(now: DateTime<Utc>, next_attempt: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let latest = now + ELSEWHERE_WAIT_MAX;
    next_attempt.map_or(latest, |next| next.min(latest))
}

impl RefusedJob {
    fn refusal(&self) -> Refusal {
        Refusal {
            wording: Wording::of(&self.failure, [self.job.address(), self.job.name()]),
            class: self.failure.cause.class,
            recipient: self.job.address().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::testing::at;

    #[test]
    fn a_refused_job_waits_for_another_provider_no_longer_than_for_its_next_attempt_or_five_minutes() {
        assert_eq!(waits_until(at(0), Some(at(60))), at(60));
        assert_eq!(waits_until(at(0), Some(at(86_400))), at(300), "a provider asked for a day");
        assert_eq!(waits_until(at(0), None), at(300), "it would fail");
    }
}
