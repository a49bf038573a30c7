//! What the end of a send means for its delivery: pure, given its time and its chance.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::{Failure, FailureClass, Outcome, SuppressionReason};

use crate::provider::schedule::is_retried;
use crate::provider::{self, Accepted, Attempts, RetryAdvice, SendFailure, next_attempt};
use crate::queue::QueueRow;
use crate::queue::settle::Decision;

/// When and with which luck a verdict is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict<'a> {
    pub(super) now: DateTime<Utc>,
    /// 0 to 1.
    pub(super) chance: f64,
    /// The waits to use instead of the channel's schedule.
    pub(super) retry_waits: Option<&'a [Duration]>,
    /// When another provider could take what this one cannot; now, if one stands ready.
    pub(super) elsewhere_at: Option<DateTime<Utc>>,
}

impl Verdict<'_> {
    /// What becomes of a row after a send by `provider`. None: the row is somebody else's by now.
    pub(super) fn decide(
        &self,
        row: &QueueRow,
        provider: &str,
        result: Result<Accepted, SendFailure>,
    ) -> Option<Decision> {
        let provider = provider.to_owned();
        match result {
            Ok(Accepted { reference }) => Some(Decision::Outcome(Outcome::Accepted { provider, reference })),
            Err(SendFailure::InDoubt(doubt)) => {
                Some(Decision::Outcome(Outcome::InDoubt { provider, detail: doubt.to_string() }))
            }
            Err(SendFailure::OptedOut) => Some(Decision::Outcome(Outcome::Suppressed {
                reason: SuppressionReason::OptedOut,
                provider: Some(provider),
            })),
            Err(SendFailure::StartRefused(_)) => None,
            Err(SendFailure::Unsent(failure)) => Some(self.unsent(row, provider, failure)),
        }
    }

    fn unsent(&self, row: &QueueRow, provider: String, failure: provider::Failure) -> Decision {
        // What is wrong with our own settings is not the delivery's fault: another provider may take it.
        if let (FailureClass::ConfigAuth, Some(due_at)) = (failure.class, self.elsewhere_at) {
            return Decision::Release { due_at };
        }
        let until = self.next_attempt(row, &failure);
        let provider::Failure { class, code, text, .. } = failure;
        let failure = Failure { provider: Some(provider), class, code, text };
        Decision::Outcome(match until {
            Some(until) => Outcome::Deferred { until, failure },
            None => Outcome::Failed(failure),
        })
    }

    fn next_attempt(&self, row: &QueueRow, failure: &provider::Failure) -> Option<DateTime<Utc>> {
        let made = row.attempt().number;
        if let (Some(waits), false) = (self.retry_waits, matches!(failure.advice, RetryAdvice::After(_))) {
            return self.next_by(waits, made, row, failure.class);
        }
        let attempts = Attempts {
            channel: row.channel,
            made,
            first_at: row.first_attempt_at.unwrap_or(self.now),
            expires_at: row.expires_at,
        };
        next_attempt(&attempts, failure.class, failure.advice, self.now, self.chance)
    }

    fn next_by(
        &self,
        waits: &[Duration],
        made: u32,
        row: &QueueRow,
        class: FailureClass,
    ) -> Option<DateTime<Utc>> {
        let wait = waits.get(made as usize - 1).filter(|_| is_retried(class))?;
        let due = self.now + TimeDelta::from_std(*wait).ok()?;
        row.expires_at.is_none_or(|end| due < end).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Doubt, StartRefused};
    use domain::value::Channel;

    use crate::queue::row;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
    }

    fn verdict() -> Verdict<'static> {
        Verdict { now: at(0), chance: 0.5, retry_waits: None, elsewhere_at: None }
    }

    fn failed(class: FailureClass) -> Result<Accepted, SendFailure> {
        Err(provider::Failure::new(class, "x", "because").into())
    }

    fn outcome(verdict: Verdict<'_>, row: &QueueRow, result: Result<Accepted, SendFailure>) -> Outcome {
        match verdict.decide(row, "uno", result) {
            Some(Decision::Outcome(outcome)) => outcome,
            other => panic!("no outcome: {other:?}"),
        }
    }

    fn until(outcome: Outcome) -> Option<DateTime<Utc>> {
        match outcome {
            Outcome::Deferred { until, .. } => Some(until),
            _ => None,
        }
    }

    #[test]
    fn what_the_provider_took_is_accepted_with_its_reference() {
        let accepted = outcome(verdict(), &row(1), Ok(Accepted { reference: "SM1".into() }));
        assert_eq!(accepted, Outcome::Accepted { provider: "uno".into(), reference: "SM1".into() });
    }

    #[test]
    fn a_transient_failure_is_tried_again_by_the_channels_schedule() {
        assert_eq!(until(outcome(verdict(), &row(1), failed(FailureClass::Transient))), Some(at(60)));
        let second = QueueRow { attempt: 1, first_attempt_at: Some(at(-60)), ..row(1) };
        assert_eq!(until(outcome(verdict(), &second, failed(FailureClass::Throttled))), Some(at(300)));
    }

    #[test]
    fn an_sms_whose_schedule_is_over_has_failed() {
        let last =
            QueueRow { channel: Channel::Sms, attempt: 4, first_attempt_at: Some(at(-3_000)), ..row(1) };
        assert!(matches!(outcome(verdict(), &last, failed(FailureClass::Transient)), Outcome::Failed(_)));
    }

    #[test]
    fn what_waiting_cannot_mend_has_failed_at_once() {
        let classes = [
            FailureClass::PermanentAddress,
            FailureClass::PermanentContent,
            FailureClass::PolicyReputation,
            FailureClass::Unknown,
        ];
        for class in classes {
            let Outcome::Failed(failure) = outcome(verdict(), &row(1), failed(class)) else {
                panic!("{class:?}")
            };
            assert_eq!((failure.class, failure.provider.as_deref()), (class, Some("uno")));
        }
    }

    #[test]
    fn who_opted_out_is_left_alone_and_the_provider_that_says_so_is_named() {
        let reason = SuppressionReason::OptedOut;
        let left_alone = Outcome::Suppressed { reason, provider: Some("uno".into()) };
        assert_eq!(outcome(verdict(), &row(1), Err(SendFailure::OptedOut)), left_alone);
    }

    #[test]
    fn nothing_is_tried_again_past_its_expiry() {
        let soon = QueueRow { expires_at: Some(at(30)), ..row(1) };
        assert!(matches!(outcome(verdict(), &soon, failed(FailureClass::Transient)), Outcome::Failed(_)));
        let waits = [Duration::from_secs(40)];
        let by_waits = Verdict { retry_waits: Some(&waits), ..verdict() };
        assert!(matches!(outcome(by_waits, &soon, failed(FailureClass::Transient)), Outcome::Failed(_)));
    }

    #[test]
    fn doubt_is_never_tried_again() {
        let doubt = Doubt { code: "closed".into(), text: "no answer".into() };
        let outcome = outcome(verdict(), &row(1), Err(doubt.into()));
        assert_eq!(outcome, Outcome::InDoubt { provider: "uno".into(), detail: "no answer (closed)".into() });
    }

    #[test]
    fn a_refused_start_settles_nothing() {
        assert_eq!(verdict().decide(&row(1), "uno", Err(StartRefused.into())), None);
    }

    #[test]
    fn what_our_settings_spoil_goes_to_another_provider_if_there_is_one() {
        let elsewhere = Verdict { elsewhere_at: Some(at(0)), ..verdict() };
        let decision = elsewhere.decide(&row(1), "uno", failed(FailureClass::ConfigAuth));
        assert_eq!(decision, Some(Decision::Release { due_at: at(0) }));
        assert_eq!(until(outcome(verdict(), &row(1), failed(FailureClass::ConfigAuth))), Some(at(60)));
    }

    #[test]
    fn given_waits_replace_the_schedule_and_then_it_has_failed() {
        let waits = [Duration::from_secs(2)];
        let verdict = Verdict { retry_waits: Some(&waits), ..verdict() };
        assert_eq!(until(outcome(verdict, &row(1), failed(FailureClass::Transient))), Some(at(2)));
        let second = QueueRow { attempt: 1, ..row(1) };
        assert!(matches!(outcome(verdict, &second, failed(FailureClass::Transient)), Outcome::Failed(_)));
        assert!(matches!(outcome(verdict, &row(1), failed(FailureClass::Unknown)), Outcome::Failed(_)));
    }

    #[test]
    fn a_providers_own_wait_wins_over_given_ones() {
        let waits = [Duration::from_secs(2)];
        let verdict = Verdict { retry_waits: Some(&waits), chance: 0.0, ..verdict() };
        let asked = provider::Failure::new(FailureClass::Throttled, "429", "slow down")
            .with_advice(RetryAdvice::After(Duration::from_secs(90)));
        assert_eq!(until(outcome(verdict, &row(1), Err(asked.into()))), Some(at(90)));
    }
}
