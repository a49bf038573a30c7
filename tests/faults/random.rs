//! The program is killed at random moments, repeatedly, under load.

use std::time::Duration;

use tokio::time::sleep;

use crate::chance::Chance;
use crate::load::Load;
use crate::reconciliation::reconcile;
use crate::testbed::{CONNECTIONS, Testbed};

/// How often the program is killed.
const KILLS: usize = 5;
/// How many messages are written in each run, besides a notification on each channel.
const MESSAGES: usize = 10;
/// The longest run after the program listens: by then it has finished its load.
const LIFE_MAX_MS: u64 = 2_500;

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_lose_nothing_and_send_nothing_twice() {
    let mut chance = Chance::seeded();
    let testbed = Testbed::with_companies(KILLS).await;
    let mut load = Load::default();
    for life in 0..KILLS {
        load.add_notifications(&testbed, life);
        load.add_messages(&testbed, MESSAGES);
        let program = testbed.program("").await;
        let client = testbed.client(&program);
        let life = Duration::from_millis(chance.below(LIFE_MAX_MS));
        tokio::select! {
            () = sleep(life) => {}
            () = asking(&mut load, &client) => unreachable!("asking never ends"),
        }
        program.kill().await;
    }

    let program = testbed.program("").await;
    let client = testbed.client(&program);
    load.apply_until_answered(&client).await;
    reconcile(&testbed, &client, &load, KILLS * 2 * CONNECTIONS).await;
    program.kill().await;
}

async fn asking(load: &mut Load, client: &tests::Client) {
    load.apply_until_answered(client).await;
    std::future::pending().await
}
