//! The rules of retries, as pure functions of a time and a random number.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::deliveries::FailureClass;
use domain::value::{AfterLastWait, Channel, RetrySchedule};

/// Whether waiting can help. A class that is not retried ends the delivery.
pub fn is_retried(class: FailureClass) -> bool {
    matches!(class, FailureClass::Transient | FailureClass::Throttled | FailureClass::ConfigAuth)
}

/// The provider's advice on the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAdvice {
    /// Nothing: the channel's schedule decides.
    Schedule,
    /// The schedule, but never sooner than this (greylisting).
    NotBefore(Duration),
    /// Exactly after this, whatever the schedule says (`Retry-After`).
    After(Duration),
    /// The same at a moment of our clock.
    At(DateTime<Utc>),
    /// Not at all: the provider accepted the message and then gave up, so that another attempt would be a second
    /// message.
    Never,
}

/// The attempts of a delivery whose last one failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// The channel, which has a schedule of its own.
    pub channel: Channel,
    /// How many attempts were made, this one included; at least 1.
    pub made: u32,
    /// When the first of them began.
    pub first_at: DateTime<Utc>,
    /// When the notification expires. Nothing is sent at or after it.
    pub expires_at: Option<DateTime<Utc>>,
    /// The longest wait that the provider may ask for.
    pub asked_max: Duration,
}

/// How far jitter moves a wait: 0.2 is ±20 %.
pub const JITTER: f64 = 0.2;
/// No delivery has more attempts than this, whatever `Retry-After` asks for.
pub const MAX_ATTEMPTS: u32 = 100;
/// The shortest wait a provider may ask for.
pub const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);
/// The longest wait a provider may ask for; [`ALARM_RETRY_AFTER_MAX`] for an alarm. A wait beyond the last moment for an
/// attempt is cut to that moment.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);
/// The longest wait a provider may ask for an alarm: a header that is wrong or meant for campaigns does not make it news of
/// yesterday, and one attempt more in a quarter of an hour does no provider harm.
pub const ALARM_RETRY_AFTER_MAX: Duration = Duration::from_secs(15 * 60);
/// A wait that would end after the expiry ends this long before it instead, so that the attempt can still begin.
pub const EXPIRY_MARGIN: TimeDelta = TimeDelta::minutes(1);

/// When to try again, or `None` when the delivery has failed for good.
///
/// `jitter` is a random number in 0..1: 0 makes a wait 20 % shorter, 1 makes it 20 % longer. A wait the provider
/// asked for is shortened only if it would end too late; where no part of it fits, the schedule decides.
pub fn next_attempt(
    attempts: &Attempts,
    class: FailureClass,
    advice: RetryAdvice,
    now: DateTime<Utc>,
    jitter: f64,
) -> Option<DateTime<Utc>> {
    if !is_retried(class) || attempts.made >= MAX_ATTEMPTS || advice == RetryAdvice::Never {
        return None;
    }
    let jitter = jitter.clamp(0.0, 1.0);
    let scheduled = scheduled(attempts, class, jitter);
    let after = |wait: Duration| {
        let due = now.checked_add_signed(TimeDelta::from_std(wait).ok()?)?;
        is_in_time(attempts, due).then_some(due)
    };
    match (asked(advice, now), advice) {
        (Some(asked), _) if asked > attempts.asked_max => after(sooner(attempts.asked_max, jitter))
            .or_else(|| after(longest(attempts, now, jitter)?))
            .or_else(|| after(scheduled?)),
        (Some(asked), _) => after(later(attempts, asked, jitter))
            .or_else(|| after(later(attempts, asked, 0.0)))
            .or_else(|| after(longest(attempts, now, jitter)?))
            .or_else(|| after(scheduled?)),
        (None, RetryAdvice::NotBefore(floor)) => after(scheduled?.max(later(attempts, floor, jitter))),
        (None, _) => after(scheduled?),
    }
}

/// Whether the provider named a time. The schedule then decides only if that time is too late.
pub fn is_asked_for(advice: RetryAdvice) -> bool {
    matches!(advice, RetryAdvice::After(_) | RetryAdvice::At(_))
}

/// The wait that the provider asked for; none for a moment in the past.
fn asked(advice: RetryAdvice, now: DateTime<Utc>) -> Option<Duration> {
    match advice {
        RetryAdvice::After(asked) => Some(asked),
        RetryAdvice::At(at) => (at - now).to_std().ok(),
        RetryAdvice::Schedule | RetryAdvice::NotBefore(_) | RetryAdvice::Never => None,
    }
}

/// The provider's own wait, spread a little so that a thousand refused sends do not return in one moment.
fn later(attempts: &Attempts, asked: Duration, jitter: f64) -> Duration {
    asked.max(RETRY_AFTER_MIN).mul_f64(1.0 + JITTER * jitter).min(attempts.asked_max)
}

/// A bound, spread over its last fifth.
fn sooner(bound: Duration, jitter: f64) -> Duration {
    bound.mul_f64(1.0 - JITTER * (1.0 - jitter))
}

/// The longest wait that leaves time for an attempt, spread over its last fifth: a campaign's messages expire together.
fn longest(attempts: &Attempts, now: DateTime<Utc>, jitter: f64) -> Option<Duration> {
    let window_end = attempts.first_at + window(attempts.channel);
    let last = attempts.expires_at.map_or(window_end, |end| window_end.min(end - EXPIRY_MARGIN));
    let left = (last - now).to_std().ok().filter(|left| *left >= RETRY_AFTER_MIN)?;
    Some(sooner(left, jitter))
}

/// Whether an attempt at `due` is within the channel's window and before the expiry.
fn is_in_time(attempts: &Attempts, due: DateTime<Utc>) -> bool {
    due <= attempts.first_at + window(attempts.channel) && attempts.expires_at.is_none_or(|end| due < end)
}

fn scheduled(attempts: &Attempts, class: FailureClass, jitter: f64) -> Option<Duration> {
    let RetrySchedule { waits, after_last_wait, .. } = attempts.channel.rules().retries;
    let ends = after_last_wait == AfterLastWait::GiveUp && class == FailureClass::Transient;
    let index = attempts.made.saturating_sub(1) as usize;
    let index = if ends { index } else { index.min(waits.len() - 1) };
    Some(waits.get(index)?.mul_f64(1.0 - JITTER + 2.0 * JITTER * jitter))
}

fn window(channel: Channel) -> TimeDelta {
    channel.rules().retries.window
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
