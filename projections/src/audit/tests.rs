//! What entries say, and what they must not.

use std::collections::{BTreeMap, BTreeSet};

use domain::client::{ClientEvent, ClientProfile, Contact};
use domain::deliveries::{
    Cause, DeliveriesEvent, Detail, Evidence, FailureClass, GroupOutcome, OutcomeGroup, Phase, Resolution,
    ResolvedBy, deliveries_stream,
};
use domain::notification::AudienceEvent;
use domain::receipt::{ReceiptEvent, Receiver};
use domain::user::{UserEvent, UserProfile};
use domain::value::{Channel, ContactKind, Member, Role};
use domain::{Event, Personal};
use serde_json::{Value, json};

use super::SubjectId;
use super::entry::Entry;
use crate::samples::{at, id, recorded, unreadable};

const SECRET: &str = "Márquez";

fn secret() -> Personal<String> {
    Personal::new(id(3), SECRET.to_owned())
}

fn member(number: u16) -> Member {
    Member::try_new(number).expect("a member")
}

fn outcomes() -> DeliveriesEvent {
    let cause = Cause { class: FailureClass::Throttled, evidence: Evidence::answered(Phase::Http, "429") };
    let deferred = |attempt, members: [u16; 2]| OutcomeGroup {
        generation: 1,
        attempt,
        members: members.map(member).into_iter().collect(),
        outcome: GroupOutcome::Deferred {
            provider: Some("primero".into()),
            since: at(1),
            until: at(9),
            cause: cause.clone(),
        },
        details: vec![Detail { member: member(members[0]), text: secret() }],
        passed_on: vec![],
    };
    let accepted = OutcomeGroup {
        generation: 1,
        attempt: 1,
        members: member(9).into(),
        outcome: GroupOutcome::Accepted { provider: "primero".into(), references: vec!["SM1".into()] },
        details: vec![],
        passed_on: vec![],
    };
    DeliveriesEvent::OutcomesRecorded {
        notification: id(1).into(),
        company: id(2).into(),
        outcomes: vec![deferred(1, [1, 2]), accepted, deferred(2, [3, 4])],
    }
}

fn stream() -> String {
    deliveries_stream(id(1).into(), 1)
}

#[test]
fn an_entry_about_many_counts_them_and_has_the_gravest_result() {
    let recorded = recorded(1, stream(), Event::Deliveries(outcomes()));
    let entry = Entry::of(&recorded);
    assert_eq!((entry.subject_type, entry.result), ("notification", "deferred"));
    assert_eq!(entry.subject, SubjectId::Uuid(id(1)));
    assert_eq!((entry.company, entry.notification), (Some(id(2)), Some(id(1))));
    let summary: Value = serde_json::from_str(&entry.summary).expect("an object");
    let expected = json!({
        "generation": 1,
        "outcomes": [
            {"outcome": "deferred", "class": "throttled", "code": "429", "provider": "primero", "n": 4},
            {"outcome": "accepted", "provider": "primero", "n": 1},
        ],
    });
    assert_eq!(summary, expected);
}

#[test]
fn ended_doubts_and_reopened_deliveries_are_counted() {
    let (notification, company) = (id(1).into(), id(2).into());
    let members = [1, 2].map(member).into_iter().collect();
    let resolution = Resolution::Resend;
    let events = [
        DeliveriesEvent::DoubtsResolved {
            notification,
            company,
            members,
            resolution,
            by: ResolvedBy::Person,
            reason: Some(secret()),
        },
        DeliveriesEvent::DeliveriesReopened {
            notification,
            company,
            generation: 2,
            members,
            addresses: vec![],
        },
        DeliveriesEvent::DeliveriesDiscarded { notification, company, members, reason: secret() },
    ];
    let entries = events.map(|event| {
        let recorded = recorded(1, stream(), Event::Deliveries(event));
        let entry = Entry::of(&recorded);
        (entry.result, serde_json::from_str::<Value>(&entry.summary).expect("an object"))
    });
    assert_eq!(entries[0], ("failed", json!({"resolution": "resend", "by": "person", "n": 2})));
    assert_eq!(entries[1], ("done", json!({"generation": 2, "n": 2})));
    assert_eq!(entries[2], ("done", json!({"n": 2})));
}

#[test]
fn seeing_chunks_and_outcomes_are_no_deeds() {
    let chunk = AudienceEvent::AudienceChunkResolved {
        notification: id(1).into(),
        company: id(2).into(),
        channel: Channel::Sms,
        recipients: vec![],
        cursor: String::new(),
    };
    let receiver = || Receiver { message: id(5).into(), user: id(6).into(), author: id(7).into() };
    let events = [
        (Event::Deliveries(outcomes()), false),
        (Event::Audience(chunk), false),
        (Event::Receipt(ReceiptEvent::MessageSeen(receiver())), false),
        (Event::Receipt(ReceiptEvent::MessageAcknowledged(receiver())), true),
        (Event::Client(ClientEvent::ClientErased { company: id(2).into() }), true),
    ];
    for (event, deed) in events {
        assert_eq!(super::is_deed(&recorded(1, id(3), event.clone())), deed, "{event:?}");
    }
    assert!(super::is_deed(&unreadable(1, "martian", "x")));
}

#[test]
fn no_entry_names_a_person() {
    let contact = Contact {
        kind: ContactKind::Holder,
        name: SECRET.into(),
        phone: Some(SECRET.into()),
        email: Some(SECRET.into()),
    };
    let client = ClientProfile {
        external_id: Some(SECRET.into()),
        name: SECRET.into(),
        contacts: vec![contact],
        columns: BTreeMap::from([("saldo".into(), SECRET.into())]),
    };
    let user = UserProfile { name: SECRET.into(), email: SECRET.into(), phone: Some(SECRET.into()) };
    let events = [
        Event::Deliveries(outcomes()),
        Event::Client(ClientEvent::ClientRegistered {
            company: id(2).into(),
            profile: Personal::new(id(3), client),
            locale: "es".into(),
            time_zone: "America/Bogota".into(),
        }),
        Event::User(UserEvent::UserRegistered {
            profile: Personal::new(id(4), user),
            roles: BTreeSet::from([Role::Admin]),
            companies: BTreeSet::new(),
        }),
    ];
    for event in events {
        let recorded = recorded(1, id(3), event);
        let entry = Entry::of(&recorded);
        assert!(!format!("{entry:?}").contains(SECRET), "{entry:?}");
    }
}

#[test]
fn an_unreadable_event_has_an_entry_that_says_so() {
    let recorded = unreadable(1, "martian", "ñ".repeat(1_000));
    let entry = Entry::of(&recorded);
    assert_eq!((entry.result, entry.subject_type), ("unreadable", "martian"));
    let text = entry.subject.text().expect("no UUID");
    assert_eq!(text.chars().count(), super::SUBJECT_CHARS_MAX);
}

#[test]
fn a_subject_is_found_however_its_id_is_written_and_however_long_it_is() {
    let id = "0192e4a0-7b1c-7abc-8def-001122334455";
    let uuid = SubjectId::Uuid(id.parse().expect("a UUID"));
    assert_eq!(SubjectId::from(id.to_uppercase().as_str()), uuid);
    assert_eq!(SubjectId::from("Inbox:X"), SubjectId::Text("Inbox:X".to_owned()));
    let long = "ñ".repeat(1_000);
    assert_eq!(SubjectId::from(long.as_str()), SubjectId::Text("ñ".repeat(super::SUBJECT_CHARS_MAX)));
}
