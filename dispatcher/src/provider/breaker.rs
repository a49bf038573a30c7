//! A provider that cannot work is left alone for a while instead of burning every delivery's attempts.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::FailureClass;

use super::failure::{Failure, SendFailure};

/// How long a provider rests after it refused our credentials, TLS or settings.
pub const CONFIG_REST: TimeDelta = TimeDelta::seconds(60);
/// How long a provider rests that could not be reached, or hangs up on everybody.
pub const OUTAGE_REST: TimeDelta = TimeDelta::seconds(15);
/// How many sends in a row find nobody before the provider rests.
pub const OUTAGE_AFTER: u32 = 5;
/// How long a provider rests whose answers are lost: longer, for each send that tries it anew may be one more in doubt.
pub const DOUBT_REST: TimeDelta = TimeDelta::seconds(60);
/// How many sends in a row are left in doubt before the provider rests. Those under way at that moment may be too.
pub const DOUBT_AFTER: u32 = 5;

/// How long a provider rests that refuses the sender, not the message: each send that tries it anew is one more failed.
pub const POLICY_REST: TimeDelta = TimeDelta::seconds(60);
/// How many messages are refused by policy, with none accepted between, before the provider rests. What is refused for
/// its recipient or its text between them says nothing of the sender.
pub const POLICY_AFTER: u32 = 5;

/// Why a provider is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It refuses our credentials, TLS or settings.
    Config,
    /// It cannot be reached.
    Outage,
    /// Nobody knows what became of the last sends.
    Doubt,
    /// It refuses us as a sender.
    Policy,
}

/// Whether a provider may be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Send.
    Open,
    /// Leave the delivery in the queue until then; its attempts are not touched.
    RestsUntil(DateTime<Utc>),
}

/// The circuit breaker of one provider in this process.
#[derive(Debug, Default)]
pub struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    unreached: u32,
    in_doubt: u32,
    refused_by_policy: u32,
    accepted_at: Option<DateTime<Utc>>,
    rest: Option<Rest>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    until: DateTime<Utc>,
    cause: Cause,
}

impl Cause {
    const fn rest(self) -> TimeDelta {
        match self {
            Self::Config => CONFIG_REST,
            Self::Outage => OUTAGE_REST,
            Self::Doubt => DOUBT_REST,
            Self::Policy => POLICY_REST,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "it refuses our credentials, TLS or settings",
            Self::Outage => "it cannot be reached, or hangs up",
            Self::Doubt => "its answers leave the sends in doubt",
            Self::Policy => "it refuses us as a sender, by policy or reputation",
        })
    }
}

impl Breaker {
    /// Asks to send. When a rest is over one caller is let through to try, and the rest goes on for the others
    /// until that one has an answer, or as long again if it never has.
    pub fn admit(&self, now: DateTime<Utc>) -> Admission {
        let mut state = self.locked();
        let Some(rest) = state.rest else {
            return Admission::Open;
        };
        if now < rest.until {
            return Admission::RestsUntil(rest.until);
        }
        state.rest = Some(Rest { until: now + rest.cause.rest(), ..rest });
        Admission::Open
    }

    /// Until when the provider rests, for a status page.
    pub fn rests_until(&self) -> Option<DateTime<Utc>> {
        self.locked().rest.map(|rest| rest.until)
    }

    /// Learns from the result of a send. Says why, if the provider begins to rest: once, however often it is tried in
    /// vain after.
    pub fn observe<T>(&self, result: &Result<T, SendFailure>, now: DateTime<Utc>) -> Option<Cause> {
        let mut state = self.locked();
        let before = state.cause();
        match result {
            Ok(_) => *state = State { accepted_at: Some(now), ..State::default() },
            // Says nothing of the provider.
            Err(SendFailure::StartRefused(_)) => {}
            Err(SendFailure::OptedOut) => state.answer(now),
            Err(SendFailure::InDoubt(_)) => state.doubt(now),
            Err(SendFailure::Unsent(failure)) => state.learn(failure, now),
        }
        state.cause().filter(|cause| before != Some(*cause))
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn cause(&self) -> Option<Cause> {
        self.rest.map(|rest| rest.cause)
    }

    fn learn(&mut self, failure: &Failure, now: DateTime<Utc>) {
        match failure.class {
            FailureClass::ConfigAuth => self.rest(Cause::Config, now),
            FailureClass::PolicyReputation => self.refuse(now),
            _ if failure.is_unreachable() => self.miss(now),
            _ if failure.is_hang_up() && !self.accepts(now) => self.miss(now),
            _ => self.answer(now),
        }
    }

    /// A refusal of one message is an answer: the provider works. Only what it accepts shows that it takes us as a sender;
    /// until then the next message tries, at once.
    fn answer(&mut self, now: DateTime<Utc>) {
        let refuses_us = self.rest.filter(|rest| rest.cause == Cause::Policy);
        let rest = refuses_us.map(|rest| Rest { until: now.min(rest.until), ..rest });
        let Self { refused_by_policy, accepted_at, .. } = *self;
        *self = Self { refused_by_policy, accepted_at, rest, ..Self::default() };
    }

    /// Who takes messages on some connections and hangs up on others has only so many at a time.
    fn accepts(&self, now: DateTime<Utc>) -> bool {
        self.accepted_at.is_some_and(|at| now - at < OUTAGE_REST)
    }

    fn refuse(&mut self, now: DateTime<Utc>) {
        self.answer(now);
        self.refused_by_policy += 1;
        if self.refused_by_policy >= POLICY_AFTER {
            self.rest(Cause::Policy, now);
        }
    }

    fn miss(&mut self, now: DateTime<Utc>) {
        self.unreached += 1;
        if self.unreached >= OUTAGE_AFTER {
            self.rest(Cause::Outage, now);
        }
    }

    fn doubt(&mut self, now: DateTime<Utc>) {
        self.in_doubt += 1;
        if self.in_doubt >= DOUBT_AFTER {
            self.rest(Cause::Doubt, now);
        }
    }

    fn rest(&mut self, cause: Cause, now: DateTime<Utc>) {
        self.rest = Some(Rest { until: now + cause.rest(), cause });
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
