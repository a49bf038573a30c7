//! The rules of users.

use uuid::Uuid;

use super::*;
use crate::aggregate::{given, id};

fn register(roles: impl IntoIterator<Item = Role>) -> UserCommand {
    UserCommand::Register(RegisterUser {
        user: id(10),
        name: "José Núñez".parse().unwrap(),
        email: "jose@example.com".parse().unwrap(),
        phone: None,
        roles: roles.into_iter().collect(),
        companies: BTreeSet::from([id(20)]),
    })
}

fn profile(name: &str, email: &str) -> Personal<UserProfile> {
    Personal::new(id(10), UserProfile { name: name.into(), email: email.into(), phone: None })
}

fn registered() -> UserEvent {
    UserEvent::UserRegistered {
        profile: profile("José Núñez", "jose@example.com"),
        roles: BTreeSet::from([Role::Operator]),
        companies: BTreeSet::from([id(20)]),
    }
}

fn change(
    history: impl IntoIterator<Item = UserEvent>,
    change: UserChange,
) -> Result<Vec<UserEvent>, UserError> {
    given::<User>(history).decide(UserCommand::Change(change))
}

#[test]
fn a_user_is_registered_once_with_what_is_personal_under_its_key() {
    assert_eq!(given::<User>([]).decide(register([Role::Operator])), Ok(vec![registered()]));
    assert_eq!(
        given::<User>([registered()]).decide(register([Role::Operator])),
        Err(UserError::AlreadyRegistered)
    );
}

#[test]
fn a_user_needs_a_role() {
    assert_eq!(given::<User>([]).decide(register([])), Err(UserError::NoRole));
    let none = UserChange { roles: Some(BTreeSet::new()), ..UserChange::default() };
    assert_eq!(change([registered()], none), Err(UserError::NoRole));
}

#[test]
fn a_name_or_an_address_changes_alone() {
    let name = UserChange { name: Some("José".parse().unwrap()), ..UserChange::default() };
    let expected = UserEvent::UserProfileChanged { profile: profile("José", "jose@example.com") };
    assert_eq!(change([registered()], name), Ok(vec![expected]));
    let email = UserChange { email: Some("j@example.com".parse().unwrap()), ..UserChange::default() };
    let expected = UserEvent::UserProfileChanged { profile: profile("José Núñez", "j@example.com") };
    assert_eq!(change([registered()], email), Ok(vec![expected]));
}

#[test]
fn access_changes_as_a_whole() {
    let companies = UserChange { companies: Some(BTreeSet::from([id(21)])), ..UserChange::default() };
    let expected = UserEvent::UserAccessChanged {
        roles: BTreeSet::from([Role::Operator]),
        companies: BTreeSet::from([id(21)]),
    };
    assert_eq!(change([registered()], companies), Ok(vec![expected]));
}

#[test]
fn a_new_password_is_recorded_without_its_hash() {
    let password = UserChange { password: true, ..UserChange::default() };
    assert_eq!(change([registered()], password), Ok(vec![UserEvent::UserPasswordChanged]));
}

#[test]
fn disabling_and_enabling_twice_is_not_an_error() {
    let active = |active| UserChange { active: Some(active), ..UserChange::default() };
    assert_eq!(change([registered()], active(false)), Ok(vec![UserEvent::UserDisabled]));
    assert_eq!(change([registered(), UserEvent::UserDisabled], active(false)), Ok(vec![]));
    assert_eq!(
        change([registered(), UserEvent::UserDisabled], active(true)),
        Ok(vec![UserEvent::UserEnabled])
    );
    assert_eq!(change([registered()], active(true)), Ok(vec![]));
}

#[test]
fn the_same_again_changes_nothing() {
    let same = UserChange {
        name: Some("José Núñez".parse().unwrap()),
        email: Some("jose@example.com".parse().unwrap()),
        phone: Some(None),
        roles: Some(BTreeSet::from([Role::Operator])),
        companies: Some(BTreeSet::from([id(20)])),
        active: Some(true),
        password: false,
    };
    assert_eq!(change([registered()], same), Ok(vec![]));
}

#[test]
fn a_disabled_user_gets_no_token() {
    let token = Uuid::from_u128(7);
    let issue = UserCommand::IssueToken { token };
    assert_eq!(
        given::<User>([registered()]).decide(issue.clone()),
        Ok(vec![UserEvent::UserTokenIssued { token }])
    );
    assert_eq!(
        given::<User>([registered(), UserEvent::UserDisabled]).decide(issue),
        Err(UserError::Disabled)
    );
}

#[test]
fn a_user_who_was_never_registered_is_unknown() {
    assert_eq!(change([], UserChange::default()), Err(UserError::Unknown));
    let issue = UserCommand::IssueToken { token: Uuid::from_u128(7) };
    assert_eq!(given::<User>([]).decide(issue), Err(UserError::Unknown));
}
