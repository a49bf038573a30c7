//! What entries say, and what they must not.

use std::collections::BTreeSet;

use domain::client::{ClientEvent, ClientProfile, Contact};
use domain::delivery::{Attempt, DeliveryEvent, FailureClass};
use domain::user::{UserEvent, UserProfile};
use domain::value::{ContactKind, Role};
use domain::{Event, Personal};
use serde_json::{Value, json};

use super::SubjectId;
use super::entry::Entry;
use crate::samples::{at, id, recorded, unreadable};

const SECRET: &str = "Márquez";

fn secret() -> Personal<String> {
    Personal::new(id(3), SECRET.to_owned())
}

fn deferred() -> DeliveryEvent {
    let attempt = Attempt {
        notification: id(1).into(),
        company: id(2).into(),
        client: id(3).into(),
        generation: 1,
        number: 2,
    };
    DeliveryEvent::DeliveryDeferred {
        attempt,
        provider: Some("primero".into()),
        until: at(9),
        class: FailureClass::Throttled,
        code: "429".into(),
        detail: secret(),
    }
}

#[test]
fn an_outcome_says_who_was_told_with_which_result() {
    let recorded = recorded(1, id(7), Event::Delivery(deferred()));
    let entry = Entry::of(&recorded);
    assert_eq!((entry.subject_type, entry.result), ("delivery", "deferred"));
    assert_eq!(entry.subject, SubjectId::Uuid(id(7)));
    assert_eq!((entry.company, entry.notification), (Some(id(2)), Some(id(1))));
    let summary: Value = serde_json::from_str(&entry.summary).expect("an object");
    assert_eq!(summary["client"], json!(id(3)));
    assert_eq!((&summary["class"], &summary["number"]), (&json!("throttled"), &json!(2)));
    assert_eq!(summary.get("reason"), None);
}

#[test]
fn no_entry_names_a_person() {
    let contact = Contact {
        kind: ContactKind::Holder,
        name: SECRET.into(),
        phone: Some(SECRET.into()),
        email: Some(SECRET.into()),
    };
    let client =
        ClientProfile { external_id: Some(SECRET.into()), name: SECRET.into(), contacts: vec![contact] };
    let user = UserProfile { name: SECRET.into(), email: SECRET.into() };
    let events = [
        Event::Delivery(deferred()),
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
fn what_cannot_be_read_is_noted_as_such() {
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
