//! What rows, totals and entries say of deliveries, event by event.

mod histories;
mod tables;

use std::collections::BTreeMap;

use commands::log::Recorded;
use domain::client::ClientEvent;
use domain::deliveries::{
    Cause, DeliveriesEvent, DeliveryState, Detail, Evidence, FailureClass, GroupOutcome, GroupReceipt,
    OutcomeGroup, Phase, ReceiptGroup, deliveries_stream,
};
use domain::notification::{
    Addressee, ApprovalNeed, AudienceEvent, AudienceFilter, NotificationEvent, NotificationState, Recipient,
    SmsOptions,
};
use domain::value::{Category, Channel, ContactKind, Member, Members, RecipientKind};
use domain::{Event, Personal, Position};

use self::histories::random_history;
use self::tables::Tables;
use super::fold::Fold;
use super::rows::ordinal;
use crate::samples::{at, id, recorded};

/// With the version of a real one, by which deliveries find it.
const NOTIFICATION: u128 = (7 << 76) | 1;
const COMPANY: u128 = 2;
const CLIENT: u128 = 3;

fn requested() -> Recorded {
    let event = NotificationEvent::NotificationRequested {
        company: id(COMPANY).into(),
        channel: Channel::Sms,
        recipient_kind: RecipientKind::Holder,
        category: Category::Operational,
        subject: None,
        body: Personal::new(id(NOTIFICATION), "Aviso".to_owned()),
        template: None,
        only_to: None,
        sms: Some(SmsOptions::default()),
        filter: AudienceFilter::default(),
        expires_at: None,
        send_at: None,
        held_until: None,
        needs_approval: None,
        excludes_foreign: false,
        author: id(4).into(),
        requested_at: at(1),
    };
    recorded(1, id(NOTIFICATION), Event::Notification(event))
}

/// A chunk of so many people, each of a client of their own, numbered from [`CLIENT`].
fn chunk(position: Position, number: i64, people: u128) -> Recorded {
    let addressee =
        Addressee { client_name: "Ana".into(), address: "+573001234567".into(), ..Addressee::nobody() };
    let recipient = |person: u128| Recipient {
        client: id(CLIENT + person).into(),
        kind: ContactKind::Holder,
        is_foreign: false,
        addressee: Personal::new(id(CLIENT + person), addressee.clone()),
    };
    let event = AudienceEvent::AudienceChunkResolved {
        notification: id(NOTIFICATION).into(),
        company: id(COMPANY).into(),
        channel: Channel::Sms,
        recipients: (0..people).map(recipient).collect(),
        cursor: String::new(),
    };
    Recorded { sequence: number, ..recorded(position, id(NOTIFICATION), Event::Audience(event)) }
}

fn notification(position: Position, event: NotificationEvent) -> Recorded {
    recorded(position, id(NOTIFICATION), Event::Notification(event))
}

fn closed(position: Position, generation: u32) -> Recorded {
    let excluded = BTreeMap::from([("no_phone".to_owned(), u64::from(generation))]);
    notification(position, NotificationEvent::AudienceClosed { generation, total: 3, excluded })
}

fn deliveries(position: Position, event: DeliveriesEvent) -> Recorded {
    recorded(position, deliveries_stream(id(NOTIFICATION).into(), 1), Event::Deliveries(event))
}

fn members(text: &str) -> Members {
    text.parse().expect("members")
}

fn outcome(position: Position, whom: &str, generation: u32, attempt: u32, outcome: GroupOutcome) -> Recorded {
    let members = members(whom);
    let details = match &outcome {
        GroupOutcome::Failed { .. } => members
            .iter()
            .map(|member| Detail { member, text: Personal::new(id(CLIENT), "no such number".to_owned()) })
            .collect(),
        _ => vec![],
    };
    let group = OutcomeGroup { generation, attempt, members, outcome, details, passed_on: vec![] };
    let (notification, company) = (id(NOTIFICATION).into(), id(COMPANY).into());
    deliveries(position, DeliveriesEvent::OutcomesRecorded { notification, company, outcomes: vec![group] })
}

fn accepted(people: usize) -> GroupOutcome {
    GroupOutcome::Accepted {
        provider: "primero".into(),
        references: (0..people).map(|person| format!("SM{person}")).collect(),
    }
}

fn cause() -> Cause {
    Cause { class: FailureClass::PermanentAddress, evidence: Evidence::answered(Phase::Http, "21211") }
}

fn failed() -> GroupOutcome {
    GroupOutcome::Failed { provider: Some("primero".into()), cause: cause() }
}

fn deferred() -> GroupOutcome {
    GroupOutcome::Deferred { provider: Some("primero".into()), since: at(1), until: at(99), cause: cause() }
}

fn reopened(position: Position, whom: &str, generation: u32) -> Recorded {
    let (notification, company) = (id(NOTIFICATION).into(), id(COMPANY).into());
    deliveries(
        position,
        DeliveriesEvent::DeliveriesReopened {
            notification,
            company,
            generation,
            members: members(whom),
            addresses: vec![],
        },
    )
}

fn folded(events: &[Recorded]) -> Fold<'_> {
    let mut fold = Fold::default();
    events.iter().for_each(|event| fold.event(event));
    fold
}

fn total(fold: &Fold<'_>, state: DeliveryState) -> i64 {
    fold.totals.0.iter().filter(|((_, of, _), _)| *of == state).map(|(_, people)| people).sum()
}

/// The outcomes and positions of the entries about a member, in order.
fn entries(fold: &Fold<'_>, member: u16) -> Vec<(DeliveryState, Position)> {
    let of = |number: u16| Member::try_new(number).expect("a member");
    let all = fold.attempts.iter().filter(|attempt| attempt.member == of(member));
    all.map(|attempt| (attempt.standing.state, attempt.standing.position)).collect()
}

fn undecided(fold: &Fold<'_>) -> String {
    fold.chunks[&(id(NOTIFICATION), 1)].undecided.to_string()
}

#[test]
fn each_delivery_counts_once_in_its_state() {
    let events = [
        requested(),
        chunk(2, 1, 4),
        closed(3, 1),
        outcome(4, "1-2", 1, 1, accepted(2)),
        outcome(5, "3", 1, 1, failed()),
    ];
    let fold = folded(&events);
    assert_eq!((total(&fold, DeliveryState::Accepted), total(&fold, DeliveryState::Failed)), (2, 1));
    assert_eq!(undecided(&fold), "4");
    let known = &fold.notifications[&id(NOTIFICATION)];
    assert_eq!((known.people, known.position, known.life.state()), (4, 5, Some(NotificationState::Running)));
}

#[test]
fn a_delivery_accepted_at_once_has_no_entry_beside_its_outcome() {
    let events = [requested(), chunk(2, 1, 3), outcome(3, "1-3", 1, 1, accepted(3))];
    let fold = folded(&events);
    assert!(fold.attempts.is_empty());
    let chunk = &fold.chunks[&(id(NOTIFICATION), 1)];
    let references: Vec<_> = chunk.outcomes.values().map(|outcome| outcome.reference.as_deref()).collect();
    assert_eq!(references, [Some("SM0"), Some("SM1"), Some("SM2")]);
    assert_eq!((chunk.accepted, chunk.delivered), (3, 0));
}

#[test]
fn the_second_that_is_known_brings_the_first_into_the_history() {
    let (notification, company) = (id(NOTIFICATION).into(), id(COMPANY).into());
    let receipt = ReceiptGroup {
        members: members("2"),
        provider: "primero".into(),
        at: vec![at(77)],
        receipt: GroupReceipt::Delivered,
        details: vec![],
    };
    let events = [
        requested(),
        chunk(2, 1, 3),
        outcome(3, "1", 1, 1, deferred()),
        outcome(4, "2", 1, 1, accepted(1)),
        outcome(5, "1", 1, 2, accepted(1)),
        deliveries(6, DeliveriesEvent::ReceiptsRecorded { notification, company, receipts: vec![receipt] }),
    ];
    let fold = folded(&events);
    assert_eq!(entries(&fold, 1), [(DeliveryState::Deferred, 3), (DeliveryState::Accepted, 5)]);
    assert_eq!(entries(&fold, 2), [(DeliveryState::Accepted, 4), (DeliveryState::Delivered, 6)]);
    assert_eq!((total(&fold, DeliveryState::Accepted), total(&fold, DeliveryState::Delivered)), (1, 1));
    assert_eq!(total(&fold, DeliveryState::Deferred), 0);
    let chunk = &fold.chunks[&(id(NOTIFICATION), 1)];
    let told = &chunk.outcomes[&Member::try_new(2).expect("a member")];
    assert_eq!((told.standing.at, told.reference.as_deref()), (at(77), Some("SM0")));
}

#[test]
fn a_retry_reopens_the_failed_and_keeps_the_exclusions_of_the_first_generation() {
    let events = [
        requested(),
        chunk(2, 1, 3),
        closed(3, 1),
        outcome(4, "2", 1, 1, failed()),
        notification(5, NotificationEvent::NotificationRetried { generation: 2 }),
        reopened(6, "2", 2),
        closed(7, 2),
    ];
    let fold = folded(&events);
    assert_eq!(total(&fold, DeliveryState::Failed), 0);
    assert_eq!(undecided(&fold), "1,3", "what is reopened keeps its row");
    assert_eq!(entries(&fold, 2), [(DeliveryState::Failed, 4), (DeliveryState::Pending, 6)]);
    assert_eq!(fold.notifications[&id(NOTIFICATION)].excluded["no_phone"], 1);
}

#[test]
fn outcomes_without_their_audience_leave_nothing() {
    let events = [requested(), outcome(2, "1", 1, 1, accepted(1))];
    let fold = folded(&events);
    assert!(fold.totals.0.is_empty() && fold.chunks.is_empty());
    let events = [requested(), chunk(2, 1, 1), outcome(3, "1-2", 1, 1, accepted(2))];
    let fold = folded(&events);
    assert_eq!(total(&fold, DeliveryState::Accepted), 1, "nobody beyond the audience is counted");
}

#[test]
fn a_cancelled_event_makes_a_delivery_cancelled() {
    let cancelled = notification(4, NotificationEvent::NotificationCancelled);
    let events = [requested(), chunk(2, 1, 1), closed(3, 1), cancelled];
    let known = &folded(&events).notifications[&id(NOTIFICATION)];
    assert_eq!((known.cancelled_at, known.life.state()), (Some(at(4)), Some(NotificationState::Cancelled)));
}

#[test]
fn no_personal_data_of_an_erased_client_is_written() {
    let events = [requested(), chunk(2, 1, 2), outcome(3, "1-2", 1, 1, failed())];
    let mut fold = folded(&events);
    fold.erased.insert(id(CLIENT));
    let key = (id(NOTIFICATION), 1);
    let is_erased = |fold: &Fold<'_>| -> Vec<bool> {
        fold.attempts.iter().map(|attempt| fold.is_erased(attempt.chunk, attempt.member)).collect()
    };
    assert_eq!(is_erased(&fold), [true, false]);
    fold.chunks.get_mut(&key).expect("the chunk").recipients = None;
    fold.erased_people.insert((id(NOTIFICATION), ordinal(1, Member::try_new(2).expect("a member"))));
    assert_eq!(is_erased(&fold), [false, true], "also of a chunk that was there before the batch");
    assert_eq!(total(&fold, DeliveryState::Failed), 2);
}

#[test]
fn a_client_erased_in_a_batch_is_blanked_at_its_end() {
    let erased = ClientEvent::ClientErased { company: id(COMPANY).into() };
    let events = [requested(), chunk(2, 1, 1), recorded(3, id(CLIENT), Event::Client(erased))];
    assert_eq!(folded(&events).erased_now, [id(CLIENT)]);
}

#[test]
fn a_batch_is_its_events_one_by_one_and_the_totals_are_the_truth() {
    for seed in 0..150 {
        let history = random_history(seed);
        let (mut whole, mut single, mut cut) = (Tables::default(), Tables::default(), Tables::default());
        whole.apply(&history);
        history.iter().for_each(|event| single.apply(std::slice::from_ref(event)));
        history.chunks(1 + seed as usize % 7).for_each(|batch| cut.apply(batch));
        assert_eq!(whole, single, "{seed}");
        assert_eq!(whole, cut, "{seed}");
        whole.assert_the_truth(&history);
    }
}

/// A request that somebody else must approve.
fn awaiting_approval() -> Recorded {
    let mut asked = requested();
    if let Ok(Event::Notification(NotificationEvent::NotificationRequested { needs_approval, .. })) =
        &mut asked.event
    {
        *needs_approval = Some(ApprovalNeed { people: 3, above: 2 });
    }
    asked
}

#[test]
fn what_waits_for_approval_and_time_has_begun_when_its_event_says_so() {
    let approved = || notification(2, NotificationEvent::NotificationApproved { by: id(5).into() });
    let moved = || notification(3, NotificationEvent::NotificationRescheduled { send_at: at(60) });
    let known = |events: &[Recorded]| folded(events).notifications[&id(NOTIFICATION)].clone();
    let waits = known(&[awaiting_approval(), approved(), moved()]);
    assert_eq!((waits.begun_at, waits.decided_at, waits.life.send_at()), (None, Some(at(2)), Some(at(60))));
    let begun = notification(4, NotificationEvent::NotificationBegun { begun_at: at(4) });
    assert_eq!(known(&[awaiting_approval(), approved(), moved(), begun]).begun_at, Some(at(4)));
    assert_eq!(known(&[requested()]).begun_at, Some(at(1)));
    let reason = Personal::new(id(NOTIFICATION), "No".to_owned());
    let rejected = notification(2, NotificationEvent::NotificationRejected { by: id(5).into(), reason });
    let refused = known(&[awaiting_approval(), rejected]);
    assert_eq!((refused.cancelled_at, refused.rejection.as_deref()), (Some(at(2)), Some("No")));
}
