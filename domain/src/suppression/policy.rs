//! What suppresses an address: which outcomes, which reports, and which words of the person.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::SuppressionCause;
use crate::deliveries::{
    Cause, DeliveriesEvent, FailureClass, GroupOutcome, GroupReceipt, Observation, SuppressionReason,
};
use crate::value::{Member, Members};

/// The words by which a person asks for no more messages, in lower case and without accents.
const OPT_OUT_WORDS: [&str; 5] = ["baja", "stop", "salir", "cancelar", "no"];

/// The members of an event whose address is to be suppressed. A refusal by policy says nothing of the recipient. A refusal at
/// the send only fails that delivery: the provider has not tried the address.
pub fn suppressed_by(event: &DeliveriesEvent) -> Vec<(Member, SuppressionCause)> {
    let each = |members: &Members, cause| members.iter().map(|member| (member, cause)).collect::<Vec<_>>();
    match event {
        DeliveriesEvent::OutcomesRecorded { outcomes, .. } => outcomes
            .iter()
            .filter(|group| is_opt_out(&group.outcome))
            .flat_map(|group| each(&group.members, SuppressionCause::OptOut))
            .collect(),
        DeliveriesEvent::ReceiptsRecorded { receipts, .. } => receipts
            .iter()
            .filter_map(|group| Some(each(&group.members, cause_of(&group.receipt)?)))
            .flatten()
            .collect(),
        DeliveriesEvent::DoubtsResolved { .. }
        | DeliveriesEvent::DeliveriesReopened { .. }
        | DeliveriesEvent::DeliveriesDiscarded { .. } => Vec::new(),
    }
}

const fn is_opt_out(outcome: &GroupOutcome) -> bool {
    matches!(outcome, GroupOutcome::Suppressed { reason: SuppressionReason::OptedOut, .. })
}

const fn cause_of(receipt: &GroupReceipt) -> Option<SuppressionCause> {
    match receipt {
        GroupReceipt::Bounced { cause: Cause { class: FailureClass::PermanentAddress, evidence } } => {
            Some(match evidence.observed {
                Some(Observation::OptedOut) => SuppressionCause::OptOut,
                _ => SuppressionCause::Bounce,
            })
        }
        GroupReceipt::Complained => Some(SuppressionCause::Complaint),
        GroupReceipt::Delivered | GroupReceipt::Bounced { .. } => None,
    }
}

/// Whether a person's whole answer asks for no more messages, whatever its case, accents, spaces and punctuation around it.
pub fn asks_to_opt_out(text: &str) -> bool {
    let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let word = plain.trim_matches(|c: char| !c.is_alphanumeric());
    OPT_OUT_WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::id;
    use crate::deliveries::{Evidence, OutcomeGroup, Phase, ReceiptGroup};

    fn members(text: &str) -> Members {
        text.parse().expect("members")
    }

    fn bounced(class: FailureClass) -> GroupReceipt {
        GroupReceipt::Bounced { cause: Cause { class, evidence: Evidence::answered(Phase::Report, "1") } }
    }

    /// As a provider reports it that sends to nobody who has answered STOP.
    fn opted_out() -> GroupReceipt {
        let evidence =
            Evidence { observed: Some(Observation::OptedOut), ..Evidence::answered(Phase::Report, "21610") };
        GroupReceipt::Bounced { cause: Cause { class: FailureClass::PermanentAddress, evidence } }
    }

    fn report(whose: &str, receipt: GroupReceipt) -> ReceiptGroup {
        ReceiptGroup { members: members(whose), provider: "uno".into(), at: vec![], receipt, details: vec![] }
    }

    fn numbers(event: &DeliveriesEvent) -> Vec<(u16, SuppressionCause)> {
        suppressed_by(event).into_iter().map(|(member, cause)| (member.number(), cause)).collect()
    }

    #[test]
    fn a_permanent_bounce_and_a_complaint_suppress_and_nothing_else_that_is_reported() {
        let classes = FailureClass::ALL.iter().filter(|class| **class != FailureClass::PermanentAddress);
        let mut receipts: Vec<_> = classes.map(|class| report("9", bounced(*class))).collect();
        receipts.push(report("1-2", bounced(FailureClass::PermanentAddress)));
        receipts.push(report("3", GroupReceipt::Complained));
        receipts.push(report("4", GroupReceipt::Delivered));
        receipts.push(report("5", opted_out()));
        let event = DeliveriesEvent::ReceiptsRecorded { notification: id(1), company: id(2), receipts };
        let bounce = SuppressionCause::Bounce;
        let (complaint, opt_out) = (SuppressionCause::Complaint, SuppressionCause::OptOut);
        assert_eq!(numbers(&event), [(1, bounce), (2, bounce), (3, complaint), (5, opt_out)]);
    }

    #[test]
    fn an_opt_out_that_the_provider_knows_of_suppresses_and_an_erasure_does_not() {
        let group = |whose: &str, reason| OutcomeGroup {
            generation: 1,
            attempt: 1,
            members: members(whose),
            outcome: GroupOutcome::Suppressed { provider: None, reason },
            details: vec![],
            passed_on: vec![],
        };
        let outcomes = vec![
            group("1", SuppressionReason::OptedOut),
            group("2", SuppressionReason::Erased),
            group("3", SuppressionReason::Suppressed),
        ];
        let event = DeliveriesEvent::OutcomesRecorded { notification: id(1), company: id(2), outcomes };
        assert_eq!(numbers(&event), [(1, SuppressionCause::OptOut)]);
    }

    #[test]
    fn an_opt_out_is_one_word_whatever_its_form() {
        for text in ["BAJA", "baja.", " Stop ", "SALIR!", "Cancelar", "no", "NÓ.", "¡Baja!", "stop\n"] {
            assert!(asks_to_opt_out(text), "{text}");
        }
        for text in ["", ".", "no gracias", "nos", "sí", "baja ya", "stop it", "noviembre"] {
            assert!(!asks_to_opt_out(text), "{text}");
        }
    }
}
