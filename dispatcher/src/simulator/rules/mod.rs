//! How addresses behave: a table for people, and rules of their own for tests.

mod table;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError, RwLock},
    time::Duration,
};

use domain::value::Channel;

use super::SimulatorOptions;

pub use table::{RULES, Rule, RuleKind};

/// What a simulated server does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Accepts it.
    Accept,
    /// Refuses it, for mail at RCPT.
    Refuse(Refusal),
    /// Refuses so many times, then accepts once, and begins anew.
    RefuseFirst {
        /// How often.
        times: u32,
        /// With what.
        refusal: Refusal,
    },
    /// Accepts so many messages to the addresses that the rule is for, and refuses all the others: a quota.
    AcceptFirst {
        /// How many.
        times: u32,
        /// With what it refuses the others.
        refusal: Refusal,
    },
    /// Accepts it, an SMS under a sid that repeats the number.
    AcceptAsNumber,
    /// Accepts an SMS and reports later, with this code, that it could not be delivered.
    AcceptUndelivered(u32),
    /// Refuses an SMS so many times, and reports later of each refused one that it could not be delivered; then accepts once,
    /// and begins anew.
    RefuseThenReport {
        /// How often.
        times: u32,
        /// With what.
        refusal: Refusal,
        /// The code of the reports.
        code: u32,
    },
    /// Refuses a mail after its final dot; an SMS as [`Behaviour::Refuse`].
    RefuseBody(Refusal),
    /// Accepts it, after a while.
    Slow(Duration),
    /// Accepts it and ends the connection without a word.
    AcceptThenCut,
    /// Ends the connection after the whole message, without accepting it.
    CutUnaccepted,
    /// Ends the connection before the message: for mail at RCPT.
    CutEarly,
}

/// A negative answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The SMTP reply's code, or the HTTP status.
    pub status: u16,
    /// Twilio's code; 0 for mail, whose enhanced code begins the text.
    pub code: u32,
    /// The words.
    pub text: &'static str,
    /// Seconds of `Retry-After`, for HTTP.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal of a mail; `text` begins with the enhanced status code.
    pub const fn mail(status: u16, text: &'static str) -> Self {
        Self { status, code: 0, text, retry_after: None }
    }

    /// A refusal of an SMS, in Twilio's terms.
    pub const fn sms(status: u16, code: u32, text: &'static str) -> Self {
        Self { status, code, text, retry_after: None }
    }

    fn code_text(&self) -> String {
        let enhanced = self.text.split_whitespace().next().filter(|word| word.starts_with(['4', '5']));
        match (self.code, enhanced) {
            (0, Some(enhanced)) => format!("{} {enhanced}", self.status),
            (0, None) => self.status.to_string(),
            (code, _) => code.to_string(),
        }
    }

    pub(super) fn outcome(&self) -> super::Outcome {
        super::Outcome::Refused { code: self.code_text() }
    }
}

/// The rules in force.
pub(super) struct Rules {
    busy_times: u32,
    slow: Duration,
    retry_after: Duration,
    own: RwLock<Vec<(Channel, String, Behaviour)>>,
    refused: Mutex<HashMap<(Channel, String), u32>>,
}

/// How many addresses' refusals are counted; beyond, the counts begin anew.
const MAX_COUNTED: usize = 10_000;

impl Rules {
    pub(super) fn new(options: &SimulatorOptions) -> Self {
        Self {
            busy_times: options.busy_times,
            slow: options.slow,
            retry_after: options.retry_after,
            own: RwLock::default(),
            refused: Mutex::default(),
        }
    }

    pub(super) fn set(&self, channel: Channel, address: &str, behaviour: Behaviour) {
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        own.retain(|(its, name, _)| (*its, name.as_str()) != (channel, address));
        // The newest wins, but a rule for everybody comes last.
        let place = if address.is_empty() { own.len() } else { 0 };
        own.insert(place, (channel, address.to_owned(), behaviour));
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What to do with the message that is now for this address; counts the refusals of a busy one.
    pub(super) fn decide(&self, channel: Channel, address: &str) -> Behaviour {
        match self.behaviour(channel, address) {
            Behaviour::RefuseFirst { times, refusal } => self.refuse_first(channel, address, times, refusal),
            reported @ Behaviour::RefuseThenReport { times, refusal, .. } => {
                match self.refuse_first(channel, address, times, refusal) {
                    Behaviour::Refuse(_) => reported,
                    accepted => accepted,
                }
            }
            Behaviour::AcceptFirst { times, refusal } => self.accept_first(channel, times, refusal),
            behaviour => behaviour,
        }
    }

    fn behaviour(&self, channel: Channel, address: &str) -> Behaviour {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        let set = own.iter().find(|(its, name, _)| *its == channel && is_for(channel, name, address));
        if let Some((_, _, behaviour)) = set {
            return *behaviour;
        }
        let row = RULES.iter().find(|rule| rule.channel == channel && rule.is_for(address));
        row.map_or(Behaviour::Accept, |rule| self.behaviour_of(rule.kind))
    }

    fn behaviour_of(&self, kind: RuleKind) -> Behaviour {
        match kind {
            RuleKind::Refused(refusal) => Behaviour::Refuse(refusal),
            RuleKind::RefusedBody(refusal) => Behaviour::RefuseBody(refusal),
            RuleKind::Busy(refusal) => {
                let refusal = Refusal { retry_after: Some(self.retry_after), ..refusal };
                Behaviour::RefuseFirst { times: self.busy_times, refusal }
            }
            RuleKind::Slow => Behaviour::Slow(self.slow),
            RuleKind::AcceptedThenCut => Behaviour::AcceptThenCut,
            RuleKind::Undelivered(code) => Behaviour::AcceptUndelivered(code),
            RuleKind::Lost => Behaviour::CutUnaccepted,
        }
    }

    fn accept_first(&self, channel: Channel, times: u32, refusal: Refusal) -> Behaviour {
        let mut counted = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let accepted = counted.entry((channel, String::new())).or_default();
        if *accepted >= times {
            return Behaviour::Refuse(refusal);
        }
        *accepted += 1;
        Behaviour::Accept
    }

    fn refuse_first(&self, channel: Channel, address: &str, times: u32, refusal: Refusal) -> Behaviour {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MAX_COUNTED {
            refused.clear();
        }
        let count = refused.entry((channel, address.to_ascii_lowercase())).or_default();
        if *count >= times {
            // The next message is to meet a busy address again.
            *count = 0;
            return Behaviour::Accept;
        }
        *count += 1;
        Behaviour::Refuse(refusal)
    }
}

fn is_for(channel: Channel, name: &str, address: &str) -> bool {
    match channel {
        Channel::Email => name.is_empty() || name.eq_ignore_ascii_case(address),
        Channel::Sms => address.ends_with(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules::new(&SimulatorOptions {
            busy_times: 2,
            ..SimulatorOptions::new(std::sync::Arc::new(Default::default))
        })
    }

    fn is_refused(behaviour: Behaviour) -> bool {
        matches!(behaviour, Behaviour::Refuse(_))
    }

    #[test]
    fn a_rule_is_known_by_its_local_part_alone_or_before_a_sign_or_digit() {
        let decide = |address| is_refused(rules().decide(Channel::Email, address));
        for address in
            ["rebota@a.test", "Rebota@b.test", "rebota+7@a.test", "rebota.ana@a.test", "rebota12@a.test"]
        {
            assert!(decide(address), "{address}");
        }
        for address in ["rebotada@a.test", "ana.rebota@a.test", "reb", "ana@rebota.test", "ñ"] {
            assert!(!decide(address), "{address}");
        }
    }

    #[test]
    fn a_busy_address_refuses_its_times_then_accepts_and_is_busy_again() {
        let rules = rules();
        let refused = |address| is_refused(rules.decide(Channel::Sms, address));
        let first: Vec<_> = (0..6).map(|_| refused("+573000000002")).collect();
        assert_eq!(first, [true, true, false, true, true, false]);
        assert!(refused("+573110000002"), "another number counts for itself");
    }

    #[test]
    fn a_rule_of_ones_own_wins_over_the_table_and_the_particular_over_the_general() {
        let rules = rules();
        rules.set(Channel::Email, "rebota@a.test", Behaviour::CutEarly);
        rules.set(Channel::Email, "", Behaviour::AcceptThenCut);
        assert_eq!(rules.decide(Channel::Email, "REBOTA@a.test"), Behaviour::CutEarly);
        assert_eq!(rules.decide(Channel::Email, "ana@a.test"), Behaviour::AcceptThenCut);
        assert_eq!(rules.decide(Channel::Sms, "+57300"), Behaviour::Accept);
    }
}
