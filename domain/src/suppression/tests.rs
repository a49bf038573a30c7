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
fn an_address_is_suppressed_once_whatever_the_cause() {
    let added = events(&[], add(SuppressionCause::Bounce));
    assert_eq!(added.len(), 1);
    assert!(given::<Suppression>(added.clone()).is_in_force());
    for cause in SuppressionCause::ALL {
        assert_eq!(events(&added, add(*cause)), []);
    }
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
