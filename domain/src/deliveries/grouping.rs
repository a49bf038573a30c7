//! Groups outcomes: values that members share are stored once.

use super::command::{Failure, MemberOutcome, MemberReceipt, Outcome, PassedOn, Receipt};
use super::event::{Detail, GroupOutcome, GroupReceipt, OutcomeGroup, PassedOnGroup, ReceiptGroup};
use crate::personal::Personal;
use crate::value::{Member, Members};

/// Groups in the order of their first member; columns of a group in the order of its members.
pub(super) fn outcomes(mut outcomes: Vec<MemberOutcome>) -> Vec<OutcomeGroup> {
    outcomes.sort_unstable_by_key(|outcome| outcome.member);
    let mut groups: Vec<OutcomeGroup> = Vec::new();
    for MemberOutcome { member, generation, attempt, outcome, passed_on } in outcomes {
        let (outcome, reference, detail) = shared(outcome);
        let is_same = |group: &OutcomeGroup| {
            group.generation == generation
                && group.attempt == attempt
                && is_same_outcome(&group.outcome, &outcome)
        };
        let new = || OutcomeGroup {
            generation,
            attempt,
            members: Members::NONE,
            outcome: outcome.clone(),
            details: vec![],
            passed_on: vec![],
        };
        let place = groups.iter().position(is_same).unwrap_or_else(|| {
            groups.push(new());
            groups.len() - 1
        });
        let group = &mut groups[place];
        group.members.insert(member);
        if let GroupOutcome::Accepted { references, .. } = &mut group.outcome {
            references.extend(reference);
        }
        group.details.extend(detail.map(|text| Detail { member, text }));
        passed_on.into_iter().for_each(|passed_on| add_passed_on(&mut group.passed_on, member, passed_on));
    }
    groups
}

/// Adds one refusal of a member, who comes after the members so far. A provider refuses a member once in an attempt, or twice
/// if no other was left: then the second is a group of its own.
fn add_passed_on(groups: &mut Vec<PassedOnGroup>, member: Member, passed_on: PassedOn) {
    let PassedOn { at, provider, cause, detail } = passed_on;
    let is_same = |group: &PassedOnGroup| {
        group.provider == provider && group.cause == cause && !group.members.contains(member)
    };
    let place = groups.iter().position(is_same).unwrap_or_else(|| {
        groups.push(PassedOnGroup { members: Members::NONE, provider, at: vec![], cause, details: vec![] });
        groups.len() - 1
    });
    let group = &mut groups[place];
    group.members.insert(member);
    group.at.push(at);
    group.details.extend(detail.map(|text| Detail { member, text }));
}

/// Splits an outcome into the part that can be shared and the member's own part: the reference and the provider's text.
fn shared(outcome: Outcome) -> (GroupOutcome, Option<String>, Option<Personal<String>>) {
    match outcome {
        Outcome::Accepted { provider, reference } => {
            (GroupOutcome::Accepted { provider, references: Vec::new() }, Some(reference), None)
        }
        Outcome::Deferred { since, until, failure: Failure { provider, cause, detail } } => {
            (GroupOutcome::Deferred { provider, since, until, cause }, None, detail)
        }
        Outcome::Failed(Failure { provider, cause, detail }) => {
            (GroupOutcome::Failed { provider, cause }, None, detail)
        }
        Outcome::Suppressed { reason, provider } => {
            (GroupOutcome::Suppressed { provider, reason }, None, None)
        }
        Outcome::InDoubt { provider, evidence, detail } => {
            (GroupOutcome::InDoubt { provider, evidence }, None, detail)
        }
        Outcome::Cancelled => (GroupOutcome::Cancelled, None, None),
    }
}

/// References are not part of the shared values.
fn is_same_outcome(one: &GroupOutcome, other: &GroupOutcome) -> bool {
    match (one, other) {
        (GroupOutcome::Accepted { provider: one, .. }, GroupOutcome::Accepted { provider: other, .. }) => {
            one == other
        }
        _ => one == other,
    }
}

/// The same for receipts.
pub(super) fn receipts(mut receipts: Vec<MemberReceipt>) -> Vec<ReceiptGroup> {
    receipts.sort_unstable_by_key(|receipt| receipt.member);
    let mut groups: Vec<ReceiptGroup> = Vec::new();
    for MemberReceipt { member, provider, at, receipt, detail, .. } in receipts {
        let receipt = match receipt {
            Receipt::Delivered => GroupReceipt::Delivered,
            Receipt::Bounced(cause) => GroupReceipt::Bounced { cause },
            Receipt::Complained => GroupReceipt::Complained,
        };
        let is_same = |group: &ReceiptGroup| group.provider == provider && group.receipt == receipt;
        let place = groups.iter().position(is_same).unwrap_or_else(|| {
            let (members, at, details) = (Members::NONE, Vec::new(), Vec::new());
            groups.push(ReceiptGroup {
                members,
                provider: provider.clone(),
                at,
                receipt: receipt.clone(),
                details,
            });
            groups.len() - 1
        });
        let group = &mut groups[place];
        group.members.insert(member);
        group.at.push(at);
        group.details.extend(detail.map(|text| Detail { member, text }));
    }
    groups
}
