//! What the end of a send means for its delivery: pure, given its time and its chance.

use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use domain::deliveries::{FailureClass, Outcome, SuppressionReason};

use super::job::Job;
use crate::provider::schedule::{ALARM_RETRY_AFTER_MAX, RETRY_AFTER_MAX, is_asked_for, is_retried};
use crate::provider::{self, Accepted, Attempts, RetryAdvice, SendFailure, next_attempt};

/// How long a job waits that could not be sent for reasons of our own.
pub(super) const OWN_REST: TimeDelta = TimeDelta::seconds(1);
/// Times in outcomes are whole tenths of a second, so that people who are deferred together are recorded together.
const OUTCOME_TIMES: TimeDelta = TimeDelta::milliseconds(100);

/// An address that is refused at this attempt and at those before it, minutes apart, is dead, whatever else the provider
/// refuses.
const ADDRESS_ATTEMPTS_MAX: u32 = 3;
/// A refusal that may be about us ends no delivery at this attempt: until the next one other people are refused too, or
/// accepted.
const DOUBTED_ATTEMPT: u32 = 1;

/// When and with which luck a verdict is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict<'a> {
    pub(super) now: DateTime<Utc>,
    /// 0 to 1.
    pub(super) chance: f64,
    /// The waits to use instead of the channel's schedule.
    pub(super) retry_waits: Option<&'a [Duration]>,
    /// When another provider can take what this one refuses: now, or at the end of its rest. None: there is no other.
    pub(super) elsewhere_at: Option<DateTime<Utc>>,
    /// The provider refuses everybody so, whatever its code says.
    pub(super) is_about_us: bool,
}

/// What becomes of a job.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decision {
    /// Something happened to the delivery.
    Outcome(Outcome),
    /// Nothing happened: it waits in memory, for another provider.
    PutBack {
        /// Not before this.
        not_before: DateTime<Utc>,
    },
}

impl Verdict<'_> {
    /// What became of a job that was not refused. None: it was not even started, or is somebody else's by now.
    pub(super) fn of_answer(
        job: &Job,
        provider: &str,
        result: Result<Accepted, SendFailure>,
    ) -> Option<Outcome> {
        let provider = provider.to_owned();
        match result {
            Ok(Accepted { reference }) => Some(Outcome::Accepted { provider, reference }),
            Err(SendFailure::InDoubt(doubt)) => {
                let detail = job.detail(doubt.text);
                Some(Outcome::InDoubt { provider, evidence: doubt.evidence, detail })
            }
            Err(SendFailure::OptedOut) => {
                Some(Outcome::Suppressed { reason: SuppressionReason::OptedOut, provider: Some(provider) })
            }
            Err(SendFailure::StartRefused(_) | SendFailure::Unsent(_)) => None,
        }
    }

    /// What becomes of a job that `provider` provably did not take: it goes to another, waits, or has failed.
    pub(super) fn unsent(&self, job: &Job, provider: String, failure: provider::Failure) -> Decision {
        let until = self.next_attempt(job, &failure);
        if let Some(not_before) =
            self.elsewhere_before(until).filter(|_| self.may_go_elsewhere(job, &failure))
        {
            return Decision::PutBack { not_before };
        }
        let failure = job.failure(provider, failure);
        Decision::Outcome(match until {
            Some(until) => Outcome::Deferred { since: self.since(job), until: rounded_up(until), failure },
            None => Outcome::Failed(failure),
        })
    }

    fn since(&self, job: &Job) -> DateTime<Utc> {
        let since = job.since.unwrap_or(self.now);
        since.duration_trunc(OUTCOME_TIMES).unwrap_or(since)
    }

    /// When another provider can take the job, if that is now or before its next attempt by this one.
    fn elsewhere_before(&self, next_attempt: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        self.elsewhere_at.filter(|at| *at <= self.now || next_attempt.is_none_or(|next| *at < next))
    }

    /// An address that does not exist does so nowhere; another provider may take any other job. A job that
    /// the provider had taken and gave up must not be sent again.
    fn may_go_elsewhere(&self, job: &Job, failure: &provider::Failure) -> bool {
        let is_its_address =
            failure.cause.class == FailureClass::PermanentAddress && !self.blames_us(job, failure);
        failure.advice != RetryAdvice::Never && !is_its_address
    }

    fn blames_us(&self, job: &Job, failure: &provider::Failure) -> bool {
        let is_dead =
            failure.cause.class == FailureClass::PermanentAddress && job.attempt >= ADDRESS_ATTEMPTS_MAX;
        self.is_about_us && !is_dead
    }

    /// When the provider is asked again. None: the delivery has failed.
    pub(super) fn next_attempt(&self, job: &Job, failure: &provider::Failure) -> Option<DateTime<Utc>> {
        let made = job.attempt;
        let class = self.scheduled_class(job, failure);
        if let (Some(waits), false) = (self.retry_waits, is_asked_for(failure.advice)) {
            return self.next_by(waits, made, job, class).filter(|_| failure.advice != RetryAdvice::Never);
        }
        let attempts = Attempts {
            channel: job.task.task.channel,
            made,
            first_at: job.since.unwrap_or(self.now),
            expires_at: job.task.task.expires_at,
            asked_max: if job.is_alarm() { ALARM_RETRY_AFTER_MAX } else { RETRY_AFTER_MAX },
        };
        next_attempt(&attempts, class, failure.advice, self.now, self.chance)
    }

    /// The class whose schedule decides. A refusal that everybody gets waits like a refusal of our settings. One that may be
    /// about us waits once like a server that is busy: a single alarm is tried twice before it has failed.
    fn scheduled_class(&self, job: &Job, failure: &provider::Failure) -> FailureClass {
        let is_doubted = job.attempt == DOUBTED_ATTEMPT;
        match failure.cause.class {
            _ if self.blames_us(job, failure) => FailureClass::ConfigAuth,
            FailureClass::PolicyReputation | FailureClass::Unknown if is_doubted => FailureClass::Transient,
            class => class,
        }
    }

    fn next_by(
        &self,
        waits: &[Duration],
        made: u32,
        job: &Job,
        class: FailureClass,
    ) -> Option<DateTime<Utc>> {
        let wait = waits.get(made as usize - 1).filter(|_| is_retried(class))?;
        let due = self.now + TimeDelta::from_std(*wait).ok()?;
        job.task.task.expires_at.is_none_or(|end| due < end).then_some(due)
    }
}

/// A time that may be waited for is never earlier than what was asked.
fn rounded_up(time: DateTime<Utc>) -> DateTime<Utc> {
    match time.duration_trunc(OUTCOME_TIMES) {
        Ok(truncated) if truncated < time => truncated + OUTCOME_TIMES,
        _ => time,
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
