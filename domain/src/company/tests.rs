//! The rules of companies.

use super::*;
use crate::aggregate::given;

fn details(name: &str) -> CompanyDetails {
    CompanyDetails {
        name: name.parse().unwrap(),
        country: "CO".parse().unwrap(),
        time_zone: "America/Bogota".parse().unwrap(),
    }
}

fn renamed(name: &str) -> CompanyCommand {
    CompanyCommand::Change(CompanyChange { name: Some(name.parse().unwrap()), ..CompanyChange::default() })
}

fn registered() -> CompanyEvent {
    CompanyEvent::CompanyRegistered(details("Vigía Andina").into())
}

#[test]
fn a_company_is_registered_once() {
    let register = CompanyCommand::Register(details("Vigía Andina"));
    assert_eq!(given::<Company>([]).decide(register.clone()), Ok(vec![registered()]));
    assert_eq!(given::<Company>([registered()]).decide(register), Err(CompanyError::AlreadyRegistered));
}

#[test]
fn a_change_is_recorded_and_the_same_again_is_not() {
    let company = given::<Company>([registered()]);
    let changed = CompanyEvent::CompanyChanged(details("Vigía").into());
    assert_eq!(company.decide(renamed("Vigía")), Ok(vec![changed.clone()]));
    assert_eq!(company.decide(renamed("Vigía Andina")), Ok(vec![]));
    assert_eq!(
        given::<Company>([registered(), changed]).profile().map(|profile| profile.name.as_str()),
        Some("Vigía")
    );
}

#[test]
fn a_company_that_was_never_registered_is_unknown() {
    assert_eq!(given::<Company>([]).decide(renamed("Vigía")), Err(CompanyError::Unknown));
}

#[test]
fn a_change_keeps_concurrent_changes_of_other_fields() {
    let moved =
        CompanyChange { time_zone: Some("America/Lima".parse().unwrap()), ..CompanyChange::default() };
    let renamed_meanwhile = CompanyEvent::CompanyChanged(details("Vigía del Sur").into());
    let events = given::<Company>([registered(), renamed_meanwhile]).decide(CompanyCommand::Change(moved));
    let Ok([CompanyEvent::CompanyChanged(profile)]) = events.as_deref() else { panic!("{events:?}") };
    assert_eq!((profile.name.as_str(), profile.time_zone.as_str()), ("Vigía del Sur", "America/Lima"));
}

#[test]
fn a_limit_is_set_and_taken_away_and_stays_when_it_is_not_named() {
    let change = |limits: &[(Limit, Option<u64>)]| {
        let limits = limits.iter().copied().collect();
        CompanyCommand::Change(CompanyChange { limits, ..CompanyChange::default() })
    };
    let company = given::<Company>([registered()]);
    let changed = company.decide(change(&[(Limit::ApprovalAbove, Some(500))])).unwrap();
    let company = given::<Company>([vec![registered()], changed].concat());
    let limits = &company.profile().unwrap().limits;
    assert_eq!(limits.get(Limit::ApprovalAbove), Some(500));
    assert_eq!(limits.get(Limit::ForeignPerDay), Some(FOREIGN_PER_DAY), "a company begins with it");
    assert_eq!(company.decide(change(&[])), Ok(vec![]));
    let unlimited = CompanyEvent::CompanyChanged(details("Vigía Andina").into());
    assert_eq!(company.decide(change(&[(Limit::ApprovalAbove, None)])), Ok(vec![unlimited]));
}
