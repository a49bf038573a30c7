//! The rules of clients.

use std::collections::BTreeMap;

use super::*;
use crate::aggregate::{given, id};
use crate::value::ContactKind;

fn details(name: &str, contacts: usize) -> ClientDetails {
    let contact = |n| Contact {
        kind: ContactKind::Holder,
        name: format!("Contacto {n}"),
        phone: Some("+573001234567".into()),
        email: None,
    };
    ClientDetails {
        profile: ClientProfile {
            external_id: Some("C-1".into()),
            name: name.into(),
            contacts: (0..contacts).map(contact).collect(),
            columns: BTreeMap::new(),
        },
        locale: "es-CO".parse().unwrap(),
        time_zone: "America/Bogota".parse().unwrap(),
    }
}

fn change(name: &str, contacts: usize) -> ClientCommand {
    let ClientProfile { name, contacts, .. } = details(name, contacts).profile;
    let (name, contacts) = (Some(name), Some(contacts));
    ClientCommand::Change(ClientChange { name, contacts, ..ClientChange::default() })
}

fn register(contacts: usize) -> ClientCommand {
    ClientCommand::Register(RegisterClient {
        client: id(30),
        company: id(20),
        details: details("Ana", contacts),
    })
}

fn registered() -> ClientEvent {
    ClientEvent::ClientRegistered {
        company: id(20),
        profile: Personal::new(id(30), details("Ana", 1).profile),
        locale: "es-CO".into(),
        time_zone: "America/Bogota".into(),
    }
}

fn erased() -> ClientEvent {
    ClientEvent::ClientErased { company: id(20) }
}

#[test]
fn a_client_is_registered_with_all_that_is_personal_under_its_key() {
    assert_eq!(given::<Client>([]).decide(register(1)), Ok(vec![registered()]));
}

#[test]
fn a_client_is_registered_once_and_never_again_after_erasure() {
    assert_eq!(given::<Client>([registered()]).decide(register(1)), Err(ClientError::AlreadyRegistered));
    assert_eq!(
        given::<Client>([registered(), erased()]).decide(register(1)),
        Err(ClientError::AlreadyRegistered)
    );
}

#[test]
fn a_client_has_a_bounded_number_of_contacts() {
    let refusal = Err(ClientError::TooManyContacts { found: CONTACTS_MAX + 1 });
    assert_eq!(given::<Client>([]).decide(register(CONTACTS_MAX + 1)), refusal);
    assert_eq!(given::<Client>([registered()]).decide(change("Ana", CONTACTS_MAX + 1)), refusal);
    assert!(given::<Client>([]).decide(register(CONTACTS_MAX)).is_ok());
}

#[test]
fn a_change_is_recorded_and_the_same_again_is_not() {
    let client = given::<Client>([registered()]);
    let events = client.decide(change("Ana María", 1)).unwrap();
    let [ClientEvent::ClientChanged { profile, .. }] = &events[..] else {
        panic!("one change, not {events:?}")
    };
    assert_eq!(profile, &Personal::new(id(30), details("Ana María", 1).profile));
    assert_eq!(client.decide(change("Ana", 1)), Ok(vec![]));
}

#[test]
fn a_change_keeps_concurrent_changes_of_other_fields() {
    let meanwhile = ClientEvent::ClientChanged {
        company: id(20),
        profile: Personal::new(id(30), details("Ana María", 2).profile),
        locale: "en".into(),
        time_zone: "America/Bogota".into(),
    };
    let renumbered = ClientChange { external_id: Some(None), ..ClientChange::default() };
    let events = given::<Client>([registered(), meanwhile]).decide(ClientCommand::Change(renumbered));
    let Ok([ClientEvent::ClientChanged { profile, locale, .. }]) = events.as_deref() else {
        panic!("one change, not {events:?}")
    };
    let expected = ClientProfile { external_id: None, ..details("Ana María", 2).profile };
    assert_eq!((profile.get(), locale.as_str()), (Some(&expected), "en"));
}

#[test]
fn a_client_whose_profile_cannot_be_read_any_more_is_not_brought_back_by_half_of_a_new_one() {
    let registered = ClientEvent::ClientRegistered {
        company: id(20),
        profile: Personal::erased(id(30)),
        locale: "es".into(),
        time_zone: "America/Bogota".into(),
    };
    assert_eq!(given::<Client>([registered]).decide(change("Ana", 1)), Err(ClientError::Unknown));
}

#[test]
fn erasing_twice_is_not_an_error() {
    assert_eq!(given::<Client>([registered()]).decide(ClientCommand::Erase), Ok(vec![erased()]));
    assert_eq!(given::<Client>([registered(), erased()]).decide(ClientCommand::Erase), Ok(vec![]));
}

#[test]
fn an_erased_client_is_known_no_more() {
    let client = given::<Client>([registered(), erased()]);
    assert_eq!(client.served(), None);
    assert_eq!(client.decide(change("Ana", 1)), Err(ClientError::Unknown));
}

#[test]
fn a_client_that_was_never_registered_is_unknown() {
    for command in [change("Ana", 1), ClientCommand::Erase] {
        assert_eq!(given::<Client>([]).decide(command), Err(ClientError::Unknown));
    }
}

#[test]
fn a_client_whose_history_is_sealed_for_ever_still_folds() {
    let registered = ClientEvent::ClientRegistered {
        company: id(20),
        profile: Personal::erased(id(30)),
        locale: "es".into(),
        time_zone: "America/Bogota".into(),
    };
    assert_eq!(given::<Client>([registered, erased()]), Client::Erased);
}

#[test]
fn own_columns_are_replaced_as_a_whole_and_are_at_most_20() {
    let client: Client = given([registered()]);
    let columns = |count: usize| -> BTreeMap<String, String> {
        (0..count).map(|n| (format!("c{n}"), "5".to_owned())).collect()
    };
    let change = |count| {
        let columns = Some(columns(count));
        ClientCommand::Change(ClientChange { columns, ..ClientChange::default() })
    };
    let events = client.decide(change(COLUMNS_MAX)).unwrap();
    let [ClientEvent::ClientChanged { profile, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(profile.get().map(|profile| &profile.columns), Some(&columns(COLUMNS_MAX)));
    assert_eq!(client.decide(change(0)), Ok(vec![]), "it has none");
    let found = COLUMNS_MAX + 1;
    assert_eq!(client.decide(change(found)), Err(ClientError::TooManyColumns { found }));
}

#[test]
fn an_edited_address_takes_the_place_of_the_old_one_in_the_contacts_of_its_kind() {
    use crate::value::{AddressKind, ContactKind};
    let contact = |kind, phone: &str| Contact {
        kind,
        name: "Ana".into(),
        phone: Some(phone.into()),
        email: Some("ana@example.com".into()),
    };
    let contacts = [contact(ContactKind::Holder, "+1"), contact(ContactKind::EmergencyContact, "+1")];
    let changed =
        |before, after| with_address(&contacts, ContactKind::Holder, AddressKind::Phone, before, after);
    let numbers =
        |contacts: Vec<Contact>| contacts.into_iter().filter_map(|contact| contact.phone).collect::<Vec<_>>();
    assert_eq!(changed("+1", "+2").map(numbers), Some(vec!["+2".to_owned(), "+1".to_owned()]));
    assert_eq!(changed("+9", "+1"), Some(contacts.to_vec()), "it has the new one already");
    assert_eq!(changed("+9", "+2"), None);
}
