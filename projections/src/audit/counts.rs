//! The summary of an event about many deliveries: how many had which outcome. Provider, class and code name no person.
//! The provider's text may, so it is left out.

use domain::deliveries::{
    Cause, DeliveriesEvent, DeliveryState, GroupOutcome, GroupReceipt, OutcomeGroup, ReceiptGroup,
    Resolution, ResolvedBy,
};
use serde::Serialize;

/// The summary of an event about deliveries.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Counts<'a> {
    Outcomes {
        /// The latest generation of any of them.
        generation: u32,
        outcomes: Vec<Counted<'a>>,
    },
    Receipts {
        outcomes: Vec<Counted<'a>>,
    },
    Resolved {
        resolution: Resolution,
        by: ResolvedBy,
        n: usize,
    },
    Reopened {
        generation: u32,
        n: usize,
        /// How many of them go to another address than the audience has.
        #[serde(skip_serializing_if = "is_none")]
        edited: usize,
    },
    Discarded {
        n: usize,
    },
}

/// How many had the same outcome.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Counted<'a> {
    outcome: DeliveryState,
    /// The kind of failure, or the reason why nothing may be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    n: usize,
}

impl<'a> Counts<'a> {
    pub(super) fn of(event: &'a DeliveriesEvent) -> Self {
        match event {
            DeliveriesEvent::OutcomesRecorded { outcomes, .. } => Self::Outcomes {
                generation: outcomes.iter().map(|group| group.generation).max().unwrap_or(1),
                outcomes: joined(outcomes.iter().map(Counted::of_outcomes)),
            },
            DeliveriesEvent::ReceiptsRecorded { receipts, .. } => {
                Self::Receipts { outcomes: joined(receipts.iter().map(Counted::of_receipts)) }
            }
            DeliveriesEvent::DoubtsResolved { members, resolution, by, .. } => {
                Self::Resolved { resolution: *resolution, by: *by, n: members.len() }
            }
            DeliveriesEvent::DeliveriesReopened { generation, members, addresses, .. } => {
                Self::Reopened { generation: *generation, n: members.len(), edited: addresses.len() }
            }
            // The reason is a text: the delivery's timeline has it.
            DeliveriesEvent::DeliveriesDiscarded { members, .. } => Self::Discarded { n: members.len() },
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none(n: &usize) -> bool {
    *n == 0
}

/// The only outcome in an event, or the gravest; none if it has none.
pub(super) fn gravest(event: &DeliveriesEvent) -> Option<DeliveryState> {
    match event {
        DeliveriesEvent::OutcomesRecorded { outcomes, .. } => {
            outcomes.iter().map(|group| group.outcome.state().word()).max_by_key(|state| gravity(*state))
        }
        DeliveriesEvent::ReceiptsRecorded { receipts, .. } => {
            receipts.iter().map(|group| group.receipt.state().word()).max_by_key(|state| gravity(*state))
        }
        DeliveriesEvent::DoubtsResolved { resolution, .. } => Some(match resolution {
            Resolution::Accepted => DeliveryState::Accepted,
            Resolution::Delivered => DeliveryState::Delivered,
            Resolution::Resend | Resolution::Discard => DeliveryState::Failed,
        }),
        DeliveriesEvent::DeliveriesReopened { .. } | DeliveriesEvent::DeliveriesDiscarded { .. } => None,
    }
}

const fn gravity(state: DeliveryState) -> u8 {
    match state {
        DeliveryState::Failed => 7,
        DeliveryState::InDoubt => 6,
        DeliveryState::Suppressed => 5,
        DeliveryState::Cancelled => 4,
        DeliveryState::Deferred => 3,
        DeliveryState::Accepted => 2,
        DeliveryState::Delivered => 1,
        DeliveryState::Pending => 0,
    }
}

impl<'a> Counted<'a> {
    fn of_outcomes(group: &'a OutcomeGroup) -> Self {
        let (provider, class, code) = match &group.outcome {
            GroupOutcome::Accepted { provider, .. } => (Some(provider), None, None),
            GroupOutcome::Deferred { provider, cause, .. } | GroupOutcome::Failed { provider, cause } => {
                (provider.as_ref(), Some(cause.class.as_str()), cause.evidence.code.as_deref())
            }
            GroupOutcome::Suppressed { provider, reason } => (provider.as_ref(), Some(reason.as_str()), None),
            GroupOutcome::InDoubt { provider, evidence } => (Some(provider), None, evidence.code.as_deref()),
            GroupOutcome::Cancelled => (None, None, None),
        };
        let outcome = group.outcome.state().word();
        Self { outcome, class, code, provider: provider.map(String::as_str), n: group.members.len() }
    }

    fn of_receipts(group: &'a ReceiptGroup) -> Self {
        let cause: Option<&Cause> = match &group.receipt {
            GroupReceipt::Bounced { cause } => Some(cause),
            GroupReceipt::Delivered | GroupReceipt::Complained => None,
        };
        Self {
            outcome: group.receipt.state().word(),
            class: cause.map(|cause| cause.class.as_str()),
            code: cause.and_then(|cause| cause.evidence.code.as_deref()),
            provider: Some(&group.provider),
            n: group.members.len(),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.outcome, self.class, self.code, self.provider)
            == (other.outcome, other.class, other.code, other.provider)
    }
}

/// Groups that differ only in what a summary leaves out are one.
fn joined<'a>(groups: impl Iterator<Item = Counted<'a>>) -> Vec<Counted<'a>> {
    let mut all: Vec<Counted<'a>> = Vec::new();
    for group in groups {
        match all.iter_mut().find(|known| known.is_like(&group)) {
            Some(known) => known.n += group.n,
            None => all.push(group),
        }
    }
    all
}
