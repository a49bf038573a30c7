//! The loads: large enough for meaningful figures, and bounded.

use std::time::Duration;

use crate::BenchArgs;

/// The size of every load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// How many turns each side takes, alternately.
    pub(crate) turns: usize,
    /// The duration of a turn that is measured by time.
    pub(crate) turn: Duration,
    /// The events of a long log.
    pub(crate) logged: i64,
    /// The events that the relay publishes in a turn.
    pub(crate) relayed: usize,
    /// The recipients of a campaign.
    pub(crate) recipients: usize,
    /// The people of a huge audience.
    pub(crate) audience: usize,
    /// The operational SMS during a bulk campaign.
    pub(crate) urgent: usize,
    /// The messages written beside a campaign before a rebuild.
    pub(crate) rebuilt_messages: usize,
    /// The messages of the live measurement, and their rate per second.
    pub(crate) followed: usize,
    pub(crate) followed_per_second: u32,
    /// The sizes of the compared inboxes.
    pub(crate) inboxes: [i64; 2],
    /// The suppressions of a company.
    pub(crate) suppressed: i64,
    /// How many copies of a campaign are listed beside it.
    pub(crate) copies: i32,
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
            logged: 10_000_000,
            relayed: 100_000,
            recipients: 100_000,
            audience: 600_000,
            urgent: 200,
            rebuilt_messages: 20_000,
            followed: 5_000,
            followed_per_second: 500,
            inboxes: [1_000, 1_000_000],
            suppressed: 1_000_000,
            copies: 99,
        }
    }

    const fn full() -> Self {
        Self {
            turns: 5,
            turn: Duration::from_secs(5),
            logged: 10_000_000,
            relayed: 200_000,
            recipients: 300_000,
            audience: 600_000,
            urgent: 500,
            rebuilt_messages: 100_000,
            followed: 20_000,
            followed_per_second: 1_000,
            inboxes: [1_000, 10_000_000],
            suppressed: 1_000_000,
            copies: 99,
        }
    }

    const fn quick() -> Self {
        Self {
            turns: 1,
            turn: Duration::from_millis(500),
            logged: 10_000,
            relayed: 2_000,
            recipients: 1_000,
            audience: 5_000,
            urgent: 5,
            rebuilt_messages: 500,
            followed: 100,
            followed_per_second: 100,
            inboxes: [100, 10_000],
            suppressed: 10_000,
            copies: 9,
        }
    }
}
