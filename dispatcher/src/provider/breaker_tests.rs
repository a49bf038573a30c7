//! When a provider rests, for how long, and what ends it.

use super::*;
use crate::provider::failure::{Doubt, code};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
}

fn failed(class: FailureClass, code: &str) -> Result<(), SendFailure> {
    Err(Failure::new(class, code, "").into())
}

fn observe_all(breaker: &Breaker, times: u32, result: &Result<(), SendFailure>) {
    for _ in 0..times {
        breaker.observe(result, at(0));
    }
}

fn rested() -> Breaker {
    let breaker = Breaker::default();
    breaker.observe(&failed(FailureClass::ConfigAuth, "535 5.7.8"), at(0));
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
fn a_provider_rests_after_several_sends_in_a_row_found_nobody() {
    let breaker = Breaker::default();
    for _ in 1..OUTAGE_AFTER {
        breaker.observe(&failed(FailureClass::Transient, code::CONNECT), at(0));
    }
    assert_eq!(breaker.admit(at(0)), Admission::Open);
    breaker.observe(&failed(FailureClass::Transient, code::TIMEOUT), at(0));
    assert_eq!(breaker.admit(at(0)), Admission::RestsUntil(at(15)));
}

#[test]
fn who_hangs_up_on_everybody_is_as_good_as_away() {
    for how in [code::CLOSED, code::PROTOCOL, "421 4.3.2"] {
        let breaker = Breaker::default();
        observe_all(&breaker, OUTAGE_AFTER, &failed(FailureClass::Transient, how));
        assert_eq!(breaker.admit(at(0)), Admission::RestsUntil(at(15)), "{how}");
    }
}

#[test]
fn who_takes_some_connections_and_refuses_others_goes_on() {
    let breaker = Breaker::default();
    breaker.observe(&Ok(()), at(0));
    observe_all(&breaker, 3 * OUTAGE_AFTER, &failed(FailureClass::Transient, "421 4.7.0"));
    assert_eq!(breaker.admit(at(1)), Admission::Open);
}

fn doubted() -> Result<(), SendFailure> {
    Err(Doubt { code: "http 503".into(), text: String::new() }.into())
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
        breaker.observe(&failed(FailureClass::Transient, code::CONNECT), at(0));
        breaker.observe(&failed(FailureClass::PermanentAddress, "550 5.1.1"), at(0));
    }
    assert_eq!(breaker.admit(at(0)), Admission::Open);
}

fn refused_by_policy() -> Result<(), SendFailure> {
    failed(FailureClass::PolicyReputation, "554 5.7.1")
}

fn refused_for_its_recipient() -> Result<(), SendFailure> {
    failed(FailureClass::PermanentAddress, "550 5.1.1")
}

#[test]
fn a_provider_that_refuses_the_sender_rests_before_it_costs_a_campaign() {
    let breaker = Breaker::default();
    observe_all(&breaker, POLICY_AFTER - 1, &refused_by_policy());
    observe_all(&breaker, 3, &refused_for_its_recipient());
    assert_eq!(breaker.admit(at(0)), Admission::Open);
    assert_eq!(breaker.observe(&refused_by_policy(), at(0)), Some(Cause::Policy));
    assert_eq!(breaker.admit(at(0)), Admission::RestsUntil(at(60)));
}

#[test]
fn messages_refused_by_policy_between_accepted_ones_say_nothing_of_the_sender() {
    let breaker = Breaker::default();
    for _ in 0..3 {
        observe_all(&breaker, POLICY_AFTER - 1, &refused_by_policy());
        breaker.observe(&Ok(()), at(0));
    }
    assert_eq!(breaker.admit(at(0)), Admission::Open);
}

#[test]
fn only_an_acceptance_ends_the_rest_of_who_refuses_the_sender() {
    let breaker = Breaker::default();
    observe_all(&breaker, POLICY_AFTER, &refused_by_policy());
    assert_eq!(breaker.admit(at(60)), Admission::Open);
    breaker.observe(&refused_for_its_recipient(), at(61));
    assert_eq!(breaker.admit(at(61)), Admission::Open, "the next one tries at once");
    assert_eq!(breaker.admit(at(61)), Admission::RestsUntil(at(121)), "and no other with it");
    assert_eq!(breaker.observe(&refused_by_policy(), at(62)), None, "a person was told before");
    assert_eq!(breaker.admit(at(63)), Admission::RestsUntil(at(122)));
    breaker.observe(&Ok(()), at(130));
    assert_eq!(breaker.admit(at(130)), Admission::Open);
}

#[test]
fn why_a_provider_rests_is_said_once_until_it_works_again() {
    let breaker = Breaker::default();
    let refused = failed(FailureClass::ConfigAuth, "535 5.7.8");
    let told = [&refused, &refused, &Ok(()), &refused].map(|result| breaker.observe(result, at(0)));
    assert_eq!(told, [Some(Cause::Config), None, None, Some(Cause::Config)]);
}
