//! The rules of deliveries.

use super::*;
use crate::aggregate::{at, given, id};

fn attempt(generation: u32, number: u32) -> Attempt {
    Attempt { notification: id(1), company: id(20), client: id(30), generation, number }
}

fn accepted(generation: u32) -> DeliveryEvent {
    DeliveryEvent::DeliveryAccepted {
        attempt: attempt(generation, 1),
        provider: "principal".into(),
        reference: "250 queued".into(),
    }
}

fn failure() -> Failure {
    Failure {
        provider: Some("principal".into()),
        class: FailureClass::Transient,
        code: "451 4.7.1".into(),
        text: "greylisted ana@example.com".into(),
    }
}

fn deferred() -> DeliveryEvent {
    DeliveryEvent::DeliveryDeferred {
        attempt: attempt(1, 1),
        provider: Some("principal".into()),
        until: at(2_000),
        class: FailureClass::Transient,
        code: "451 4.7.1".into(),
        detail: Personal::new(id(30), "greylisted ana@example.com".into()),
    }
}

fn record(generation: u32, number: u32, outcome: Outcome) -> DeliveryCommand {
    DeliveryCommand { attempt: attempt(generation, number), outcome }
}

fn acceptance() -> Outcome {
    Outcome::Accepted { provider: "principal".into(), reference: "250 queued".into() }
}

#[test]
fn an_outcome_is_recorded_with_the_providers_words_under_the_clients_key() {
    let delivery = given::<Delivery>([]);
    assert_eq!(delivery.decide(record(1, 1, acceptance())), Ok(vec![accepted(1)]));
    let deferral = Outcome::Deferred { until: at(2_000), failure: failure() };
    assert_eq!(delivery.decide(record(1, 1, deferral)), Ok(vec![deferred()]));
}

#[test]
fn a_deferred_delivery_has_another_attempt() {
    assert!(given::<Delivery>([deferred()]).decide(record(1, 2, acceptance())).is_ok());
}

#[test]
fn a_generation_has_exactly_one_final_outcome() {
    let finals = [
        acceptance(),
        Outcome::Failed(failure()),
        Outcome::Suppressed { reason: SuppressionReason::Erased, provider: None },
        Outcome::InDoubt { provider: "principal".into(), detail: "connection lost".into() },
        Outcome::Cancelled,
    ];
    for outcome in finals {
        let history = given::<Delivery>([]).decide(record(1, 1, outcome)).unwrap();
        let refusal = given::<Delivery>(history).decide(record(1, 1, acceptance()));
        assert_eq!(refusal, Err(DeliveryError::AlreadySettled { generation: 1 }));
    }
}

#[test]
fn a_new_generation_settles_anew_and_ends_the_old_one() {
    assert_eq!(given::<Delivery>([accepted(1)]).decide(record(2, 1, acceptance())), Ok(vec![accepted(2)]));
    let refusal = given::<Delivery>([accepted(2)]).decide(record(1, 2, acceptance()));
    assert_eq!(refusal, Err(DeliveryError::Superseded { generation: 1 }));
}
