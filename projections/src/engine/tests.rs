//! What is parked, and what goes on.

use domain::Event;
use domain::client::ClientEvent;
use domain::inbox::InboxEvent;

use super::parking::Parking;
use crate::audit::Audit;
use crate::inbox::Inbox;
use crate::samples::{id, recorded, unreadable};

fn inbox_read(position: i64, user: u128) -> commands::log::Recorded {
    let event = InboxEvent::InboxRead { user: id(user).into(), up_to: 0 };
    recorded(position, id(user), Event::Inbox(event))
}

fn positions(sorted: &super::parking::Sorted<'_>) -> (Vec<i64>, Vec<i64>) {
    let flowing = sorted.flowing.iter().map(|event| event.position).collect();
    (flowing, sorted.parked.iter().map(|parked| parked.event.position).collect())
}

#[test]
fn an_unreadable_event_parks_its_aggregate_and_the_rest_flows() {
    let events = [inbox_read(1, 1), unreadable(2, "inbox", id(1)), inbox_read(3, 2), inbox_read(4, 1)];
    let sorted = Parking::default().sort(&Inbox, &events, None);
    assert_eq!(positions(&sorted), (vec![1, 3], vec![2, 4]));
    assert_eq!(sorted.fresh, 1);
}

#[test]
fn a_parked_aggregate_stays_parked_in_later_batches() {
    let mut parking = Parking::default();
    let bad = [unreadable(1, "inbox", id(1))];
    let sorted = parking.sort(&Inbox, &bad, None);
    parking.remember(&Inbox, &sorted.parked);
    let later = [inbox_read(2, 1), inbox_read(3, 2)];
    let sorted = parking.sort(&Inbox, &later, None);
    assert_eq!(positions(&sorted), (vec![3], vec![2]));
    assert_eq!((sorted.fresh, parking.len()), (0, 1));
}

#[test]
fn an_event_that_the_database_refused_is_parked_with_the_reason() {
    let events = [inbox_read(1, 1)];
    let sorted = Parking::default().sort(&Inbox, &events, Some((1, "SQLSTATE 22021")));
    assert_eq!(positions(&sorted), (vec![], vec![1]));
    assert_eq!(sorted.parked[0].reason, "SQLSTATE 22021");
}

#[test]
fn events_of_no_interest_are_neither_projected_nor_parked() {
    let events = [unreadable(1, "martian", "x"), unreadable(2, "client", id(1))];
    let sorted = Parking::default().sort(&Inbox, &events, None);
    assert_eq!(positions(&sorted), (vec![], vec![]));
}

#[test]
fn the_audit_has_an_entry_for_an_unreadable_event() {
    let events = [unreadable(1, "martian", "x"), unreadable(2, "martian", "x")];
    let sorted = Parking::default().sort(&Audit, &events, None);
    assert_eq!(positions(&sorted), (vec![1, 2], vec![]));
}

#[test]
fn a_parked_client_is_erased_all_the_same() {
    let erased = || Event::Client(ClientEvent::ClientErased { company: id(9).into() });
    let events = [unreadable(1, "client", id(1)), recorded(2, id(1), erased()), recorded(3, id(1), erased())];
    let sorted = Parking::default().sort(&Audit, &events, Some((1, "refused")));
    assert_eq!(positions(&sorted), (vec![2, 3], vec![1]));
    let sorted = Parking::default().sort(&Audit, &events[1..], Some((2, "refused")));
    assert_eq!(positions(&sorted), (vec![3], vec![2]), "unless the database refuses the erasure itself");
}
