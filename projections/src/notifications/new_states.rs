//! The state and cause that an event gives to the deliveries of a group.

use std::borrow::Cow;

use commands::log::Recorded;
use domain::deliveries::{
    self, DeliveryState, Evidence, FailureClass, GroupOutcome, GroupReceipt, Observation, OutcomeGroup,
    PassedOnGroup, ReceiptGroup, Resolution, ResolvedBy,
};

use super::rows::{Cause, Standing, number};

/// How many characters of a provider's code are kept, so that it fits an index.
const CODE_CHARS_MAX: usize = 100;

/// The state after an outcome of a group.
pub(super) fn of_outcomes(group: &OutcomeGroup, recorded: &Recorded) -> Standing {
    let bare = Standing {
        generation: number(group.generation),
        attempt: number(group.attempt),
        ..bare(DeliveryState::Cancelled, recorded)
    };
    match &group.outcome {
        GroupOutcome::Accepted { provider, .. } => {
            Standing { state: DeliveryState::Accepted, provider: Some(provider.clone()), ..bare }
        }
        GroupOutcome::Deferred { provider, until, cause, .. } => Standing {
            state: DeliveryState::Deferred,
            provider: provider.clone(),
            until: Some(*until),
            cause: of_cause(cause),
            ..bare
        },
        GroupOutcome::Failed { provider, cause } => Standing {
            state: DeliveryState::Failed,
            provider: provider.clone(),
            cause: of_cause(cause),
            ..bare
        },
        GroupOutcome::Suppressed { provider, reason } => Standing {
            state: DeliveryState::Suppressed,
            provider: provider.clone(),
            cause: Cause { class: Some(Cow::Borrowed(reason.as_str())), ..Cause::default() },
            ..bare
        },
        GroupOutcome::InDoubt { provider, evidence } => Standing {
            state: DeliveryState::InDoubt,
            provider: Some(provider.clone()),
            cause: of_evidence(evidence, None),
            ..bare
        },
        GroupOutcome::Cancelled => bare,
    }
}

/// The entry of one member whom a provider passed on; its state is not the delivery's.
pub(super) fn of_passed_on(
    group: &OutcomeGroup,
    passed_on: &PassedOnGroup,
    place: usize,
    recorded: &Recorded,
) -> Standing {
    Standing {
        generation: number(group.generation),
        attempt: number(group.passed_on_attempt()),
        provider: Some(passed_on.provider.clone()),
        cause: of_cause(&passed_on.cause),
        at: passed_on.at.get(place).copied().unwrap_or(recorded.recorded_at),
        ..bare(DeliveryState::Pending, recorded)
    }
}

/// The state of one member of a group after a report, in the generation and attempt that the member was in.
pub(super) fn of_receipt(
    group: &ReceiptGroup,
    place: usize,
    before: &Standing,
    recorded: &Recorded,
) -> Standing {
    let cause = match &group.receipt {
        GroupReceipt::Delivered | GroupReceipt::Complained => Cause::default(),
        GroupReceipt::Bounced { cause } => of_cause(cause),
    };
    Standing {
        generation: before.generation,
        attempt: before.attempt,
        provider: Some(group.provider.clone()),
        cause,
        at: group.at.get(place).copied().unwrap_or(recorded.recorded_at),
        ..bare(group.receipt.state().word(), recorded)
    }
}

/// The state after the end of a doubt.
pub(super) fn of_resolution(
    resolution: Resolution,
    by: ResolvedBy,
    before: &Standing,
    recorded: &Recorded,
) -> Standing {
    let (state, cause) = match resolution {
        Resolution::Accepted => (DeliveryState::Accepted, Cause::default()),
        Resolution::Delivered => (DeliveryState::Delivered, Cause::default()),
        Resolution::Resend => (
            DeliveryState::Failed,
            decided(match by {
                ResolvedBy::Person => Observation::FoundUnsent,
                ResolvedBy::Policy => Observation::ResentByPolicy,
            }),
        ),
        Resolution::Discard => (DeliveryState::Failed, decided(Observation::Discarded)),
    };
    Standing {
        generation: before.generation,
        attempt: before.attempt,
        provider: before.provider.clone(),
        cause,
        ..bare(state, recorded)
    }
}

/// The state after a person has discarded a failed delivery: it keeps the class and code of its failure.
pub(super) fn of_discard(before: &Standing, recorded: &Recorded) -> Standing {
    Standing {
        cause: Cause { phase: None, observed: Some(Observation::Discarded), ..before.cause.clone() },
        at: recorded.recorded_at,
        position: recorded.position,
        ..before.clone()
    }
}

/// The state after a retry reopens a delivery.
pub(super) fn of_reopening(generation: u32, recorded: &Recorded) -> Standing {
    Standing { generation: number(generation), ..bare(DeliveryState::Pending, recorded) }
}

fn bare(state: DeliveryState, recorded: &Recorded) -> Standing {
    Standing {
        generation: 1,
        attempt: 0,
        state,
        cause: Cause::default(),
        provider: None,
        until: None,
        at: recorded.recorded_at,
        position: recorded.position,
    }
}

/// The cause of a failure that a decision has made of a doubt.
fn decided(observed: Observation) -> Cause {
    of_evidence(&Evidence::observed(None, observed), Some(FailureClass::Unknown))
}

fn of_cause(cause: &deliveries::Cause) -> Cause {
    of_evidence(&cause.evidence, Some(cause.class))
}

fn of_evidence(evidence: &Evidence, class: Option<FailureClass>) -> Cause {
    Cause {
        class: class.map(|class| Cow::Borrowed(class.as_str())),
        phase: evidence.phase,
        code: evidence.code.as_ref().map(|code| code.chars().take(CODE_CHARS_MAX).collect()),
        observed: evidence.observed,
    }
}
