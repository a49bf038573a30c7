//! The program is killed at random moments, repeatedly, under load.

use std::time::Duration;

use commands::clock;
use tokio::time::sleep;

use crate::load::Load;
use crate::reconciliation::reconcile;
use crate::testbed::{CONNECTIONS, Testbed};

/// How often the program is killed.
const KILLS: usize = 5;
/// How many messages are written in each run, besides a notification on each channel.
const MESSAGES: usize = 10;
/// The longest run after the program listens: by then it has finished its load.
const LIFE_MAX_MS: u64 = 2_500;
/// The variable with the seed that a failed run printed, to repeat its runs.
const SEED: &str = "MENSAJERIA_FAULTS_SEED";

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_lose_nothing_and_send_nothing_twice() {
    let mut chance = Chance(seed());
    println!("{SEED}={}", chance.0);
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

#[expect(clippy::disallowed_methods, reason = "how a run is repeated, not a setting of the program")]
fn seed() -> u64 {
    let given = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a number"));
    given.unwrap_or_else(|| clock::new_id().as_u64_pair().1)
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
