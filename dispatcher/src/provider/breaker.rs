//! A provider that cannot work is left alone for a while instead of burning every delivery's attempts.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::FailureClass;

use super::failure::{Failure, SendFailure};

/// How long a provider rests after it refused our credentials, TLS or settings.
pub const CONFIG_REST: TimeDelta = TimeDelta::seconds(60);
/// How long a provider rests after it could not be reached.
pub const OUTAGE_REST: TimeDelta = TimeDelta::seconds(15);
/// How many sends in a row find nobody before the provider rests.
pub const OUTAGE_AFTER: u32 = 5;
/// How long a provider rests whose answers are lost: longer, for each send that tries it anew may be one more in doubt.
pub const DOUBT_REST: TimeDelta = TimeDelta::seconds(60);
/// How many sends in a row are left in doubt before the provider rests. Those under way at that moment may be too.
pub const DOUBT_AFTER: u32 = 5;

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
    rest: Option<Rest>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    until: DateTime<Utc>,
    length: TimeDelta,
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
        state.rest = Some(Rest { until: now + rest.length, ..rest });
        Admission::Open
    }

    /// Until when the provider rests, for a status page.
    pub fn rests_until(&self) -> Option<DateTime<Utc>> {
        self.locked().rest.map(|rest| rest.until)
    }

    /// Learns from the result of a send.
    pub fn observe<T>(&self, result: &Result<T, SendFailure>, now: DateTime<Utc>) {
        match result {
            Ok(_) => *self.locked() = State::default(),
            // Says nothing of the provider.
            Err(SendFailure::StartRefused(_)) => {}
            Err(SendFailure::InDoubt(_)) => self.locked().doubt(now),
            Err(SendFailure::Unsent(failure)) => self.locked().learn(failure, now),
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn learn(&mut self, failure: &Failure, now: DateTime<Utc>) {
        if failure.class == FailureClass::ConfigAuth {
            return self.rest(CONFIG_REST, now);
        }
        if !failure.is_unreachable() {
            // A refusal of one message is an answer: the provider works.
            *self = Self::default();
            return;
        }
        self.unreached += 1;
        if self.unreached >= OUTAGE_AFTER {
            self.rest(OUTAGE_REST, now);
        }
    }

    fn doubt(&mut self, now: DateTime<Utc>) {
        self.in_doubt += 1;
        if self.in_doubt >= DOUBT_AFTER {
            self.rest(DOUBT_REST, now);
        }
    }

    fn rest(&mut self, length: TimeDelta, now: DateTime<Utc>) {
        self.rest = Some(Rest { until: now + length, length });
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
        (0..DOUBT_AFTER).for_each(|_| breaker.observe(&doubted(), at(0)));
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
}
