//! What an owner decides from a provider's answer, as the aggregate `Deliveries` does.

use crate::rules::{Member, Outcome};

/// How often a member is tried at most in the search: enough for one deferral and one retry.
pub(crate) const ATTEMPTS_MAX: u8 = 2;

/// What an owner knows of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Answer {
    /// The provider said yes.
    Accepted,
    /// The provider said no.
    Refused,
    /// The provider said not now.
    Deferred,
    /// The connection ended before the answer, and after the provider could accept.
    Cut,
    /// Nothing left the process, provably: the member may be started again.
    Unsent,
    /// Nothing was sent and nothing will be: the address is suppressed.
    Suppressed,
}

/// Decides: what is to be recorded when an attempt has this answer; none if it tells nothing new.
pub(crate) fn decide(member: Member, attempt: u8, answer: Answer) -> Option<Outcome> {
    match member {
        Member::Open { ended } if attempt == ended + 1 => match answer {
            Answer::Accepted => Some(Outcome::Accepted),
            Answer::Deferred if attempt < ATTEMPTS_MAX => Some(Outcome::Deferred),
            Answer::Deferred | Answer::Refused | Answer::Suppressed => Some(Outcome::Failed),
            Answer::Cut => Some(Outcome::InDoubt),
            Answer::Unsent => None,
        },
        // A late answer ends the doubt. A deferral proves that nothing was accepted, and the attempt was the last: a member
        // in doubt is sent again only by an order.
        Member::InDoubt { attempt: doubted } if attempt == doubted => match answer {
            Answer::Accepted => Some(Outcome::Accepted),
            Answer::Refused | Answer::Deferred => Some(Outcome::Failed),
            Answer::Cut | Answer::Unsent | Answer::Suppressed => None,
        },
        Member::Open { .. } | Member::Accepted | Member::Failed | Member::InDoubt { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Illegal, apply};

    const ANSWERS: [Answer; 6] = [
        Answer::Accepted,
        Answer::Refused,
        Answer::Deferred,
        Answer::Cut,
        Answer::Unsent,
        Answer::Suppressed,
    ];
    const MEMBERS: [Member; 6] = [
        Member::NEW,
        Member::Open { ended: 1 },
        Member::Accepted,
        Member::Failed,
        Member::InDoubt { attempt: 1 },
        Member::InDoubt { attempt: 2 },
    ];

    #[test]
    fn what_is_decided_can_be_applied() {
        for member in MEMBERS {
            for attempt in 1..=ATTEMPTS_MAX {
                for answer in ANSWERS {
                    if let Some(outcome) = decide(member, attempt, answer) {
                        assert!(apply(member, attempt, outcome).is_ok(), "{member:?} {attempt} {answer:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_acceptance_ends_a_doubt_of_its_attempt_only() {
        let doubt = Member::InDoubt { attempt: 2 };
        assert_eq!(decide(doubt, 2, Answer::Accepted), Some(Outcome::Accepted));
        assert_eq!(decide(doubt, 1, Answer::Deferred), None);
    }

    #[test]
    fn an_accepted_member_takes_no_other_outcome() {
        for answer in ANSWERS {
            assert_eq!(decide(Member::Accepted, 1, answer), None);
        }
        assert_eq!(apply(Member::Accepted, 1, Outcome::Failed), Err(Illegal::SecondFinalOutcome));
    }
}
