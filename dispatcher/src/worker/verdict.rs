//! What the end of a send means for its delivery: pure, given its time and its chance.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::{Failure, FailureClass, Outcome, SuppressionReason};

use crate::provider::schedule::{is_asked_for, is_retried};
use crate::provider::{self, Accepted, Attempts, RetryAdvice, SendFailure, next_attempt};
use crate::queue::QueueRow;
use crate::queue::settle::Decision;

/// How long a row waits that could not be sent for reasons of our own.
pub(super) const OWN_REST: TimeDelta = TimeDelta::seconds(1);

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

impl Verdict<'_> {
    /// What became of a row that was not refused. None: it was not even started, or is somebody else's by now.
    pub(super) fn of_answer(provider: &str, result: Result<Accepted, SendFailure>) -> Option<Outcome> {
        let provider = provider.to_owned();
        match result {
            Ok(Accepted { reference }) => Some(Outcome::Accepted { provider, reference }),
            Err(SendFailure::InDoubt(doubt)) => {
                Some(Outcome::InDoubt { provider, detail: doubt.to_string() })
            }
            Err(SendFailure::OptedOut) => {
                Some(Outcome::Suppressed { reason: SuppressionReason::OptedOut, provider: Some(provider) })
            }
            Err(SendFailure::StartRefused(_) | SendFailure::Unsent(_)) => None,
        }
    }

    /// What becomes of a row that `provider` provably did not take: it goes to another, waits, or has failed.
    pub(super) fn unsent(&self, row: &QueueRow, provider: String, failure: provider::Failure) -> Decision {
        let until = self.next_attempt(row, &failure);
        if let Some(due_at) = self.elsewhere_before(until).filter(|_| self.may_go_elsewhere(row, &failure)) {
            return Decision::Release { due_at };
        }
        let (class, code) = (failure.class(), failure.code().to_owned());
        let failure = Failure { provider: Some(provider), class, code, text: failure.text };
        Decision::Outcome(match until {
            Some(until) => Outcome::Deferred { until, failure },
            None => Outcome::Failed(failure),
        })
    }

    /// When another provider can take the row, if that is now or before its next attempt by this one.
    fn elsewhere_before(&self, next_attempt: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        self.elsewhere_at.filter(|at| *at <= self.now || next_attempt.is_none_or(|next| *at < next))
    }

    /// An address that does not exist does so nowhere; another provider may take any other row. A row that
    /// the provider had taken and gave up must not be sent again.
    fn may_go_elsewhere(&self, row: &QueueRow, failure: &provider::Failure) -> bool {
        let is_its_address =
            failure.class() == FailureClass::PermanentAddress && !self.blames_us(row, failure);
        failure.advice != RetryAdvice::Never && !is_its_address
    }

    fn blames_us(&self, row: &QueueRow, failure: &provider::Failure) -> bool {
        let is_dead =
            failure.class() == FailureClass::PermanentAddress && row.attempt().number >= ADDRESS_ATTEMPTS_MAX;
        self.is_about_us && !is_dead
    }

    /// When the provider is asked again. None: the delivery has failed.
    pub(super) fn next_attempt(&self, row: &QueueRow, failure: &provider::Failure) -> Option<DateTime<Utc>> {
        let made = row.attempt().number;
        let class = self.scheduled_class(row, failure);
        if let (Some(waits), false) = (self.retry_waits, is_asked_for(failure.advice)) {
            return self.next_by(waits, made, row, class).filter(|_| failure.advice != RetryAdvice::Never);
        }
        let attempts = Attempts {
            channel: row.channel,
            made,
            first_at: row.first_attempt_at.unwrap_or(self.now),
            expires_at: row.expires_at,
        };
        next_attempt(&attempts, class, failure.advice, self.now, self.chance)
    }

    /// The class whose schedule decides. A refusal that everybody gets waits like a refusal of our settings. One that may be
    /// about us waits once like a server that is busy: a single alarm is tried twice before it has failed.
    fn scheduled_class(&self, row: &QueueRow, failure: &provider::Failure) -> FailureClass {
        let is_doubted = row.attempt().number == DOUBTED_ATTEMPT;
        match failure.class() {
            _ if self.blames_us(row, failure) => FailureClass::ConfigAuth,
            FailureClass::PolicyReputation | FailureClass::Unknown if is_doubted => FailureClass::Transient,
            class => class,
        }
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
    use domain::deliveries::{Evidence, Observation, Phase};
    use domain::value::Channel;

    use crate::queue::row;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
    }

    fn verdict() -> Verdict<'static> {
        Verdict { now: at(0), chance: 0.5, retry_waits: None, elsewhere_at: None, is_about_us: false }
    }

    fn failed(class: FailureClass) -> provider::Failure {
        provider::Failure::answered(class, Phase::Rcpt, "x", "because")
    }

    fn outcome(verdict: Verdict<'_>, row: &QueueRow, failure: provider::Failure) -> Outcome {
        match verdict.unsent(row, "uno".into(), failure) {
            Decision::Outcome(outcome) => outcome,
            other => panic!("no outcome: {other:?}"),
        }
    }

    fn answer(result: Result<Accepted, SendFailure>) -> Option<Outcome> {
        Verdict::of_answer("uno", result)
    }

    fn due(outcome: Outcome) -> Option<DateTime<Utc>> {
        match outcome {
            Outcome::Deferred { until, .. } => Some(until),
            _ => None,
        }
    }

    #[test]
    fn what_the_provider_took_is_accepted_with_its_reference() {
        let accepted = answer(Ok(Accepted { reference: "SM1".into() }));
        assert_eq!(accepted, Some(Outcome::Accepted { provider: "uno".into(), reference: "SM1".into() }));
    }

    #[test]
    fn a_transient_failure_is_tried_again_by_the_channels_schedule() {
        assert_eq!(due(outcome(verdict(), &row(1), failed(FailureClass::Transient))), Some(at(60)));
        let second = QueueRow { attempt: 1, first_attempt_at: Some(at(-60)), ..row(1) };
        assert_eq!(due(outcome(verdict(), &second, failed(FailureClass::Throttled))), Some(at(300)));
    }

    #[test]
    fn an_sms_whose_schedule_is_over_has_failed() {
        let last =
            QueueRow { channel: Channel::Sms, attempt: 4, first_attempt_at: Some(at(-3_000)), ..row(1) };
        assert!(matches!(outcome(verdict(), &last, failed(FailureClass::Transient)), Outcome::Failed(_)));
    }

    #[test]
    fn what_waiting_cannot_mend_has_failed_at_once() {
        for class in [FailureClass::PermanentAddress, FailureClass::PermanentContent] {
            let Outcome::Failed(failure) = outcome(verdict(), &row(1), failed(class)) else {
                panic!("{class:?}")
            };
            assert_eq!((failure.class, failure.provider.as_deref()), (class, Some("uno")));
        }
    }

    #[test]
    fn what_may_be_about_us_is_tried_once_more_and_then_has_failed() {
        let second = QueueRow { attempt: 1, first_attempt_at: Some(at(-60)), ..row(1) };
        let waits = [Duration::from_secs(2); 3];
        for class in [FailureClass::PolicyReputation, FailureClass::Unknown] {
            let Outcome::Deferred { until, failure } = outcome(verdict(), &row(1), failed(class)) else {
                panic!("{class:?}")
            };
            assert_eq!((until, failure.class), (at(60), class));
            assert!(matches!(outcome(verdict(), &second, failed(class)), Outcome::Failed(_)), "{class:?}");
            let sms = QueueRow { channel: Channel::Sms, ..row(1) };
            assert_eq!(due(outcome(verdict(), &sms, failed(class))), Some(at(30)));
            let by_waits = Verdict { retry_waits: Some(&waits), ..verdict() };
            assert!(matches!(outcome(by_waits, &second, failed(class)), Outcome::Failed(_)), "{class:?}");
            let expiring = QueueRow { expires_at: Some(at(30)), ..row(1) };
            assert!(matches!(outcome(verdict(), &expiring, failed(class)), Outcome::Failed(_)), "{class:?}");
        }
    }

    #[test]
    fn who_opted_out_is_left_alone_and_the_provider_that_says_so_is_named() {
        let reason = SuppressionReason::OptedOut;
        let left_alone = Outcome::Suppressed { reason, provider: Some("uno".into()) };
        assert_eq!(answer(Err(SendFailure::OptedOut)), Some(left_alone));
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
        let evidence = Evidence::observed(Some(Phase::Reply), Observation::Closed);
        let doubt = Doubt { evidence, text: "no answer".into() };
        let in_doubt =
            Outcome::InDoubt { provider: "uno".into(), detail: "closed in reply: no answer".into() };
        assert_eq!(answer(Err(doubt.into())), Some(in_doubt));
    }

    #[test]
    fn a_refused_start_settles_nothing() {
        assert_eq!(answer(Err(StartRefused.into())), None);
    }

    #[test]
    fn what_is_not_about_the_address_goes_to_another_provider_if_there_is_one() {
        let elsewhere = Verdict { elsewhere_at: Some(at(0)), ..verdict() };
        let released = Decision::Release { due_at: at(0) };
        for class in FailureClass::ALL.iter().copied() {
            let goes = elsewhere.unsent(&row(1), "uno".into(), failed(class)) == released;
            assert_eq!(goes, class != FailureClass::PermanentAddress, "{class:?}");
            let about_us = Verdict { is_about_us: true, ..elsewhere };
            assert_eq!(about_us.unsent(&row(1), "uno".into(), failed(class)), released, "{class:?}");
        }
        assert_eq!(due(outcome(verdict(), &row(1), failed(FailureClass::ConfigAuth))), Some(at(60)));
    }

    #[test]
    fn a_row_waits_for_another_provider_that_rests_rather_than_fail_or_wait_for_longer() {
        let elsewhere = Verdict { elsewhere_at: Some(at(15)), ..verdict() };
        let released = Decision::Release { due_at: at(15) };
        let second = QueueRow { attempt: 1, first_attempt_at: Some(at(-60)), ..row(1) };
        let a_day = Duration::from_secs(86_400);
        let asked = failed(FailureClass::Throttled).with_advice(RetryAdvice::After(a_day));
        assert_eq!(elsewhere.unsent(&row(1), "uno".into(), asked), released);
        for class in [FailureClass::PolicyReputation, FailureClass::Unknown, FailureClass::PermanentContent] {
            assert_eq!(elsewhere.unsent(&second, "uno".into(), failed(class)), released, "{class:?}");
        }
        let dead = outcome(elsewhere, &row(1), failed(FailureClass::PermanentAddress));
        assert!(matches!(dead, Outcome::Failed(_)));
        let rests_for_longer = Verdict { elsewhere_at: Some(at(90)), ..verdict() };
        assert_eq!(due(outcome(rests_for_longer, &row(1), failed(FailureClass::Throttled))), Some(at(60)));
    }

    #[test]
    fn what_everybody_is_told_waits_whatever_its_code_says_and_keeps_its_class() {
        let about_us = Verdict { is_about_us: true, ..verdict() };
        for class in [FailureClass::PermanentAddress, FailureClass::Unknown, FailureClass::PolicyReputation] {
            let Outcome::Deferred { until, failure } = outcome(about_us, &row(1), failed(class)) else {
                panic!("{class:?}")
            };
            assert_eq!((until, failure.class), (at(60), class));
        }
        let expiring = QueueRow { expires_at: Some(at(30)), ..row(1) };
        let expired = outcome(about_us, &expiring, failed(FailureClass::Unknown));
        assert!(matches!(expired, Outcome::Failed(_)));
    }

    #[test]
    fn an_address_refused_again_and_again_has_failed_whatever_else_is_refused() {
        let about_us = Verdict { is_about_us: true, elsewhere_at: Some(at(0)), ..verdict() };
        let third = QueueRow { attempt: 2, ..row(1) };
        let failed_for = |class| {
            matches!(
                about_us.unsent(&third, "uno".into(), failed(class)),
                Decision::Outcome(Outcome::Failed(_))
            )
        };
        assert!(failed_for(FailureClass::PermanentAddress) && !failed_for(FailureClass::Unknown));
    }

    #[test]
    fn what_the_provider_took_and_gave_up_goes_nowhere_again() {
        let given_up = || failed(FailureClass::Throttled).with_advice(RetryAdvice::Never);
        let waits = [Duration::from_secs(2)];
        let verdicts = [
            Verdict { elsewhere_at: Some(at(0)), is_about_us: true, ..verdict() },
            Verdict { retry_waits: Some(&waits), ..verdict() },
        ];
        for verdict in verdicts {
            assert!(matches!(outcome(verdict, &row(1), given_up()), Outcome::Failed(_)));
        }
    }

    #[test]
    fn given_waits_replace_the_schedule_and_then_it_has_failed() {
        let waits = [Duration::from_secs(2)];
        let verdict = Verdict { retry_waits: Some(&waits), ..verdict() };
        assert_eq!(due(outcome(verdict, &row(1), failed(FailureClass::Transient))), Some(at(2)));
        let second = QueueRow { attempt: 1, ..row(1) };
        assert!(matches!(outcome(verdict, &second, failed(FailureClass::Transient)), Outcome::Failed(_)));
        assert_eq!(due(outcome(verdict, &row(1), failed(FailureClass::Unknown))), Some(at(2)));
        assert!(matches!(
            outcome(verdict, &row(1), failed(FailureClass::PermanentContent)),
            Outcome::Failed(_)
        ));
    }

    #[test]
    fn a_providers_own_wait_wins_over_given_ones() {
        let waits = [Duration::from_secs(2)];
        let verdict = Verdict { retry_waits: Some(&waits), chance: 0.0, ..verdict() };
        let asked = provider::Failure::answered(FailureClass::Throttled, Phase::Http, "429", "slow down")
            .with_advice(RetryAdvice::After(Duration::from_secs(90)));
        assert_eq!(due(outcome(verdict, &row(1), asked)), Some(at(90)));
    }
}
