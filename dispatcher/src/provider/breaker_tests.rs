//! When a provider rests, for how long, and what ends it.

use super::*;
use crate::provider::failure::Doubt;
use domain::deliveries::{Evidence, Observation, Phase};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
}

/// A refusal of a recipient, or of what the code says.
fn failed(class: FailureClass, code: &str) -> Result<(), SendFailure> {
    failed_at(Phase::Rcpt, class, code)
}

fn failed_at(phase: Phase, class: FailureClass, code: &str) -> Result<(), SendFailure> {
    Err(Failure::answered(class, phase, code, "").into())
}

fn refused_credentials() -> Result<(), SendFailure> {
    let failure = Failure::answered(FailureClass::ConfigAuth, Phase::Auth, "535 5.7.8", "");
    Err(failure.for_every_message().into())
}

fn missed(phase: Phase, observed: Observation) -> Result<(), SendFailure> {
    Err(Failure::observed(FailureClass::Transient, phase, observed).into())
}

fn observe_all(breaker: &Breaker, times: u32, result: &Result<(), SendFailure>) {
    for _ in 0..times {
        breaker.observe(result, at(0));
    }
}

fn rested() -> Breaker {
    let breaker = Breaker::default();
    breaker.observe(&refused_credentials(), at(0));
    breaker
}

#[test]
fn a_provider_that_refuses_our_credentials_rests_at_once() {
    assert_eq!(rested().admit(at(1)), Admission::RestsUntil(at(60)));
}

#[test]
fn after_its_rest_one_send_tries_and_the_others_wait() {
    let breaker = rested();
    assert_eq!(breaker.admit(at(60)), Admission::Open);
    assert_eq!(breaker.admit(at(60)), Admission::RestsUntil(at(120)));
}

#[test]
fn a_success_ends_the_rest() {
    let breaker = rested();
    breaker.observe(&Ok(()), at(61));
    assert_eq!((breaker.admit(at(61)), breaker.rests_until()), (Admission::Open, None));
}

#[test]
fn a_provider_rests_after_several_sends_in_a_row_did_not_reach_it() {
    let breaker = Breaker::default();
    for _ in 1..OUTAGE_AFTER {
        breaker.observe(&missed(Phase::Connect, Observation::Unreachable), at(0));
    }
    assert_eq!(breaker.admit(at(0)), Admission::Open);
    breaker.observe(&missed(Phase::Greeting, Observation::NoAnswer), at(0));
    assert_eq!(breaker.admit(at(0)), Admission::RestsUntil(at(15)));
}

#[test]
fn a_provider_that_hangs_up_on_everybody_counts_as_unreachable() {
    let hang_ups = [
        missed(Phase::Greeting, Observation::Closed),
        missed(Phase::Mail, Observation::AnswerUnreadable),
        failed_at(Phase::Greeting, FailureClass::Transient, "421 4.3.2"),
    ];
    for how in hang_ups {
        let breaker = Breaker::default();
        observe_all(&breaker, OUTAGE_AFTER, &how);
        assert_eq!(breaker.admit(at(0)), Admission::RestsUntil(at(15)), "{how:?}");
    }
}

#[test]
fn a_provider_that_takes_some_connections_and_refuses_others_goes_on() {
    let breaker = Breaker::default();
    breaker.observe(&Ok(()), at(0));
    observe_all(&breaker, 3 * OUTAGE_AFTER, &failed(FailureClass::Transient, "421 4.7.0"));
    assert_eq!(breaker.admit(at(1)), Admission::Open);
}

fn doubted() -> Result<(), SendFailure> {
    Err(Doubt { evidence: Evidence::answered(Phase::Http, "503"), text: String::new() }.into())
}

#[test]
fn a_provider_whose_answers_are_lost_rests_before_it_costs_a_campaign() {
    let breaker = Breaker::default();
    for _ in 1..DOUBT_AFTER {
        breaker.observe(&doubted(), at(0));
    }
    assert_eq!(breaker.admit(at(0)), Admission::Open);
    breaker.observe(&doubted(), at(0));
    assert_eq!(breaker.admit(at(0)), Admission::RestsUntil(at(60)));
}

#[test]
fn each_rest_after_doubts_ends_with_one_send_that_tries() {
    let breaker = Breaker::default();
    observe_all(&breaker, DOUBT_AFTER, &doubted());
    assert_eq!(breaker.admit(at(60)), Admission::Open);
    breaker.observe(&doubted(), at(65));
    assert_eq!(breaker.admit(at(66)), Admission::RestsUntil(at(125)));
    breaker.observe(&Ok(()), at(130));
    assert_eq!(breaker.admit(at(130)), Admission::Open);
}

#[test]
fn doubts_between_answers_say_nothing_of_the_provider() {
    let breaker = Breaker::default();
    for _ in 0..3 * DOUBT_AFTER {
        breaker.observe(&doubted(), at(0));
        breaker.observe(&Ok(()), at(0));
    }
    assert_eq!(breaker.admit(at(0)), Admission::Open);
}

#[test]
fn a_refused_message_proves_that_the_provider_works() {
    let breaker = Breaker::default();
    for _ in 0..3 * OUTAGE_AFTER {
        breaker.observe(&missed(Phase::Connect, Observation::Unreachable), at(0));
        breaker.observe(&failed(FailureClass::PermanentAddress, "550 5.1.1"), at(0));
    }
    assert_eq!(breaker.admit(at(0)), Admission::Open);
}

fn refused_for_its_recipient() -> Result<(), SendFailure> {
    failed(FailureClass::PermanentAddress, "550 5.1.1")
}

fn refusing() -> Breaker {
    let breaker = Breaker::default();
    assert_eq!(breaker.refuses_everybody(REFUSALS_REST_MAX, at(0)), Some(RestReason::Refusals));
    breaker
}

#[test]
fn a_provider_that_refuses_everybody_rests_longer_after_every_try_in_vain() {
    let (breaker, mut now, mut rests) = (refusing(), 0, Vec::new());
    for _ in 0..6 {
        let Admission::RestsUntil(until) = breaker.admit(at(now)) else { panic!("it rests") };
        rests.push((until - at(now)).num_seconds());
        now = (until - at(0)).num_seconds();
        assert_eq!(breaker.admit(at(now)), Admission::Open);
        breaker.observe(&refused_for_its_recipient(), at(now));
        assert_eq!(breaker.refuses_everybody(REFUSALS_REST_MAX, at(now)), None, "a person was told before");
    }
    assert_eq!(rests, [15, 30, 60, 120, 120, 120]);
}

#[test]
fn a_provider_that_refuses_addresses_is_tried_again_soon_each_time() {
    let breaker = Breaker::default();
    for second in [0, 2, 4] {
        breaker.observe(&refused_for_its_recipient(), at(second));
        breaker.refuses_everybody(REFUSED_ADDRESSES_REST, at(second));
        assert_eq!(breaker.admit(at(second)), Admission::RestsUntil(at(second + 2)));
        assert_eq!(breaker.admit(at(second + 2)), Admission::Open);
    }
}

#[test]
fn sends_under_way_when_it_began_to_rest_neither_lengthen_nor_end_the_rest() {
    let breaker = refusing();
    for _ in 0..3 {
        breaker.observe(&refused_for_its_recipient(), at(1));
        breaker.refuses_everybody(REFUSALS_REST_MAX, at(1));
    }
    assert_eq!(breaker.admit(at(2)), Admission::RestsUntil(at(15)));
}

#[test]
fn only_an_acceptance_ends_the_rest_of_a_provider_that_refuses_everybody() {
    let breaker = refusing();
    assert_eq!(breaker.admit(at(15)), Admission::Open);
    breaker.observe(&refused_for_its_recipient(), at(16));
    assert_eq!(
        breaker.admit(at(16)),
        Admission::Open,
        "after an answer in other words the next one tries at once"
    );
    assert_eq!(breaker.admit(at(16)), Admission::RestsUntil(at(31)), "and no other with it");
    assert!(breaker.is_refusing_everybody(at(16)));
    breaker.observe(&Ok(()), at(20));
    assert_eq!((breaker.admit(at(20)), breaker.is_refusing_everybody(at(20))), (Admission::Open, false));
}

#[test]
fn a_provider_that_accepts_others_does_not_rest() {
    let breaker = Breaker::default();
    breaker.observe(&Ok(()), at(0));
    assert_eq!(breaker.refuses_everybody(REFUSALS_REST_MAX, at(14)), None);
    assert_eq!(breaker.admit(at(14)), Admission::Open);
    assert_eq!(breaker.refuses_everybody(REFUSALS_REST_MAX, at(15)), Some(RestReason::Refusals));
}

#[test]
fn a_rest_for_another_cause_stays_as_it_is() {
    let breaker = rested();
    assert_eq!(breaker.refuses_everybody(REFUSALS_REST_MAX, at(1)), None);
    assert_eq!(breaker.admit(at(2)), Admission::RestsUntil(at(60)));
}

#[test]
fn a_refusal_of_our_settings_among_accepted_messages_rests_nobody() {
    let breaker = Breaker::default();
    breaker.observe(&Ok(()), at(0));
    breaker.observe(&refused_credentials(), at(1));
    assert_eq!(breaker.admit(at(1)), Admission::Open);
    breaker.observe(&refused_credentials(), at(15));
    assert_eq!(breaker.admit(at(16)), Admission::RestsUntil(at(75)));
}

#[test]
fn a_refusal_of_our_settings_that_every_message_would_meet_rests_the_provider_at_once() {
    let breaker = Breaker::default();
    let reason = breaker.observe(&refused_credentials(), at(0));
    assert_eq!((reason, breaker.admit(at(0))), (Some(RestReason::Config), Admission::RestsUntil(at(60))));
}

#[test]
fn a_refusal_of_our_settings_that_one_recipient_may_cause_rests_nobody() {
    let breaker = Breaker::default();
    let reason = breaker.observe(&failed(FailureClass::ConfigAuth, "550 5.1.8"), at(0));
    assert_eq!((reason, breaker.admit(at(0))), (None, Admission::Open));
}

#[test]
fn a_provider_refuses_everybody_while_it_rests_or_did_so_a_moment_ago() {
    let breaker = refusing();
    assert!(breaker.is_refusing_everybody(at(14)) && breaker.is_refusing_everybody(at(299)));
    assert!(!breaker.is_refusing_everybody(at(300)), "nobody has tried it since");
    breaker.refuses_everybody(REFUSALS_REST_MAX, at(10));
    assert!(breaker.is_refusing_everybody(at(309)), "its last refusal counts");
    assert!(!rested().is_refusing_everybody(at(1)), "another cause");
}

#[test]
fn why_a_provider_rests_is_said_once_until_it_works_again() {
    let breaker = Breaker::default();
    let refused = refused_credentials();
    let told = [(&refused, 0), (&refused, 0), (&Ok(()), 0), (&refused, 60)]
        .map(|(result, second)| breaker.observe(result, at(second)));
    assert_eq!(told, [Some(RestReason::Config), None, None, Some(RestReason::Config)]);
}

#[test]
fn an_alarm_tries_a_resting_provider_once_in_a_while_and_the_rest_goes_on_for_the_others() {
    let (breaker, every) = (rested(), TimeDelta::seconds(2));
    assert!(breaker.try_early(every, at(1)));
    assert!(!breaker.try_early(every, at(2)), "the last try is not long ago");
    assert_eq!(breaker.admit(at(2)), Admission::Open);
    assert_eq!(breaker.admit(at(2)), Admission::RestsUntil(at(60)), "one send went through");
    assert!(breaker.try_early(every, at(3)));
    breaker.observe(&Ok::<(), _>(()), at(3));
    assert_eq!(breaker.rests_until(), None, "what is accepted ends the rest");
}

#[test]
fn nobody_tries_early_what_leaves_sends_in_doubt_or_does_not_rest() {
    let breaker = Breaker::default();
    assert!(!breaker.try_early(TimeDelta::zero(), at(0)));
    let evidence = Evidence::observed(Some(Phase::Reply), Observation::Closed);
    let doubt: Result<(), _> = Err(Doubt { evidence, text: String::new() }.into());
    observe_all(&breaker, DOUBT_AFTER, &doubt);
    assert!(breaker.rests_until().is_some() && !breaker.try_early(TimeDelta::zero(), at(1)));
}
