//! When a failed send may be tried again: pure rules, given their time and their chance.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::deliveries::FailureClass;
use domain::value::{AfterLastWait, Channel, RetrySchedule};

/// Whether waiting can help. A class that is not retried ends the delivery.
pub fn is_retried(class: FailureClass) -> bool {
    matches!(class, FailureClass::Transient | FailureClass::Throttled | FailureClass::ConfigAuth)
}

/// What the provider itself said about the next attempt.
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
    /// Not at all: the provider has the message and gave it up, so that another attempt would be another message.
    Never,
}

/// What is known of a delivery when its attempt has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// The channel, which has a schedule of its own.
    pub channel: Channel,
    /// How many attempts were made, this one included; at least 1.
    pub made: u32,
    /// When the first of them began.
    pub first_at: DateTime<Utc>,
    /// When the notification loses its sense; nothing is sent at or after it.
    pub expires_at: Option<DateTime<Utc>>,
}

/// How far jitter moves a wait: 0.2 is ±20 %.
pub const JITTER: f64 = 0.2;
/// No delivery has more attempts than this, whatever `Retry-After` asks for.
pub const MAX_ATTEMPTS: u32 = 100;
/// The shortest wait a provider may ask for.
pub const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);
/// The longest wait a provider may ask for. One that would end after the last moment for an attempt ends there.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);
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
        (Some(asked), _) => after(later(asked, jitter))
            .or_else(|| after(later(asked, 0.0)))
            .or_else(|| after(longest(attempts, now, jitter)?))
            .or_else(|| after(scheduled?)),
        (None, RetryAdvice::NotBefore(floor)) => after(scheduled?.max(later(floor, jitter))),
        (None, _) => after(scheduled?),
    }
}

/// Whether the provider itself says when, so that the schedule decides only if that is too late.
pub fn is_asked_for(advice: RetryAdvice) -> bool {
    matches!(advice, RetryAdvice::After(_) | RetryAdvice::At(_))
}

/// The wait that the provider asked for. A moment that is over asks for none.
fn asked(advice: RetryAdvice, now: DateTime<Utc>) -> Option<Duration> {
    match advice {
        RetryAdvice::After(asked) => Some(asked),
        RetryAdvice::At(at) => (at - now).to_std().ok(),
        RetryAdvice::Schedule | RetryAdvice::NotBefore(_) | RetryAdvice::Never => None,
    }
}

/// The provider's own wait, spread a little so that a thousand refused sends do not return in one moment.
fn later(asked: Duration, jitter: f64) -> Duration {
    asked.clamp(RETRY_AFTER_MIN, RETRY_AFTER_MAX).mul_f64(1.0 + JITTER * jitter)
}

/// The longest wait that leaves time for an attempt, spread over its last fifth: a campaign's messages expire together.
fn longest(attempts: &Attempts, now: DateTime<Utc>, jitter: f64) -> Option<Duration> {
    let window_end = attempts.first_at + window(attempts.channel);
    let last = attempts.expires_at.map_or(window_end, |end| window_end.min(end - EXPIRY_MARGIN));
    let left = (last - now).to_std().ok().filter(|left| *left >= RETRY_AFTER_MIN)?;
    Some(left.mul_f64(1.0 - JITTER * (1.0 - jitter)))
}

/// Whether an attempt then is one within the channel's window and before the expiry.
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
