//! How much is measured: enough to mean something, and never without an end.

use std::time::Duration;

use super::BenchArgs;

/// The size of every load.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// How often ours and the peer's turn come, one after the other.
    pub(super) turns: usize,
    /// How long a turn takes where a turn is a time.
    pub(super) turn: Duration,
    /// How many events the relay publishes in a turn.
    pub(super) relayed: usize,
    /// How many events projections are rebuilt from.
    pub(super) events: usize,
    /// How many recipients a campaign has.
    pub(super) recipients: usize,
    /// The recipients of the campaigns whose memory is compared.
    pub(super) memory_recipients: [usize; 3],
    /// How many messages are followed to the browser, and how many a second.
    pub(super) followed: usize,
    pub(super) followed_per_second: u32,
    /// The sizes of the inboxes that are compared.
    pub(super) inboxes: [i64; 2],
}

impl Scale {
    pub(super) fn of(args: &BenchArgs) -> Self {
        let scale = match (args.quick, args.full) {
            (true, _) => Self::quick(),
            (_, true) => Self::full(),
            _ => Self::usual(),
        };
        Self { events: args.events.unwrap_or(scale.events), ..scale }
    }

    const fn usual() -> Self {
        Self {
            turns: 3,
            turn: Duration::from_secs(3),
            relayed: 200_000,
            events: 200_000,
            recipients: 20_000,
            memory_recipients: [10_000, 100_000, 300_000],
            followed: 5_000,
            followed_per_second: 500,
            inboxes: [1_000, 1_000_000],
        }
    }

    const fn full() -> Self {
        Self {
            turns: 5,
            turn: Duration::from_secs(5),
            events: 1_000_000,
            recipients: 100_000,
            memory_recipients: [10_000, 100_000, 1_000_000],
            followed: 20_000,
            followed_per_second: 1_000,
            inboxes: [1_000, 10_000_000],
            ..Self::usual()
        }
    }

    const fn quick() -> Self {
        Self {
            turns: 1,
            turn: Duration::from_millis(500),
            relayed: 5_000,
            events: 5_000,
            recipients: 1_000,
            memory_recipients: [500, 1_000, 2_000],
            followed: 100,
            followed_per_second: 100,
            inboxes: [100, 10_000],
        }
    }
}
