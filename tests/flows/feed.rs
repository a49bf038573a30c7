//! The feed: every position once and in order, from memory, JetStream or PostgreSQL, and never from another history.

use commands::broker::share_heads;
use commands::log::StoredEvent;
use commands::relay;
use domain::DecodeError;
use tests::HANG;
use tests::ledger::{Ledger, read_to};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_feed_without_a_broker_reads_the_whole_log() {
    let ledger = Ledger::start().await;
    let head = ledger.write(2_500).await;
    read_to(&mut ledger.log.reader().feed(None, 0), head).await;
}

#[tokio::test]
async fn a_feed_also_gives_events_byte_by_byte_as_they_are_stored() {
    let ledger = Ledger::start().await;
    let head = ledger.write(20).await;
    let reader = ledger.log.reader();
    let stored = reader.read_after(0, head).await.expect("the log reads");
    let bytes = |events: &[StoredEvent]| -> Vec<_> {
        events.iter().map(|event| (event.position, event.payload.clone(), event.metadata.clone())).collect()
    };
    for broker in [None, Some(ledger.broker.clone())] {
        let mut feed = reader.feed(broker, 0);
        assert_eq!(bytes(&feed.next_stored().await.expect("the log reads")), bytes(&stored));
        assert_eq!(feed.position(), head);
    }
}

#[tokio::test]
async fn a_feed_follows_while_events_are_written_and_relayed() {
    let ledger = Ledger::start().await;
    let (mut own, mut elsewhere) =
        (ledger.log.reader().feed(Some(ledger.broker.clone()), 0), ledger.feed_elsewhere().await);
    let cancel = CancellationToken::new();
    let relaying = tokio::spawn(ledger.relay().run(cancel.clone()));
    ledger.follow_mirror(&mut elsewhere).await;
    for events in [1, 700, 3, 1_500, 1] {
        let head = ledger.write(events).await;
        tokio::join!(read_to(&mut own, head), read_to(&mut elsewhere, head));
    }
    cancel.cancel();
    relaying.await.expect("the relay ends");
}

#[tokio::test]
async fn what_the_mirror_brought_is_the_head_for_whoever_follows_in_that_process() {
    let ledger = Ledger::start().await;
    let (other, cancel) = (ledger.same_elsewhere().await, CancellationToken::new());
    let mut feed = other.log.reader().feed(Some(ledger.broker.clone()), 0);
    let relaying = tokio::spawn(ledger.relay().run(cancel.clone()));
    ledger.follow_mirror(&mut feed).await;
    let head = ledger.write(3).await;
    read_to(&mut feed, head).await;
    assert_eq!(*other.log.reader().watch_head().borrow(), head);
    cancel.cancel();
    relaying.await.expect("the relay ends");
}

#[tokio::test]
async fn a_feed_has_what_its_process_wrote_from_memory_as_it_stands_in_the_log() {
    let ledger = Ledger::start().await;
    ledger.write(200).await;
    let stored = ledger.log.reader().feed(None, 0).next().await.expect("the log reads");
    // The broker has nothing either: no relay runs.
    drop(ledger.log.pool().close());
    let mut feed = ledger.log.reader().feed(Some(ledger.broker.clone()), 0);
    let kept = feed.next().await.expect("memory reads");
    assert_eq!((kept.len(), format!("{kept:?}")), (200, format!("{stored:?}")));
    assert!(!feed.is_mirrored());
}

#[tokio::test]
async fn a_feed_gives_what_two_processes_wrote_by_turns_in_the_order_of_the_log() {
    let ledger = Ledger::start().await;
    let (other, cancel) = (ledger.same_elsewhere().await, CancellationToken::new());
    let relaying = tokio::spawn(ledger.relay().run(cancel.clone()));
    for log in [&ledger.log, &other.log] {
        tokio::spawn(share_heads(log.reader().clone(), ledger.broker.clone(), cancel.clone()));
    }
    let mut feed = ledger.log.reader().feed(Some(ledger.broker.clone()), 0);
    for _ in 0..30 {
        let (_, head) = (ledger.write(3).await, other.write(2).await);
        read_to(&mut feed, head).await;
    }
    let writing = async { tokio::join!(ledger.write(2_000), other.write(2_000)) };
    let (_, ()) = tokio::join!(writing, read_to(&mut feed, 4_150));
    cancel.cancel();
    relaying.await.expect("the relay ends");
}

/// How often a reader gives up waiting.
const DROPS: usize = 2_000;

#[tokio::test]
async fn a_feed_that_is_dropped_while_it_waits_loses_nothing() {
    let ledger = Ledger::start().await;
    let (mut feed, cancel) = (ledger.feed_elsewhere().await, CancellationToken::new());
    tokio::spawn(ledger.relay().run(cancel.clone()));
    ledger.follow_mirror(&mut feed).await;
    let head = ledger.write(500).await;
    let (mut at, mut drops) = (feed.position(), 0);
    while at < head {
        tokio::select! {
            biased;
            events = feed.next() => for event in events.expect("the feed reads") {
                assert_eq!(event.position, at + 1);
                at = event.position;
            },
            // Bounded: a feed that is dropped for ever never has the time to be answered.
            () = tokio::task::yield_now(), if drops < DROPS => drops += 1,
        }
    }
    cancel.cancel();
}

#[tokio::test]
async fn a_feed_that_goes_back_reads_the_same_events_again() {
    let ledger = Ledger::start().await;
    let head = ledger.write(50).await;
    let mut feed = ledger.log.reader().feed(Some(ledger.broker.clone()), 0);
    read_to(&mut feed, head).await;
    feed.seek(10);
    read_to(&mut feed, head).await;
}

#[tokio::test]
async fn a_feed_reads_the_log_where_the_stream_tells_another_history() {
    let ledger = Ledger::start().await;
    ledger.write(100).await;
    ledger.relay_all(&mut ledger.relay()).await;
    sqlx::raw_sql(
        "alter table events disable trigger all;
         delete from events where position > 60;
         alter table events enable trigger all",
    )
    .execute(ledger.log.pool())
    .await
    .expect("an old backup is restored");
    let log = ledger.elsewhere().await;
    let mut feed = log.reader().feed(Some(ledger.broker.clone()), 60);
    // Once somebody else has written, a feed turns to the stream.
    let head = ledger.write(1).await;
    read_to(&mut feed, head).await;
    tokio::select! {
        phantom = feed.next() => panic!("the log ends at 61, whatever the stream has: {phantom:?}"),
        // As long as it takes to read the stream message by message, a feed has time to read it too.
        _ = ledger.messages() => {}
    }
    let head = ledger.write(79).await;
    let expected: Vec<uuid::Uuid> =
        sqlx::query_scalar("select event_id from events where position > 61 order by position")
            .fetch_all(log.pool())
            .await
            .expect("the database answers");
    let mut read = Vec::new();
    while feed.position() < head {
        read.extend(feed.next().await.expect("the feed reads").into_iter().map(|event| event.event_id));
    }
    assert_eq!(read, expected);
    relay::recreate(log.reader(), &ledger.broker).await.expect("the stream is recreated");
}

#[tokio::test]
async fn a_commit_is_heard_of_in_other_processes() {
    let ledger = Ledger::start().await;
    let elsewhere = ledger.elsewhere().await;
    let cancel = CancellationToken::new();
    for log in [&ledger.log, &elsewhere] {
        tokio::spawn(share_heads(log.reader().clone(), ledger.broker.clone(), cancel.clone()));
    }
    let mut heard = elsewhere.reader().watch_head();
    // The first may be told before the other listens; one of them is heard.
    let telling = async {
        while heard.borrow_and_update().eq(&0) {
            ledger.write(1).await;
            tokio::task::yield_now().await;
        }
    };
    timeout(HANG, telling).await.expect("one of them is heard");
    cancel.cancel();
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_poison_for_itself_only() {
    let ledger = Ledger::start().await;
    ledger.write(1).await;
    sqlx::raw_sql(
        r#"insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
           values ('company', 'c', 1, 'CompanyRegistered', '1', '1e999', '[1]'),
                  ('nobody', 'n', 1, 'Nothing', '1', '{}', '{"n": 1}'),
                  ('notification', 'n', 1, 'NotificationCancelled', '2', '"NotificationCancelled"', '{}'),
                  ('message', 'm', 1, 'MessageSent', '1', '{"$key": "00000000-0000-0000-0000-000000000001", "sealed": "AAAA"}', '{}');
           insert into keys (key_id, wrapped) values ('00000000-0000-0000-0000-000000000001', 'forged')"#,
    )
    .execute(ledger.log.pool())
    .await
    .expect("the rows are inserted");
    let head = ledger.write(1).await;
    ledger.relay_all(&mut ledger.relay()).await;
    let mut feed = ledger.log.reader().feed(Some(ledger.broker.clone()), 0);
    let mut events = Vec::new();
    while feed.position() < head {
        events.extend(feed.next().await.expect("the feed reads"));
    }
    let events: Vec<_> = events.into_iter().map(|event| event.event).collect();
    assert!(matches!(
        events.as_slice(),
        [
            Ok(_),
            Err(DecodeError::Payload(_)),
            Err(DecodeError::UnknownAggregate(_)),
            Err(DecodeError::UnknownVersion(_)),
            Err(DecodeError::Sealed),
            Ok(_)
        ]
    ));
}
