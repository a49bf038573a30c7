//! JetStream is unavailable, killed or wiped, PostgreSQL is killed: the feed continues, and the mirror is complete
//! afterwards.

use commands::log::Feed;
use commands::relay::RelayState;
use domain::Position;
use embedded::Stack;
use tests::ledger::{Ledger, read_to};
use tests::{HANG, servers};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::testbed::eventually;

/// A ledger with a running relay on servers of its own.
struct Mirrored {
    stack: Stack,
    ledger: Ledger,
    state: watch::Receiver<RelayState>,
    feed: Feed,
    cancel: CancellationToken,
}

impl Mirrored {
    async fn start() -> Self {
        let stack = servers::own().await;
        let url = stack.database_url().expect("a database").to_owned();
        let pool = sqlx::PgPool::connect(&url).await.expect("the database answers");
        commands::migrate(&pool).await.expect("the migrations apply");
        pool.close().await;
        let ledger = Ledger::on(url, stack.nats_url().expect("a broker").to_owned()).await;
        let (relay, cancel) = (ledger.relay(), CancellationToken::new());
        let state = relay.state();
        tokio::spawn(relay.run(cancel.clone()));
        let mut feed = ledger.feed_elsewhere().await;
        ledger.follow_mirror(&mut feed).await;
        Self { stack, ledger, state, feed, cancel }
    }

    async fn write_and_read(&mut self, events: usize) {
        let head = self.ledger.write(events).await;
        read_to(&mut self.feed, head).await;
    }

    async fn mirrored(&mut self) {
        let head = self.ledger.log.reader().head().await.expect("the database answers");
        let at_head = |state: &RelayState| *state == RelayState::Following { position: head };
        self.state.wait_for(at_head).await.expect("the relay runs");
    }

    async fn stop(self) {
        self.cancel.cancel();
        self.stack.stop().await.expect("the servers stop");
    }
}

#[tokio::test]
async fn the_feed_goes_on_while_nats_is_away_and_the_mirror_catches_up() {
    let mut system = Mirrored::start().await;
    system.write_and_read(1_000).await;
    system.mirrored().await;
    system.stack.kill_nats().await.expect("NATS is killed");
    system.write_and_read(1_000).await;
    system.stack.start_nats().await.expect("NATS starts");
    system.write_and_read(1_000).await;
    system.mirrored().await;
    system.ledger.assert_mirrored().await;
    system.stop().await;
}

#[tokio::test]
async fn a_wiped_jetstream_is_filled_again() {
    let mut system = Mirrored::start().await;
    system.write_and_read(1_000).await;
    system.mirrored().await;
    system.stack.kill_nats().await.expect("NATS is killed");
    system.stack.wipe_jetstream().expect("the files go");
    system.stack.start_nats().await.expect("NATS starts");
    system.write_and_read(10).await;
    system.mirrored().await;
    system.ledger.assert_mirrored().await;
    system.stop().await;
}

#[tokio::test]
async fn a_jetstream_wiped_while_it_runs_is_filled_again() {
    let mut system = Mirrored::start().await;
    system.write_and_read(1_000).await;
    system.mirrored().await;
    system.stack.wipe_jetstream().expect("the files go");
    // More than the server still holds in open files.
    system.write_and_read(20_000).await;
    system.mirrored().await;
    system.write_and_read(1).await;
    system.mirrored().await;
    system.ledger.assert_mirrored().await;
    system.stop().await;
}

#[tokio::test]
async fn relay_and_feed_go_on_after_postgresql_was_killed() {
    let mut system = Mirrored::start().await;
    system.write_and_read(500).await;
    system.mirrored().await;
    system.stack.kill_postgres().await.expect("PostgreSQL is killed");
    system.stack.start_postgres().await.expect("PostgreSQL starts");
    let head = written(&system.ledger, 500).await;
    let reading = async {
        while system.feed.position() < head {
            // A connection from before the kill may still fail once; the cursor has not moved then.
            let _ = system.feed.next().await;
        }
    };
    timeout(HANG, reading).await.expect("the feed goes on");
    system.mirrored().await;
    system.ledger.assert_mirrored().await;
    system.stop().await;
}

/// Writes as soon as the database takes it: connections from before the kill fail once each.
async fn written(ledger: &Ledger, events: usize) -> Position {
    eventually("the log takes events again", async || ledger.try_write(events).await.ok()).await
}
