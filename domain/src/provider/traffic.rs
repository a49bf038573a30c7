//! When a provider gets less of its turns because it is slow, delivers late or leaves doubt, and when it gets them back.
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
/// The part of acceptances that must be slow, or of receipts that must be late, in percent. GOV.UK Notify takes the same.
const SLOW_PERCENT: u64 = 30;
/// A receipt is in time if it comes so soon after the acceptance. GOV.UK Notify takes the same.
pub const RECEIPT_WITHIN: TimeDelta = TimeDelta::minutes(4);
/// How many times the usual part of late receipts counts as late: phones that are off are nobody's fault.
const LATE_TIMES: u64 = 2;
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
    /// Above how many percent of late receipts they count as late, as of the first move away for them: then traffic comes back when
    /// receipts of later sends are in time, and not before.
    pub late_above_percent: Option<u8>,
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
    /// Of sends that are so long ago that their receipts are due.
    pub receipts: Receipts,
}

/// Acceptances, and those of them of which the provider has told in time what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipts {
    /// How many messages the provider took.
    pub accepted: u64,
    /// Of how many it has told within [`RECEIPT_WITHIN`].
    pub in_time: u64,
}

impl Receipts {
    const fn late(self) -> u64 {
        self.accepted.saturating_sub(self.in_time)
    }
}

/// What is usual of a provider, as bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How long an acceptance may take before it counts as slow, in milliseconds.
    pub slow_after_ms: u32,
    /// Above how many percent of late receipts they count as late; none for a provider that usually gives few.
    pub late_above_percent: Option<u8>,
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

impl Bounds {
    /// The strictest ones: what is within them is neither slow nor late, whatever is usual.
    const STRICTEST: Self =
        Self { slow_after_ms: SLOW_AFTER_MIN_MS, late_above_percent: Some(SLOW_PERCENT as u8) };
    /// Those of a provider of which nothing is known.
    const UNKNOWN: Self = Self { slow_after_ms: SLOW_AFTER_MAX_MS, late_above_percent: None };

    /// By what is usual: multiples of the median of acceptances, within bounds, and of the part of late receipts.
    pub fn of_usual(answers: &AnswerTimes, receipts: Receipts) -> Self {
        Self { slow_after_ms: slow_after_ms(answers), late_above_percent: late_above_percent(receipts) }
    }

    /// Those that a moved share keeps: what is usual must not be learned from a slow provider.
    #[must_use]
    pub fn kept_by(self, traffic: &Traffic) -> Self {
        Self {
            slow_after_ms: traffic.slow_after_ms.unwrap_or(self.slow_after_ms),
            late_above_percent: traffic.late_above_percent.or(self.late_above_percent),
        }
    }
}

fn slow_after_ms(usual: &AnswerTimes) -> u32 {
    match usual.quantile(0.5).filter(|_| usual.total() >= USUAL_ACCEPTANCES_MIN) {
        Some(median) => median.saturating_mul(SLOW_TIMES).clamp(SLOW_AFTER_MIN_MS, SLOW_AFTER_MAX_MS),
        None => SLOW_AFTER_MAX_MS,
    }
}

/// None for a provider that gives no receipts, or of whose sends half have none in time: they say nothing of it.
fn late_above_percent(usual: Receipts) -> Option<u8> {
    if usual.accepted < USUAL_ACCEPTANCES_MIN || usual.in_time == 0 {
        return None;
    }
    let bound = (LATE_TIMES * 100 * usual.late() / usual.accepted).max(SLOW_PERCENT);
    u8::try_from(bound).ok().filter(|percent| *percent < 100)
}

/// Whether what is usual has to be known to decide: not while nothing is slow or late by the strictest bounds.
pub fn is_suspect(traffic: &Traffic, evidence: &Evidence) -> bool {
    let bounds = Bounds::STRICTEST.kept_by(traffic);
    !traffic.share.is_whole()
        || is_doubtful(evidence)
        || is_slow(evidence, bounds.slow_after_ms)
        || is_late(evidence, bounds)
}

/// Whether a provider that works can take what another one gives up: it has all of its own turns, and is not slow itself.
pub fn can_take(traffic: &Traffic, evidence: &Evidence) -> bool {
    traffic.share.is_whole() && trouble(evidence, Bounds::UNKNOWN).is_none()
}

/// The next step of a provider's share, if one is due.
pub fn next_move(
    traffic: &Traffic,
    evidence: &Evidence,
    bounds: Bounds,
    others: Others,
    now: DateTime<Utc>,
) -> Option<Move> {
    match trouble(evidence, bounds) {
        Some(trouble) => away(traffic, evidence, trouble, others),
        None => back(traffic, evidence, now),
    }
}

/// What is wrong, how many sends show it, and of how many.
type Trouble = (MoveCause, u64, u64);

fn away(traffic: &Traffic, evidence: &Evidence, trouble: Trouble, others: Others) -> Option<Move> {
    let (cause, bad, of) = trouble;
    let seen = if cause == MoveCause::LateReceipts { of } else { evidence.sends };
    if seen < SENDS_TO_LEAVE || others == Others::CannotTake {
        return None;
    }
    traffic.share.less().map(|to| Move { to, cause, bad, of })
}

/// What moved away for late receipts comes back by receipts: acceptances say nothing of them.
fn back(traffic: &Traffic, evidence: &Evidence, now: DateTime<Utc>) -> Option<Move> {
    let stayed = now - traffic.moved_at?;
    let of = if traffic.late_above_percent.is_some() { evidence.receipts.accepted } else { evidence.sends };
    let cause = if of >= SENDS_TO_RETURN && stayed >= RETURN_AFTER {
        MoveCause::Recovered
    } else if of < SENDS_TO_RETURN && stayed >= UNTRIED_AFTER {
        MoveCause::Untried
    } else {
        return None;
    };
    traffic.share.more().map(|to| Move { to, cause, bad: 0, of })
}

fn trouble(evidence: &Evidence, bounds: Bounds) -> Option<Trouble> {
    if evidence.sends >= SENDS_TO_RETURN && is_doubtful(evidence) {
        Some((MoveCause::Doubts, evidence.doubts, evidence.sends))
    } else if evidence.sends >= SENDS_TO_RETURN && is_slow(evidence, bounds.slow_after_ms) {
        let slow = evidence.answers.slower_than(bounds.slow_after_ms);
        Some((MoveCause::SlowAnswers, slow, evidence.answers.total()))
    } else if is_late(evidence, bounds) {
        Some((MoveCause::LateReceipts, evidence.receipts.late(), evidence.receipts.accepted))
    } else {
        None
    }
}

fn is_late(Evidence { receipts, .. }: &Evidence, bounds: Bounds) -> bool {
    let is_more = |percent: u8| receipts.late() * 100 >= receipts.accepted * u64::from(percent);
    receipts.accepted >= SENDS_TO_RETURN && bounds.late_above_percent.is_some_and(is_more)
}

fn is_doubtful(evidence: &Evidence) -> bool {
    evidence.doubts >= DOUBTS_MIN && evidence.doubts * 100 >= evidence.sends * DOUBT_PERCENT
}

fn is_slow(evidence: &Evidence, slow_after_ms: u32) -> bool {
    let slow = evidence.answers.slower_than(slow_after_ms);
    slow > 0 && slow * 100 >= evidence.answers.total() * SLOW_PERCENT
}
