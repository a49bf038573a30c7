//! The recipients of a message, from people, roles and a company.

use std::collections::BTreeSet;

use domain::message::Addressed;
use domain::value::UserId;

use crate::access::Member;

/// The recipients of a message, each once: the named people, and the holders of the roles (within the company, if one
/// is given), or without roles everybody of the company. The author only if named. Roles and companies are taken
/// literally: an administrator without companies belongs to no company.
pub(super) fn recipients<'a>(
    workers: impl Iterator<Item = &'a Member>,
    author: UserId,
    addressed: &Addressed,
) -> Vec<UserId> {
    let named: BTreeSet<UserId> = addressed.users.iter().copied().collect();
    let is_meant = |worker: &&Member| {
        named.contains(&worker.id) || worker.id != author && is_in_group(worker, addressed)
    };
    let recipients_of: BTreeSet<UserId> = workers.filter(is_meant).map(|worker| worker.id).collect();
    recipients_of.into_iter().collect()
}

fn is_in_group(worker: &Member, addressed: &Addressed) -> bool {
    let is_of_company = addressed.company.is_none_or(|company| worker.companies.contains(&company));
    let has_role = addressed.roles.iter().any(|role| worker.roles.contains(role));
    match (addressed.roles.is_empty(), addressed.company) {
        (true, None) => false,
        (true, Some(_)) => is_of_company,
        (false, _) => has_role && is_of_company,
    }
}

#[cfg(test)]
mod tests {
    use domain::value::{CompanyId, Role};
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        Uuid::from_u128(number).into()
    }

    fn company(number: u128) -> CompanyId {
        Uuid::from_u128(number).into()
    }

    fn worker(number: u128, role: Role, companies: &[u128]) -> Member {
        Member {
            id: user(number),
            name: None,
            email: None,
            phone: None,
            roles: BTreeSet::from([role]),
            companies: companies.iter().copied().map(company).collect(),
            active: true,
        }
    }

    /// The recipients among these users: 1 to 3 are operators of company 10, 10 and 20, 20; 4 is a notifier of 10; 5 an
    /// administrator of none.
    fn recipients_of(users: &[u128], roles: &[Role], of: Option<u128>) -> Vec<UserId> {
        let workers = [
            worker(1, Role::Operator, &[10]),
            worker(2, Role::Operator, &[10, 20]),
            worker(3, Role::Operator, &[20]),
            worker(4, Role::Notifier, &[10]),
            worker(5, Role::Admin, &[]),
        ];
        let addressed = Addressed {
            users: users.iter().copied().map(user).collect(),
            roles: roles.to_vec(),
            company: of.map(company),
        };
        recipients(workers.iter(), user(1), &addressed)
    }

    fn users(numbers: &[u128]) -> Vec<UserId> {
        numbers.iter().copied().map(user).collect()
    }

    #[test]
    fn each_recipient_gets_a_message_once() {
        assert_eq!(recipients_of(&[2, 2, 4], &[Role::Operator], Some(10)), users(&[2, 4]));
    }

    #[test]
    fn roles_are_those_of_the_company_if_one_is_given() {
        assert_eq!(recipients_of(&[], &[Role::Operator], None), users(&[2, 3]));
        assert_eq!(recipients_of(&[], &[Role::Operator, Role::Notifier], Some(10)), users(&[2, 4]));
        assert_eq!(recipients_of(&[], &[Role::Admin], Some(10)), users(&[]));
    }

    #[test]
    fn without_roles_a_company_is_all_of_its_people() {
        assert_eq!(recipients_of(&[], &[], Some(10)), users(&[2, 4]));
        assert_eq!(recipients_of(&[], &[], Some(20)), users(&[2, 3]));
    }

    #[test]
    fn the_author_gets_the_message_only_when_named() {
        assert_eq!(recipients_of(&[1], &[], None), users(&[1]));
        assert_eq!(recipients_of(&[1], &[Role::Operator], Some(10)), users(&[1, 2]));
    }

    #[test]
    fn no_selection_gives_no_recipients() {
        assert_eq!(recipients_of(&[], &[], None), users(&[]));
    }
}
