//! The rules of suppressions.

use super::*;
use crate::aggregate::{given, id};
use crate::value::Channel;

fn add(cause: SuppressionCause) -> SuppressionCommand {
    SuppressionCommand::Add(AddSuppression {
        suppression: id(1),
        company: id(20),
        channel: Channel::Sms,
        address: "+573001234567".into(),
        cause,
        note: None,
    })
}

fn remove() -> SuppressionCommand {
    SuppressionCommand::Remove {
        suppression: id(1),
        reason: "Lo pidió por teléfono".parse().expect("a reason"),
    }
}

fn events(history: &[SuppressionEvent], command: SuppressionCommand) -> Vec<SuppressionEvent> {
    given::<Suppression>(history.to_vec()).decide(command).expect("a command that is followed")
}

#[test]
fn an_address_is_suppressed_once_and_only_a_stronger_cause_replaces_one() {
    use SuppressionCause::{Bounce, Complaint, Manual, OptOut};
    let stronger = [(Bounce, vec![Manual, OptOut, Complaint]), (Manual, vec![OptOut, Complaint])];
    let stronger = stronger.into_iter().chain([(OptOut, vec![]), (Complaint, vec![])]);
    for (first, replacing) in stronger {
        let added = events(&[], add(first));
        assert_eq!(added.len(), 1);
        assert!(given::<Suppression>(added.clone()).is_in_force());
        for cause in SuppressionCause::ALL {
            let again = events(&added, add(*cause));
            assert_eq!(again.len(), usize::from(replacing.contains(cause)), "{cause:?} after {first:?}");
        }
    }
}

#[test]
fn who_opts_out_after_a_bounce_has_opted_out() {
    let mut history = events(&[], add(SuppressionCause::Bounce));
    history.extend(events(&history, add(SuppressionCause::OptOut)));
    assert!(matches!(
        history.last(),
        Some(SuppressionEvent::SuppressionAdded { cause: SuppressionCause::OptOut, .. })
    ));
    history.extend(events(&history, remove()));
    assert!(!given::<Suppression>(history).is_in_force());
}

#[test]
fn a_lifted_suppression_can_be_added_again() {
    let mut history = events(&[], add(SuppressionCause::OptOut));
    history.extend(events(&history, remove()));
    assert!(!given::<Suppression>(history.clone()).is_in_force());
    assert_eq!(events(&history, remove()), [], "asking twice changes nothing");
    assert_eq!(events(&history, add(SuppressionCause::Manual)).len(), 1);
}

#[test]
fn what_was_never_suppressed_cannot_be_lifted() {
    assert_eq!(given::<Suppression>([]).decide(remove()), Err(SuppressionError::Unknown));
}
