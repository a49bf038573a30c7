//! The relay: every event in the stream under its own position, whatever became of the stream.

use std::future::pending;

use commands::leader::Leadership;
use commands::relay::{self, Halt, RelayState, Step};
use tests::HANG;
use tests::ledger::Ledger;
use tokio::time::timeout;

#[tokio::test]
async fn every_event_stands_in_the_stream_under_its_position() {
    let ledger = Ledger::start().await;
    ledger.write(2_500).await;
    assert_eq!(ledger.relay_all(&mut ledger.relay()).await, 2_500);
    ledger.assert_mirrored().await;
}

#[tokio::test]
async fn a_relay_that_starts_anew_goes_on_where_the_stream_ends() {
    let ledger = Ledger::start().await;
    ledger.write(300).await;
    ledger.relay_all(&mut ledger.relay()).await;
    ledger.write(7).await;
    assert_eq!(ledger.relay_all(&mut ledger.relay()).await, 7);
    ledger.assert_mirrored().await;
}

#[tokio::test]
async fn two_relays_at_once_publish_every_event_once() {
    let ledger = Ledger::start().await;
    ledger.write(3_000).await;
    let (mut one, mut other) = (ledger.relay(), ledger.relay());
    tokio::join!(ledger.relay_all(&mut one), ledger.relay_all(&mut other));
    ledger.assert_mirrored().await;
}

#[tokio::test]
async fn a_lost_stream_is_made_again_with_the_same_sequences() {
    let ledger = Ledger::start().await;
    ledger.write(500).await;
    let mut relay = ledger.relay();
    ledger.relay_all(&mut relay).await;
    delete_stream(&ledger).await;
    ledger.write(1).await;
    ledger.relay_all(&mut relay).await;
    ledger.assert_mirrored().await;
}

#[tokio::test]
async fn a_stream_ahead_of_the_log_halts_the_relay_until_it_is_recreated() {
    let ledger = Ledger::start().await;
    ledger.write(100).await;
    let mut relay = ledger.relay();
    ledger.relay_all(&mut relay).await;
    restore_backup_of(&ledger, 60).await;
    // Restoring takes the database away, and with it whatever a process had in hand.
    let ledger = ledger.same_elsewhere().await;

    let mut relay = ledger.relay();
    assert_eq!(relay.step().await.expect("a step"), Step::Halted);
    assert_eq!(*relay.state().borrow(), RelayState::Halted(Halt::Ahead { last: 100, head: 60 }));

    relay::recreate(ledger.log.reader(), &ledger.broker).await.expect("the stream is recreated");
    assert_eq!(ledger.relay_all(&mut relay).await, 60);
    ledger.assert_mirrored().await;
}

#[tokio::test]
async fn a_stream_with_another_history_halts_the_relay() {
    let ledger = Ledger::start().await;
    ledger.write(100).await;
    ledger.relay_all(&mut ledger.relay()).await;
    restore_backup_of(&ledger, 60).await;
    ledger.write(80).await;

    let mut relay = ledger.relay();
    assert_eq!(relay.step().await.expect("a step"), Step::Halted);
    assert_eq!(*relay.state().borrow(), RelayState::Halted(Halt::Differs { at: 100 }));
}

#[tokio::test]
async fn only_one_leads_under_a_name() {
    let ledger = Ledger::start().await;
    let first = Leadership::acquire(ledger.log.pool(), "test").await;
    let pool = ledger.elsewhere().await.pool().clone();
    let second = tokio::spawn(async move { Leadership::acquire(&pool, "test").await });
    let other_name = Leadership::acquire(ledger.log.pool(), "another").await;
    timeout(HANG, was_refused(&ledger)).await.expect("the second asks for the lock");
    assert!(!second.is_finished());
    drop((first, other_name));
    timeout(HANG, second).await.expect("in time").expect("the second leads after the first");
}

#[tokio::test]
async fn leadership_is_lost_with_its_connection() {
    let ledger = Ledger::start().await;
    let leadership = Leadership::acquire(ledger.log.pool(), "test").await;
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'mensajeria leader test' and datname = current_database()",
    )
    .execute(ledger.log.pool())
    .await
    .expect("the database answers");
    timeout(HANG, leadership.lost()).await.expect("it is noticed");
    assert_eq!(leadership.while_held(pending::<()>()).await, None, "what it did is dropped");
}

/// Waits until somebody has asked for the lock of the name and not got it.
async fn was_refused(ledger: &Ledger) {
    let refused = "select exists (
       select from pg_stat_activity a
       where application_name = 'mensajeria leader test' and datname = current_database() and state = 'idle'
         and query like 'select pg_try_advisory_lock%'
         and not exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'advisory'))";
    while !sqlx::query_scalar::<_, bool>(refused).fetch_one(ledger.log.pool()).await.expect("the activity") {
        tokio::task::yield_now().await;
    }
}

async fn delete_stream(ledger: &Ledger) {
    ledger.jetstream().await.delete_stream(ledger.stream_name()).await.expect("the stream is deleted");
}

/// What a database looks like after an old backup was restored.
async fn restore_backup_of(ledger: &Ledger, head: i64) {
    let text = format!(
        "alter table events disable trigger all;
         delete from events where position > {head};
         alter table events enable trigger all"
    );
    sqlx::raw_sql(&text).execute(ledger.log.pool()).await.expect("the events are gone");
}
