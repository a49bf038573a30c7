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
mod tests {
    use super::*;
    use crate::provider::failure::{Doubt, code};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
    }

    fn failed(class: FailureClass, code: &str) -> Result<(), SendFailure> {
        Err(Failure::new(class, code, "").into())
    }

    fn observe_all(breaker: &Breaker, times: u32, result: &Result<(), SendFailure>) {
        for _ in 0..times {
            breaker.observe(result, at(0));
        }
    }

    fn rested() -> Breaker {
        let breaker = Breaker::default();
        breaker.observe(&failed(FailureClass::ConfigAuth, "535 5.7.8"), at(0));
        breaker
    }

    #[test]
    fn a_provider_that_refuses_our_credentials_rests_at_once() {
        assert_eq!(rested().admit(at(1)), Admission::RestsUntil(at(60)));
    }

    #[test]
    fn after_its_rest_one_send_tries_and_the_others_wait() {
        let breaker = rested();
        assert_eq!(breaker.admit(at(60)), Admission::Open);
        assert_eq!(breaker.admit(at(60)), Admission::RestsUntil(at(120)));
    }

    #[test]
    fn a_success_ends_the_rest() {
        let breaker = rested();
        breaker.observe(&Ok(()), at(61));
        assert_eq!((breaker.admit(at(61)), breaker.rests_until()), (Admission::Open, None));
    }

    #[test]
    fn a_provider_rests_after_several_sends_in_a_row_found_nobody() {
        let breaker = Breaker::default();
        for _ in 1..OUTAGE_AFTER {
            breaker.observe(&failed(FailureClass::Transient, code::CONNECT), at(0));
        }
        assert_eq!(breaker.admit(at(0)), Admission::Open);
        breaker.observe(&failed(FailureClass::Transient, code::TIMEOUT), at(0));
        assert_eq!(breaker.admit(at(0)), Admission::RestsUntil(at(15)));
    }

    #[test]
    fn who_hangs_up_on_everybody_is_as_good_as_away() {
        for how in [code::CLOSED, code::PROTOCOL, "421 4.3.2"] {
            let breaker = Breaker::default();
            observe_all(&breaker, OUTAGE_AFTER, &failed(FailureClass::Transient, how));
            assert_eq!(breaker.admit(at(0)), Admission::RestsUntil(at(15)), "{how}");
        }
    }

    #[test]
    fn who_takes_some_connections_and_refuses_others_goes_on() {
        let breaker = Breaker::default();
        breaker.observe(&Ok(()), at(0));
        observe_all(&breaker, 3 * OUTAGE_AFTER, &failed(FailureClass::Transient, "421 4.7.0"));
        assert_eq!(breaker.admit(at(1)), Admission::Open);
    }

    fn doubted() -> Result<(), SendFailure> {
        Err(Doubt { code: "http 503".into(), text: String::new() }.into())
    }

    #[test]
    fn a_provider_whose_answers_are_lost_rests_before_it_costs_a_campaign() {
        let breaker = Breaker::default();
        for _ in 1..DOUBT_AFTER {
            breaker.observe(&doubted(), at(0));
        }
        assert_eq!(breaker.admit(at(0)), Admission::Open);
        breaker.observe(&doubted(), at(0));
        assert_eq!(breaker.admit(at(0)), Admission::RestsUntil(at(60)));
    }

    #[test]
    fn each_rest_after_doubts_ends_with_one_send_that_tries() {
        let breaker = Breaker::default();
        observe_all(&breaker, DOUBT_AFTER, &doubted());
        assert_eq!(breaker.admit(at(60)), Admission::Open);
        breaker.observe(&doubted(), at(65));
        assert_eq!(breaker.admit(at(66)), Admission::RestsUntil(at(125)));
        breaker.observe(&Ok(()), at(130));
        assert_eq!(breaker.admit(at(130)), Admission::Open);
    }

    #[test]
    fn doubts_between_answers_say_nothing_of_the_provider() {
        let breaker = Breaker::default();
        for _ in 0..3 * DOUBT_AFTER {
            breaker.observe(&doubted(), at(0));
            breaker.observe(&Ok(()), at(0));
        }
        assert_eq!(breaker.admit(at(0)), Admission::Open);
    }

    #[test]
    fn a_refused_message_proves_that_the_provider_works() {
        let breaker = Breaker::default();
        for _ in 0..3 * OUTAGE_AFTER {
            breaker.observe(&failed(FailureClass::Transient, code::CONNECT), at(0));
            breaker.observe(&failed(FailureClass::PermanentAddress, "550 5.1.1"), at(0));
        }
        assert_eq!(breaker.admit(at(0)), Admission::Open);
    }

    fn refused_by_policy() -> Result<(), SendFailure> {
        failed(FailureClass::PolicyReputation, "554 5.7.1")
    }

    fn refused_for_its_recipient() -> Result<(), SendFailure> {
        failed(FailureClass::PermanentAddress, "550 5.1.1")
    }

    #[test]
    fn a_provider_that_refuses_the_sender_rests_before_it_costs_a_campaign() {
        let breaker = Breaker::default();
        observe_all(&breaker, POLICY_AFTER - 1, &refused_by_policy());
        observe_all(&breaker, 3, &refused_for_its_recipient());
        assert_eq!(breaker.admit(at(0)), Admission::Open);
        assert_eq!(breaker.observe(&refused_by_policy(), at(0)), Some(Cause::Policy));
        assert_eq!(breaker.admit(at(0)), Admission::RestsUntil(at(60)));
    }

    #[test]
    fn messages_refused_by_policy_between_accepted_ones_say_nothing_of_the_sender() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            observe_all(&breaker, POLICY_AFTER - 1, &refused_by_policy());
            breaker.observe(&Ok(()), at(0));
        }
        assert_eq!(breaker.admit(at(0)), Admission::Open);
    }

    #[test]
    fn only_an_acceptance_ends_the_rest_of_who_refuses_the_sender() {
        let breaker = Breaker::default();
        observe_all(&breaker, POLICY_AFTER, &refused_by_policy());
        assert_eq!(breaker.admit(at(60)), Admission::Open);
        breaker.observe(&refused_for_its_recipient(), at(61));
        assert_eq!(breaker.admit(at(61)), Admission::Open, "the next one tries at once");
        assert_eq!(breaker.admit(at(61)), Admission::RestsUntil(at(121)), "and no other with it");
        assert_eq!(breaker.observe(&refused_by_policy(), at(62)), None, "a person was told before");
        assert_eq!(breaker.admit(at(63)), Admission::RestsUntil(at(122)));
        breaker.observe(&Ok(()), at(130));
        assert_eq!(breaker.admit(at(130)), Admission::Open);
    }

    #[test]
    fn why_a_provider_rests_is_said_once_until_it_works_again() {
        let breaker = Breaker::default();
        let refused = failed(FailureClass::ConfigAuth, "535 5.7.8");
        let told = [&refused, &refused, &Ok(()), &refused].map(|result| breaker.observe(result, at(0)));
        assert_eq!(told, [Some(Cause::Config), None, None, Some(Cause::Config)]);
    }
}
