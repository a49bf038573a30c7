//! What totals and causes say of deliveries, event by event.

use std::collections::BTreeMap;

use commands::log::Recorded;
use domain::client::ClientEvent;
use domain::delivery::{Attempt, DeliveryEvent, FailureClass};
use domain::notification::{Addressee, AudienceEvent, NotificationEvent, Recipient, audience_stream};
use domain::value::{Category, Channel, ContactKind, RecipientKind};
use domain::{Event, Personal, Position};

use super::fold::Fold;
use super::rows::State;
use crate::samples::{at, id, recorded};

const NOTIFICATION: u128 = 1;
const COMPANY: u128 = 2;
const CLIENT: u128 = 3;
const DELIVERIES: [u128; 3] = [11, 12, 13];

fn requested() -> Recorded {
    let event = NotificationEvent::NotificationRequested {
        company: id(COMPANY).into(),
        channel: Channel::Sms,
        recipient_kind: RecipientKind::Holder,
        category: Category::Operational,
        subject: None,
        body: Personal::new(id(NOTIFICATION), "Aviso".to_owned()),
        expires_at: None,
        author: id(4).into(),
        requested_at: at(1),
    };
    recorded(1, id(NOTIFICATION), Event::Notification(event))
}

fn chunk(position: Position, generation: u32, deliveries: &[u128]) -> Recorded {
    let addressee =
        Addressee { client_name: "Ana".into(), contact_name: "Ana".into(), address: "+573001234567".into() };
    let recipient = |delivery: &u128| Recipient {
        delivery: id(*delivery).into(),
        client: id(CLIENT).into(),
        kind: ContactKind::Holder,
        addressee: Personal::new(id(CLIENT), addressee.clone()),
    };
    let event = AudienceEvent::AudienceChunkResolved {
        notification: id(NOTIFICATION).into(),
        company: id(COMPANY).into(),
        channel: Channel::Sms,
        generation,
        recipients: deliveries.iter().map(recipient).collect(),
        cursor: String::new(),
    };
    recorded(position, audience_stream(id(NOTIFICATION).into(), generation), Event::Audience(event))
}

fn notification(position: Position, event: NotificationEvent) -> Recorded {
    recorded(position, id(NOTIFICATION), Event::Notification(event))
}

fn closed(position: Position, generation: u32) -> Recorded {
    let excluded = BTreeMap::from([("no_phone".to_owned(), u64::from(generation))]);
    notification(position, NotificationEvent::AudienceClosed { generation, total: 3, excluded })
}

fn attempt(generation: u32) -> Attempt {
    Attempt {
        notification: id(NOTIFICATION).into(),
        company: id(COMPANY).into(),
        client: id(CLIENT).into(),
        generation,
        number: 1,
    }
}

fn accepted(position: Position, delivery: u128, generation: u32) -> Recorded {
    let event = DeliveryEvent::DeliveryAccepted {
        attempt: attempt(generation),
        provider: "primero".into(),
        reference: "SM1".into(),
    };
    recorded(position, id(delivery), Event::Delivery(event))
}

fn failed(position: Position, delivery: u128, generation: u32) -> Recorded {
    let event = DeliveryEvent::DeliveryFailed {
        attempt: attempt(generation),
        provider: Some("primero".into()),
        class: FailureClass::PermanentAddress,
        code: "21211".into(),
        detail: Personal::new(id(CLIENT), "no such number".to_owned()),
    };
    recorded(position, id(delivery), Event::Delivery(event))
}

fn folded(events: &[Recorded]) -> Fold {
    let mut fold = Fold::default();
    for event in events {
        fold.event(event);
    }
    fold
}

fn total(fold: &Fold, state: State) -> i64 {
    fold.notifications[&id(NOTIFICATION)].totals.get(state)
}

fn causes(fold: &Fold) -> i64 {
    fold.causes.values().sum()
}

#[test]
fn each_delivery_counts_once_where_it_stands() {
    let fold =
        folded(&[requested(), chunk(2, 1, &DELIVERIES), closed(3, 1), accepted(4, 11, 1), failed(5, 12, 1)]);
    let totals: Vec<i64> =
        [State::Pending, State::Accepted, State::Failed].map(|state| total(&fold, state)).into();
    assert_eq!(totals, [1, 1, 1]);
    assert_eq!(causes(&fold), 1);
    assert_eq!(fold.notifications[&id(NOTIFICATION)].position, 5);
}

#[test]
fn a_retry_takes_the_failed_back_and_keeps_who_was_left_out_first() {
    let fold = folded(&[
        requested(),
        chunk(2, 1, &DELIVERIES),
        closed(3, 1),
        failed(4, 12, 1),
        notification(5, NotificationEvent::NotificationRetried { generation: 2 }),
        chunk(6, 2, &[12]),
        closed(7, 2),
    ]);
    assert_eq!((total(&fold, State::Pending), total(&fold, State::Failed), causes(&fold)), (3, 0, 0));
    assert_eq!(fold.notifications[&id(NOTIFICATION)].excluded["no_phone"], 1);
    assert_eq!(fold.tried.len(), 1);
}

#[test]
fn an_outcome_of_an_earlier_generation_only_joins_the_timeline() {
    let fold = folded(&[requested(), chunk(2, 1, &[12]), chunk(3, 2, &[12]), failed(4, 12, 1)]);
    assert_eq!((total(&fold, State::Pending), total(&fold, State::Failed)), (1, 0));
    assert_eq!(fold.tried.len(), 1);
}

#[test]
fn an_outcome_without_its_delivery_leaves_nothing() {
    let fold = folded(&[requested(), accepted(2, 11, 1)]);
    assert_eq!((total(&fold, State::Accepted), fold.tried.len()), (0, 0));
}

#[test]
fn what_the_log_calls_cancelled_is_cancelled_even_if_it_finished_at_that_moment() {
    let cancelled_at = |fold: &Fold| fold.notifications[&id(NOTIFICATION)].cancelled_at;
    let mut events = vec![requested(), chunk(2, 1, &[11]), closed(3, 1)];
    events.push(notification(4, NotificationEvent::NotificationCancelled));
    assert_eq!(cancelled_at(&folded(&events)), Some(at(4)));
    events[3] = accepted(4, 11, 1);
    events.push(notification(5, NotificationEvent::NotificationCancelled));
    assert_eq!(cancelled_at(&folded(&events)), Some(at(5)));
}

#[test]
fn nothing_personal_of_an_erased_client_is_written() {
    let erased = ClientEvent::ClientErased { company: id(COMPANY).into() };
    let mut fold = folded(&[
        requested(),
        chunk(2, 1, &[12]),
        failed(3, 12, 1),
        recorded(4, id(CLIENT), Event::Client(erased)),
    ]);
    fold.leave_out_the_erased();
    let resolved = fold.deliveries[&id(12)].resolved.as_ref().expect("a new delivery");
    assert_eq!((&resolved.addressee, &fold.tried[0].detail), (&None, &None));
    assert_eq!(total(&fold, State::Failed), 1);
}

#[test]
fn every_state_has_a_name_of_its_own() {
    for state in State::ALL {
        assert_eq!(State::of(state.as_str()), Some(state));
    }
    assert_eq!(State::of("sending"), None);
}
