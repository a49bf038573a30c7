//! The rules: which outcome, receipt or resolution may be recorded in which state.

use std::cmp::Ordering;

use super::command::{MemberOutcome, MemberReceipt, Outcome, Receipt, Resolution};
use super::error::DeliveriesError;
use super::{Delivery, State};
use crate::value::Member;

/// An entry about one member.
pub(super) trait About {
    fn member(&self) -> Member;
}

impl About for MemberOutcome {
    fn member(&self) -> Member {
        self.member
    }
}

impl About for MemberReceipt {
    fn member(&self) -> Member {
        self.member
    }
}

impl About for Member {
    fn member(&self) -> Member {
        *self
    }
}

/// Decides an outcome: as it will be recorded, or the reason of a refusal.
pub(super) fn outcome(delivery: &Delivery, new: MemberOutcome) -> Result<MemberOutcome, DeliveriesError> {
    let MemberOutcome { generation, attempt, .. } = new;
    of_this_generation(delivery, generation)?;
    match &delivery.state {
        State::Pending | State::Deferred { .. }
            if new.outcome.ends_an_attempt() && attempt <= delivery.attempt =>
        {
            Err(DeliveriesError::AlreadyRecorded { attempt })
        }
        State::Pending | State::Deferred { .. } => Ok(new),
        State::InDoubt | State::Discarded => end_of_doubt(new),
        _ => Err(DeliveriesError::AlreadySettled { generation }),
    }
}

fn of_this_generation(delivery: &Delivery, generation: u32) -> Result<(), DeliveriesError> {
    match generation.cmp(&delivery.generation) {
        Ordering::Less => Err(DeliveriesError::Superseded { generation }),
        Ordering::Greater => Err(DeliveriesError::NotBegun { generation }),
        Ordering::Equal => Ok(()),
    }
}

/// An answer that arrives after its owner was fenced is true and ends the doubt, also one that was given up. A late deferral is recorded as failed,
/// because no task is left for another attempt. A retry can send it again.
fn end_of_doubt(late: MemberOutcome) -> Result<MemberOutcome, DeliveriesError> {
    let outcome = match late.outcome {
        accepted @ Outcome::Accepted { .. } => accepted,
        Outcome::Deferred { failure, .. } | Outcome::Failed(failure) if failure.provider.is_some() => {
            Outcome::Failed(failure)
        }
        opted_out @ Outcome::Suppressed { provider: Some(_), .. } => opted_out,
        _ => return Err(DeliveriesError::AlreadySettled { generation: late.generation }),
    };
    Ok(MemberOutcome { outcome, ..late })
}

/// Decides a receipt: as it will be recorded, or the reason of a refusal. `carrier` is the provider of the last outcome. A
/// report on another message of the delivery says nothing of the one that the state is about: providers report on messages
/// that they refused, and late.
pub(super) fn receipt(
    delivery: &Delivery,
    carrier: Option<&str>,
    new: MemberReceipt,
) -> Result<MemberReceipt, DeliveriesError> {
    of_this_generation(delivery, new.generation)?;
    of_this_message(delivery, carrier, &new)?;
    match (&delivery.state, &new.receipt) {
        // The failure that a person has discarded is told again. A doubt that was given up learns of it for the first time.
        (State::Discarded, Receipt::Bounced(_)) if delivery.resolved != Some(Resolution::Discard) => {
            Err(DeliveriesError::AlreadyRecorded { attempt: delivery.attempt })
        }
        (State::Accepted | State::InDoubt | State::Discarded, _) => Ok(new),
        // A complaint means that the message has arrived.
        (State::Delivered, Receipt::Complained) => Ok(new),
        (State::Delivered, Receipt::Delivered)
        | (State::Bounced, Receipt::Bounced(_))
        | (State::Complained, Receipt::Delivered | Receipt::Complained) => {
            Err(DeliveriesError::AlreadyRecorded { attempt: delivery.attempt })
        }
        _ => Err(DeliveriesError::Contradicted),
    }
}

/// A later attempt can only follow an open state. An attempt that one provider refused may have gone on with another.
fn of_this_message(
    delivery: &Delivery,
    carrier: Option<&str>,
    new: &MemberReceipt,
) -> Result<(), DeliveriesError> {
    let is_of_other = new.carrier.as_deref().zip(carrier).is_some_and(|(its, other)| its != other);
    match new.attempt.cmp(&delivery.attempt) {
        Ordering::Greater if delivery.is_open() => Err(DeliveriesError::NoOutcomeYet),
        Ordering::Equal if !is_of_other => Ok(()),
        _ => Err(DeliveriesError::OtherAttempt),
    }
}

/// Whether there is a doubt to end.
pub(super) const fn in_doubt(delivery: &Delivery, member: Member) -> Result<Member, DeliveriesError> {
    match delivery.state {
        State::InDoubt => Ok(member),
        _ => Err(DeliveriesError::NotInDoubt),
    }
}

/// Whether the last doubt was ended by the same decision, so that there is nothing to decide.
pub(super) fn is_resolved(delivery: &Delivery, resolution: Resolution) -> bool {
    delivery.state != State::InDoubt && delivery.resolved == Some(resolution)
}

/// Decides whether a failed delivery is sent again because a person asks for it. One that was discarded may be.
pub(super) const fn retry(delivery: &Delivery, member: Member) -> Result<Member, DeliveriesError> {
    match delivery.state {
        State::Discarded => Ok(member),
        _ => discard(delivery, member),
    }
}

/// Decides whether there is a failure of which a person may say that nothing more is sent.
pub(super) const fn discard(delivery: &Delivery, member: Member) -> Result<Member, DeliveriesError> {
    match delivery.state {
        State::Failed | State::Bounced | State::Discarded => Ok(member),
        State::Pending | State::Deferred { .. } => Err(DeliveriesError::Open),
        State::Accepted | State::Delivered | State::Complained => Err(DeliveriesError::Sent),
        State::InDoubt => Err(DeliveriesError::InDoubt),
        State::Suppressed => Err(DeliveriesError::Suppressed),
        State::Cancelled => Err(DeliveriesError::Cancelled),
    }
}

/// Whether a delivery may be sent again as a new generation: it is known not to have arrived, and nobody has discarded it.
pub(super) const fn may_reopen(delivery: &Delivery, generation: u32) -> bool {
    matches!(delivery.state, State::Failed | State::Bounced) && delivery.generation < generation
}
