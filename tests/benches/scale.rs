//! How much is measured: enough to mean something, and never without an end.

use std::time::Duration;

use crate::BenchArgs;

/// The size of every load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// How often ours and the peer's turn come, one after the other.
    pub(crate) turns: usize,
    /// How long a turn takes where a turn is a time.
    pub(crate) turn: Duration,
    /// How many events the relay publishes in a turn.
    pub(crate) relayed: usize,
    /// How many people a campaign goes to.
    pub(crate) recipients: usize,
    /// How many operational SMS are sent during a bulk campaign.
    pub(crate) urgent: usize,
    /// How many messages are written beside a campaign before views are rebuilt.
    pub(crate) rebuilt_messages: usize,
    /// How many messages are followed to the browser, and how many a second.
    pub(crate) followed: usize,
    pub(crate) followed_per_second: u32,
    /// The sizes of the inboxes that are compared.
    pub(crate) inboxes: [i64; 2],
}

impl Scale {
    pub(crate) fn of(args: &BenchArgs) -> Self {
        let scale = match (args.quick, args.full) {
            (true, _) => Self::quick(),
            (_, true) => Self::full(),
            _ => Self::usual(),
        };
        Self { recipients: args.recipients.unwrap_or(scale.recipients), ..scale }
    }

    const fn usual() -> Self {
        Self {
            turns: 3,
            turn: Duration::from_secs(3),
            relayed: 100_000,
            recipients: 100_000,
            urgent: 200,
            rebuilt_messages: 20_000,
            followed: 5_000,
            followed_per_second: 500,
            inboxes: [1_000, 1_000_000],
        }
    }

    const fn full() -> Self {
        Self {
            turns: 5,
            turn: Duration::from_secs(5),
            relayed: 200_000,
            recipients: 300_000,
            urgent: 500,
            rebuilt_messages: 100_000,
            followed: 20_000,
            followed_per_second: 1_000,
            inboxes: [1_000, 10_000_000],
        }
    }

    const fn quick() -> Self {
        Self {
            turns: 1,
            turn: Duration::from_millis(500),
            relayed: 2_000,
            recipients: 1_000,
            urgent: 5,
            rebuilt_messages: 500,
            followed: 100,
            followed_per_second: 100,
            inboxes: [100, 10_000],
        }
    }
}
