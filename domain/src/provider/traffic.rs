//! When a provider gets less of its turns because it is slow or leaves doubt, and when it gets them back.
//!
//! The way of GOV.UK Notify: a share of the traffic moves in steps to the next provider and comes back in steps, so that a
//! provider that is slow is neither buried under messages nor forgotten. A provider that cannot work at all rests, which is
//! another rule (the circuit breaker).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::answer_times::AnswerTimes;
use super::event::MoveCause;

/// How many sends must have ended since the last move before traffic moves away: fewer may be chance.
pub(super) const SENDS_TO_LEAVE: u64 = 20;
/// How many sends must have ended since the last move before traffic comes back.
pub(super) const SENDS_TO_RETURN: u64 = 5;
/// The part of acceptances that must be slow, in percent. GOV.UK Notify takes the same.
const SLOW_PERCENT: u64 = 30;
/// The part of sends that must be in doubt, in percent.
const DOUBT_PERCENT: u64 = 10;
/// How many sends in doubt are too few to count: one connection that was cut.
const DOUBTS_MIN: u64 = 3;
/// How long a share stays before traffic comes back by one step.
pub const RETURN_AFTER: TimeDelta = TimeDelta::seconds(30);
/// How long a share stays while too few messages show how the provider answers. Then it gets one step back.
pub const UNTRIED_AFTER: TimeDelta = TimeDelta::minutes(10);
/// How many times the usual time an acceptance must take to be slow.
const SLOW_TIMES: u32 = 4;
/// An acceptance within this is never slow, in milliseconds, however fast the provider usually is.
const SLOW_AFTER_MIN_MS: u32 = 1_000;
/// An acceptance is always slow after this, in milliseconds. It also counts where too few acceptances show what is usual.
const SLOW_AFTER_MAX_MS: u32 = 5_000;
/// How many acceptances show what is usual.
const USUAL_ACCEPTANCES_MIN: u64 = 50;

/// The part of its turns that a provider gets, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Share(u8);

/// The shares in order. The last one is enough to find out whether a provider answers in time again.
pub const SHARES: [Share; 5] = [Share(100), Share(75), Share(50), Share(25), Share(5)];

impl Default for Share {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl Share {
    /// All of its turns.
    pub const WHOLE: Self = SHARES[0];

    /// In percent.
    pub const fn percent(self) -> u8 {
        self.0
    }

    /// The share of that many percent; the whole one if there is no such step.
    pub fn of_percent(percent: i32) -> Self {
        SHARES.into_iter().find(|share| i32::from(share.0) == percent).unwrap_or_default()
    }

    /// Whether the provider gets all of its turns.
    pub fn is_whole(self) -> bool {
        self == Self::WHOLE
    }

    fn less(self) -> Option<Self> {
        SHARES.into_iter().find(|share| *share < self)
    }

    fn more(self) -> Option<Self> {
        SHARES.into_iter().rev().find(|share| *share > self)
    }
}

/// A provider's share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// The part of its turns that it gets.
    pub share: Share,
    /// When it was moved last.
    pub moved_at: Option<DateTime<Utc>>,
    /// How long an acceptance may take before it counts as slow, in milliseconds, as of the first move away: what is usual must not
    /// be learned from a slow provider.
    pub slow_after_ms: Option<u32>,
}

/// How the sends of a provider have ended since it was moved last, and of late.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// How long acceptances took.
    pub answers: AnswerTimes,
    /// How many sends ended in doubt.
    pub doubts: u64,
    /// How many ended in any way, these two included.
    pub sends: u64,
}

/// Whether another provider could take what this one gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// One works, and has all of its own turns.
    CanTake,
    /// There is none, or it is paused, rests, or is slow itself.
    CannotTake,
}

/// A step and its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The new share.
    pub to: Share,
    /// What has led to it.
    pub cause: MoveCause,
    /// How many sends have shown it.
    pub bad: u64,
    /// Of how many.
    pub of: u64,
}

/// How long an acceptance may take before it counts as slow, in milliseconds: a multiple of the usual time, within bounds.
pub fn slow_after_ms(usual: &AnswerTimes) -> u32 {
    match usual.quantile(0.5).filter(|_| usual.total() >= USUAL_ACCEPTANCES_MIN) {
        Some(median) => median.saturating_mul(SLOW_TIMES).clamp(SLOW_AFTER_MIN_MS, SLOW_AFTER_MAX_MS),
        None => SLOW_AFTER_MAX_MS,
    }
}

/// Whether what is usual has to be known to decide: not while nothing is slow by the strictest bound.
pub fn is_suspect(traffic: &Traffic, evidence: &Evidence) -> bool {
    !traffic.share.is_whole()
        || is_doubtful(evidence)
        || is_slow(evidence, traffic.slow_after_ms.unwrap_or(SLOW_AFTER_MIN_MS))
}

/// Whether a provider that works can take what another one gives up: it has all of its own turns, and is not slow itself.
pub fn can_take(traffic: &Traffic, evidence: &Evidence) -> bool {
    traffic.share.is_whole() && trouble(evidence, SLOW_AFTER_MAX_MS).is_none()
}

/// The next step of a provider's share, if one is due.
pub fn next_move(
    traffic: &Traffic,
    evidence: &Evidence,
    slow_after_ms: u32,
    others: Others,
    now: DateTime<Utc>,
) -> Option<Move> {
    match trouble(evidence, slow_after_ms) {
        Some(trouble) => away(traffic, evidence, trouble, others),
        None => back(traffic, evidence, now),
    }
}

/// What is wrong, how many sends show it, and of how many.
type Trouble = (MoveCause, u64, u64);

fn away(traffic: &Traffic, evidence: &Evidence, trouble: Trouble, others: Others) -> Option<Move> {
    if evidence.sends < SENDS_TO_LEAVE || others == Others::CannotTake {
        return None;
    }
    let (cause, bad, of) = trouble;
    traffic.share.less().map(|to| Move { to, cause, bad, of })
}

fn back(traffic: &Traffic, evidence: &Evidence, now: DateTime<Utc>) -> Option<Move> {
    let stayed = now - traffic.moved_at?;
    let cause = if evidence.sends >= SENDS_TO_RETURN && stayed >= RETURN_AFTER {
        MoveCause::Recovered
    } else if evidence.sends < SENDS_TO_RETURN && stayed >= UNTRIED_AFTER {
        MoveCause::Untried
    } else {
        return None;
    };
    traffic.share.more().map(|to| Move { to, cause, bad: 0, of: evidence.sends })
}

fn trouble(evidence: &Evidence, slow_after_ms: u32) -> Option<Trouble> {
    if evidence.sends < SENDS_TO_RETURN {
        None
    } else if is_doubtful(evidence) {
        Some((MoveCause::Doubts, evidence.doubts, evidence.sends))
    } else if is_slow(evidence, slow_after_ms) {
        let slow = evidence.answers.slower_than(slow_after_ms);
        Some((MoveCause::SlowAnswers, slow, evidence.answers.total()))
    } else {
        None
    }
}

fn is_doubtful(evidence: &Evidence) -> bool {
    evidence.doubts >= DOUBTS_MIN && evidence.doubts * 100 >= evidence.sends * DOUBT_PERCENT
}

fn is_slow(evidence: &Evidence, slow_after_ms: u32) -> bool {
    let slow = evidence.answers.slower_than(slow_after_ms);
    slow > 0 && slow * 100 >= evidence.answers.total() * SLOW_PERCENT
}
