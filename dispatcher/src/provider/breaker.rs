//! The circuit breaker: a provider that cannot work rests for a while (its circuit is open), so that deliveries keep their
//! attempts.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::deliveries::FailureClass;

use super::failure::{Failure, Scope, SendFailure};
use super::streak::ADDRESSES_DOUBTED_FOR;

/// How long a provider rests after it refused our connection, TLS, credentials or account.
pub const CONFIG_REST: TimeDelta = TimeDelta::seconds(60);
/// How long a provider rests after it could not be reached, or ended every connection.
pub const OUTAGE_REST: TimeDelta = TimeDelta::seconds(15);
/// How many consecutive sends must fail to reach the provider before it rests.
pub const OUTAGE_AFTER: u32 = 5;
/// How long a provider rests after consecutive sends ended in doubt. Longer than the others, because each trial send
/// may end in doubt too.
pub const DOUBT_REST: TimeDelta = TimeDelta::seconds(60);
/// How many consecutive sends must end in doubt before the provider rests. Those in flight at that moment may end in
/// doubt too.
pub const DOUBT_AFTER: u32 = 5;

/// The first rest of a provider that refuses everybody in the same words.
pub const REFUSALS_REST: TimeDelta = TimeDelta::seconds(15);
/// Each rest of a provider that refuses addresses. Short, because the addresses may simply be dead, and another
/// company's alarm may wait behind them.
pub const REFUSED_ADDRESSES_REST: TimeDelta = TimeDelta::seconds(2);
/// The longest rest. Each refused trial send doubles the rest, and an alarm waits no longer than this after the
/// provider works again.
pub const REFUSALS_REST_MAX: TimeDelta = TimeDelta::seconds(120);

/// Why a provider rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestReason {
    /// It refuses our connection, TLS, credentials or account, whatever the message.
    Config,
    /// It cannot be reached.
    Outage,
    /// The last sends are in doubt.
    Doubt,
    /// It refuses everybody in the same words.
    Refusals,
}

/// Whether a message may be sent to a provider now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Send.
    Open,
    /// Leave the delivery in the queue until then. Its attempts do not change.
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
    accepted_at: Option<DateTime<Utc>>,
    rest: Option<Rest>,
    /// When an urgent send was last let through before the end of a rest.
    tried_early_at: Option<DateTime<Utc>>,
    /// An urgent send may go through, and the rest goes on for everybody else.
    has_early_pass: bool,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    until: DateTime<Utc>,
    reason: RestReason,
    length: TimeDelta,
    /// A trial send is in flight.
    is_tried: bool,
    /// When the provider last showed the reason.
    shown_at: DateTime<Utc>,
}

impl Rest {
    fn new(reason: RestReason, length: TimeDelta, now: DateTime<Utc>) -> Self {
        Self { until: now + length, reason, length, is_tried: false, shown_at: now }
    }
}

impl RestReason {
    /// The word, as in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Outage => "outage",
            Self::Doubt => "doubt",
            Self::Refusals => "refusals",
        }
    }

    /// How long the first rest is.
    const fn rest(self) -> TimeDelta {
        match self {
            Self::Config => CONFIG_REST,
            Self::Outage => OUTAGE_REST,
            Self::Doubt => DOUBT_REST,
            Self::Refusals => REFUSALS_REST,
        }
    }
}

impl fmt::Display for RestReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "it refuses our connection, TLS, credentials or account",
            Self::Outage => "it cannot be reached, or hangs up",
            Self::Doubt => "its answers leave the sends in doubt",
            Self::Refusals => "it refuses different people in the same words, and accepts nobody",
        })
    }
}

impl Breaker {
    /// Asks whether a send may begin. After a rest one caller may make a trial send. The rest continues for the others
    /// until the trial send has an answer, or for the same time again if it never has one.
    pub fn admit(&self, now: DateTime<Utc>) -> Admission {
        let mut state = self.locked();
        let Some(rest) = state.rest else {
            return Admission::Open;
        };
        if now < rest.until && !std::mem::take(&mut state.has_early_pass) {
            return Admission::RestsUntil(rest.until);
        }
        if now < rest.until {
            return Admission::Open;
        }
        state.rest = Some(Rest { until: now + rest.length, is_tried: true, ..rest });
        Admission::Open
    }

    /// Lets the next send through during a rest, at most once per interval, so that an alarm does not wait minutes for
    /// a provider that may work again. Not while the provider rests because of doubts: the alarm would end in doubt
    /// too. The rest continues for all others, and ends when the alarm is accepted.
    pub fn try_early(&self, every: TimeDelta, now: DateTime<Utc>) -> bool {
        let mut state = self.locked();
        let may_try = state.rest.is_some_and(|rest| rest.reason != RestReason::Doubt)
            && state.tried_early_at.is_none_or(|at| now - at >= every);
        if may_try {
            (state.tried_early_at, state.has_early_pass) = (Some(now), true);
        }
        may_try
    }

    /// Until when the provider rests.
    pub fn rests_until(&self) -> Option<DateTime<Utc>> {
        self.rest().map(|(until, _)| until)
    }

    /// Until when the provider rests, and why. A rest whose end has come lasts until a trial send is answered.
    pub fn rest(&self) -> Option<(DateTime<Utc>, RestReason)> {
        self.locked().rest.map(|rest| (rest.until, rest.reason))
    }

    /// Records the result of a send. Returns the reason if the provider begins to rest: once for each rest, however
    /// many trial sends fail during it.
    pub fn observe<T>(&self, result: &Result<T, SendFailure>, now: DateTime<Utc>) -> Option<RestReason> {
        let mut state = self.locked();
        let before = state.reason();
        match result {
            Ok(_) => *state = State { accepted_at: Some(now), ..State::default() },
            // Says nothing of the provider.
            Err(SendFailure::StartRefused(_)) => {}
            Err(SendFailure::OptedOut) => state.answer(now),
            Err(SendFailure::InDoubt(_)) => state.doubt(now),
            Err(SendFailure::Unsent(failure)) => state.learn(failure, now),
        }
        state.reason().filter(|reason| before != Some(*reason))
    }

    /// Records that the provider refuses everybody, as [`super::streak`] found. Each refused trial send doubles the
    /// rest, up to `longest`; sends that were in flight when the rest began change nothing. A provider that accepts
    /// other messages does not rest: a list of which half is dead has many refusals in a row, and a speed limit refuses
    /// as many as it accepts. Returns the reason if the provider begins to rest.
    pub fn refuses_everybody(&self, longest: TimeDelta, now: DateTime<Utc>) -> Option<RestReason> {
        let mut state = self.locked();
        let known = state.rest;
        let first = REFUSALS_REST.min(longest);
        let length = match known {
            None if state.accepts(now) => return None,
            None => first,
            Some(rest) if rest.reason == RestReason::Refusals && rest.is_tried => {
                (rest.length * 2).clamp(first, longest)
            }
            Some(rest) if rest.reason == RestReason::Refusals => {
                state.rest = Some(Rest { shown_at: now, ..rest });
                return None;
            }
            Some(_) => return None,
        };
        let begins = known.is_none();
        state.rest = Some(Rest::new(RestReason::Refusals, length, now));
        begins.then_some(RestReason::Refusals)
    }

    /// Whether the provider rests because it refuses everybody, or did so a moment ago. A rest that is over may be
    /// hours old, because nothing is tried while there is no message.
    pub fn is_refusing_everybody(&self, now: DateTime<Utc>) -> bool {
        self.locked().rest.is_some_and(|rest| {
            rest.reason == RestReason::Refusals
                && (now < rest.until || now - rest.shown_at < ADDRESSES_DOUBTED_FOR)
        })
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn reason(&self) -> Option<RestReason> {
        self.rest.map(|rest| rest.reason)
    }

    fn learn(&mut self, failure: &Failure, now: DateTime<Utc>) {
        let accepts = self.accepts(now);
        match failure.class() {
            // One refusal that every message would meet is enough. Any other refusal may depend on the recipient, and
            // one odd address would stop everybody's messages: [`super::streak`] decides those, by five people. If the
            // provider accepts other messages, the settings cannot be wrong as a whole.
            FailureClass::ConfigAuth if !accepts && failure.scope == Scope::EveryMessage => {
                self.rest(RestReason::Config, now);
            }
            _ if failure.is_unreachable() => self.miss(now),
            _ if failure.is_hang_up() && !accepts => self.miss(now),
            _ => self.answer(now),
        }
    }

    /// A refusal of one message is an answer, so the provider works. Only an acceptance shows that it does not refuse
    /// everybody. After any other answer the next message is the trial send, at once.
    fn answer(&mut self, now: DateTime<Utc>) {
        let refuses = self.rest.filter(|rest| rest.reason == RestReason::Refusals);
        let rest = refuses
            .map(|rest| if rest.is_tried { Rest { until: now.min(rest.until), ..rest } } else { rest });
        let Self { accepted_at, tried_early_at, .. } = *self;
        *self = Self { accepted_at, rest, tried_early_at, ..Self::default() };
    }

    /// Whether the provider accepted a message lately. A hang-up then means that it serves no more connections at a time.
    fn accepts(&self, now: DateTime<Utc>) -> bool {
        self.accepted_at.is_some_and(|at| now - at < OUTAGE_REST)
    }

    fn miss(&mut self, now: DateTime<Utc>) {
        self.unreached += 1;
        if self.unreached >= OUTAGE_AFTER {
            self.rest(RestReason::Outage, now);
        }
    }

    fn doubt(&mut self, now: DateTime<Utc>) {
        self.in_doubt += 1;
        if self.in_doubt >= DOUBT_AFTER {
            self.rest(RestReason::Doubt, now);
        }
    }

    fn rest(&mut self, reason: RestReason, now: DateTime<Utc>) {
        self.rest = Some(Rest::new(reason, reason.rest(), now));
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
