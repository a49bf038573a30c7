//! Tests of the table of connections.

use futures::FutureExt;
use tokio::time::advance;
use uuid::Uuid;

use super::*;

fn network(last: u8) -> Owner {
    Owner::Network(Some([192, 0, 2, last].into()))
}

fn user(number: u128) -> UserId {
    Uuid::from_u128(number).into()
}

fn is_closed(admitted: &Admitted) -> bool {
    admitted.0.closing().now_or_never().is_some()
}

#[tokio::test(start_paused = true)]
async fn the_next_connection_of_a_network_closes_the_one_that_waits_longest() {
    let table = ConnectionTable::new(100, 2);
    let mut admitted = Vec::new();
    for _ in 0..4 {
        admitted.push(table.admit(network(1)).unwrap());
        advance(SETTLING_TIME).await;
    }
    assert_eq!(admitted.iter().map(is_closed).collect::<Vec<_>>(), [true, true, false, false]);
    drop(admitted);
    let open = table.open();
    assert_eq!((open.all, open.by_owner.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_let_in_and_counts_as_its_users_once_they_are_known() {
    let table = ConnectionTable::new(100, 2);
    let admitted: Vec<_> = (0..4).map(|_| table.admit(network(1)).unwrap()).collect();
    (1..).zip(&admitted).for_each(|(number, admitted)| admitted.0.assign_to(user(number)));
    advance(SETTLING_TIME).await;
    let next = table.admit(network(1)).unwrap();
    assert!(!admitted.iter().chain([&next]).any(is_closed));
    assert_eq!(table.open().of(network(1)), 1);
}

#[tokio::test(start_paused = true)]
async fn one_network_never_keeps_another_out() {
    let table = ConnectionTable::new(10, 4);
    let honest = table.admit(network(2)).unwrap();
    let flood: Vec<_> = (0..20).map(|_| table.admit(network(1)).unwrap()).collect();
    let other = table.admit(network(3)).unwrap();
    assert!(!is_closed(&honest) && !is_closed(&other));
    assert_eq!(flood.iter().filter(|admitted| is_closed(admitted)).count(), 12);
}

#[tokio::test(start_paused = true)]
async fn a_request_at_work_and_a_users_stream_are_never_closed() {
    let table = ConnectionTable::new(3, 3);
    let admitted: Vec<_> = (0..3).map(|_| table.admit(network(1)).unwrap()).collect();
    let [at_work, stream, answered] = &admitted[..] else { panic!("three") };
    at_work.0.set_at_work(true);
    stream.0.assign_to(user(1));
    answered.0.assign_to(user(2));
    advance(USER_IDLE_TIME).await;
    stream.0.touch();
    let answering = answered.0.exchange();
    assert!(table.admit(network(2)).is_none());
    drop(answering);
    let _next = table.admit(network(2)).unwrap();
    assert!(is_closed(answered) && !is_closed(at_work) && !is_closed(stream));
}

#[tokio::test(start_paused = true)]
async fn strangers_are_closed_before_users_that_are_idle() {
    let table = ConnectionTable::new(2, 2);
    let (idle, stranger) = (table.admit(network(1)).unwrap(), table.admit(network(1)).unwrap());
    idle.0.assign_to(user(1));
    advance(USER_IDLE_TIME).await;
    let _next = table.admit(network(2)).unwrap();
    assert!(!is_closed(&idle) && is_closed(&stranger));
}

#[tokio::test(start_paused = true)]
async fn a_proxy_is_bounded_by_the_limit_in_all_only() {
    let table = ConnectionTable::new(10, 2);
    let admitted: Vec<_> = (0..10).map(|_| table.admit(Owner::Proxy).unwrap()).collect();
    admitted.iter().for_each(|admitted| admitted.0.assign_to(user(1)));
    assert!(!admitted.iter().any(is_closed));
    assert!(table.admit(Owner::Proxy).is_none());
}

#[tokio::test(start_paused = true)]
async fn connections_beyond_a_users_limit_count_for_their_network() {
    let table = ConnectionTable::new(10, 1);
    let (one, other) = (table.admit(network(1)).unwrap(), table.admit(network(2)).unwrap());
    one.0.assign_to(user(1));
    other.0.assign_to(user(1));
    let open = table.open();
    let counts = [Owner::User(user(1)), network(1), network(2)].map(|owner| open.of(owner));
    drop(open);
    assert_eq!(counts, [1, 0, 1]);
}
