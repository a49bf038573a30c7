//! The verdicts.

use domain::deliveries::{Evidence, Observation, Phase};
use domain::value::Channel;

use super::*;
use crate::provider::{Doubt, StartRefused};
use crate::tasks::Task;
use crate::worker::active_task::ActiveTask;
use crate::worker::testing::{at, job, loaded, task};

/// A job of a task that differs from others in something.
fn job_of(change: impl FnOnce(&mut Task)) -> Job {
    let mut task = task(1, 200, 1);
    change(&mut task);
    ActiveTask::begin(loaded(task), 0.5, at(0)).1.remove(0)
}

fn second() -> Job {
    Job { attempt: 2, since: Some(at(-60)), ..job() }
}

fn expiring(seconds: i64) -> Job {
    job_of(|task| task.expires_at = Some(at(seconds)))
}

fn sms() -> Job {
    job_of(|task| task.channel = Channel::Sms)
}

fn verdict() -> Verdict<'static> {
    Verdict { now: at(0), chance: 0.5, retry_waits: None, elsewhere_at: None, is_about_us: false }
}

fn failed(class: FailureClass) -> provider::Failure {
    provider::Failure::answered(class, Phase::Rcpt, "x", "because")
}

fn outcome(verdict: Verdict<'_>, job: &Job, failure: provider::Failure) -> Outcome {
    match verdict.unsent(job, "uno".into(), failure) {
        Decision::Outcome(outcome) => outcome,
        other => panic!("no outcome: {other:?}"),
    }
}

fn answer(result: Result<Accepted, SendFailure>) -> Option<Outcome> {
    Verdict::of_answer(&job(), "uno", result)
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
    assert_eq!(due(outcome(verdict(), &job(), failed(FailureClass::Transient))), Some(at(60)));
    let second = second();
    assert_eq!(due(outcome(verdict(), &second, failed(FailureClass::Throttled))), Some(at(300)));
}

#[test]
fn an_sms_whose_schedule_is_over_has_failed() {
    let last = Job { attempt: 5, since: Some(at(-3_000)), ..sms() };
    assert!(matches!(outcome(verdict(), &last, failed(FailureClass::Transient)), Outcome::Failed(_)));
}

#[test]
fn what_waiting_cannot_mend_has_failed_at_once() {
    for class in [FailureClass::PermanentAddress, FailureClass::PermanentContent] {
        let Outcome::Failed(failure) = outcome(verdict(), &job(), failed(class)) else { panic!("{class:?}") };
        assert_eq!((failure.cause.class, failure.provider.as_deref()), (class, Some("uno")));
    }
}

#[test]
fn what_may_be_about_us_is_tried_once_more_and_then_has_failed() {
    let second = second();
    let waits = [Duration::from_secs(2); 3];
    for class in [FailureClass::PolicyReputation, FailureClass::Unknown] {
        let Outcome::Deferred { until, failure, .. } = outcome(verdict(), &job(), failed(class)) else {
            panic!("{class:?}")
        };
        assert_eq!((until, failure.cause.class), (at(60), class));
        assert!(matches!(outcome(verdict(), &second, failed(class)), Outcome::Failed(_)), "{class:?}");
        assert_eq!(due(outcome(verdict(), &sms(), failed(class))), Some(at(30)));
        let by_waits = Verdict { retry_waits: Some(&waits), ..verdict() };
        assert!(matches!(outcome(by_waits, &second, failed(class)), Outcome::Failed(_)), "{class:?}");
        let expiring = expiring(30);
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
    let soon = expiring(30);
    assert!(matches!(outcome(verdict(), &soon, failed(FailureClass::Transient)), Outcome::Failed(_)));
    let waits = [Duration::from_secs(40)];
    let by_waits = Verdict { retry_waits: Some(&waits), ..verdict() };
    assert!(matches!(outcome(by_waits, &soon, failed(FailureClass::Transient)), Outcome::Failed(_)));
}

#[test]
fn doubt_is_never_tried_again() {
    let evidence = Evidence::observed(Some(Phase::Reply), Observation::Closed);
    let doubt = Doubt { evidence: evidence.clone(), text: String::new() };
    let in_doubt = Outcome::InDoubt { provider: "uno".into(), evidence, detail: None };
    assert_eq!(answer(Err(doubt.into())), Some(in_doubt));
}

#[test]
fn a_refused_start_settles_nothing() {
    assert_eq!(answer(Err(StartRefused.into())), None);
}

#[test]
fn what_is_not_about_the_address_goes_to_another_provider_if_there_is_one() {
    let elsewhere = Verdict { elsewhere_at: Some(at(0)), ..verdict() };
    let released = Decision::PutBack { not_before: at(0) };
    for class in FailureClass::ALL.iter().copied() {
        let goes = elsewhere.unsent(&job(), "uno".into(), failed(class)) == released;
        assert_eq!(goes, class != FailureClass::PermanentAddress, "{class:?}");
        let about_us = Verdict { is_about_us: true, ..elsewhere };
        assert_eq!(about_us.unsent(&job(), "uno".into(), failed(class)), released, "{class:?}");
    }
    assert_eq!(due(outcome(verdict(), &job(), failed(FailureClass::ConfigAuth))), Some(at(60)));
}

#[test]
fn a_job_waits_for_another_provider_that_rests_rather_than_fail_or_wait_for_longer() {
    let elsewhere = Verdict { elsewhere_at: Some(at(15)), ..verdict() };
    let released = Decision::PutBack { not_before: at(15) };
    let second = second();
    let a_day = Duration::from_secs(86_400);
    let asked = failed(FailureClass::Throttled).with_advice(RetryAdvice::After(a_day));
    assert_eq!(elsewhere.unsent(&job(), "uno".into(), asked), released);
    for class in [FailureClass::PolicyReputation, FailureClass::Unknown, FailureClass::PermanentContent] {
        assert_eq!(elsewhere.unsent(&second, "uno".into(), failed(class)), released, "{class:?}");
    }
    let dead = outcome(elsewhere, &job(), failed(FailureClass::PermanentAddress));
    assert!(matches!(dead, Outcome::Failed(_)));
    let rests_for_longer = Verdict { elsewhere_at: Some(at(90)), ..verdict() };
    assert_eq!(due(outcome(rests_for_longer, &job(), failed(FailureClass::Throttled))), Some(at(60)));
}

#[test]
fn what_everybody_is_told_waits_whatever_its_code_says_and_keeps_its_class() {
    let about_us = Verdict { is_about_us: true, ..verdict() };
    for class in [FailureClass::PermanentAddress, FailureClass::Unknown, FailureClass::PolicyReputation] {
        let Outcome::Deferred { until, failure, .. } = outcome(about_us, &job(), failed(class)) else {
            panic!("{class:?}")
        };
        assert_eq!((until, failure.cause.class), (at(60), class));
    }
    let expiring = expiring(30);
    let expired = outcome(about_us, &expiring, failed(FailureClass::Unknown));
    assert!(matches!(expired, Outcome::Failed(_)));
}

#[test]
fn an_address_refused_again_and_again_has_failed_whatever_else_is_refused() {
    let about_us = Verdict { is_about_us: true, elsewhere_at: Some(at(0)), ..verdict() };
    let third = Job { attempt: 3, ..job() };
    let failed_for = |class| {
        matches!(about_us.unsent(&third, "uno".into(), failed(class)), Decision::Outcome(Outcome::Failed(_)))
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
        assert!(matches!(outcome(verdict, &job(), given_up()), Outcome::Failed(_)));
    }
}

#[test]
fn given_waits_replace_the_schedule_and_then_it_has_failed() {
    let waits = [Duration::from_secs(2)];
    let verdict = Verdict { retry_waits: Some(&waits), ..verdict() };
    assert_eq!(due(outcome(verdict, &job(), failed(FailureClass::Transient))), Some(at(2)));
    let second = Job { attempt: 2, ..job() };
    assert!(matches!(outcome(verdict, &second, failed(FailureClass::Transient)), Outcome::Failed(_)));
    assert_eq!(due(outcome(verdict, &job(), failed(FailureClass::Unknown))), Some(at(2)));
    assert!(matches!(outcome(verdict, &job(), failed(FailureClass::PermanentContent)), Outcome::Failed(_)));
}

#[test]
fn a_providers_own_wait_wins_over_given_ones() {
    let waits = [Duration::from_secs(2)];
    let verdict = Verdict { retry_waits: Some(&waits), chance: 0.0, ..verdict() };
    let asked = failed(FailureClass::Throttled).with_advice(RetryAdvice::After(Duration::from_secs(90)));
    assert_eq!(due(outcome(verdict, &job(), asked)), Some(at(90)));
}
