//! Who asks, and what they may do.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use domain::value::{CompanyId, Role, UserId};
use projections::queries::Scope;

use super::cookie::token_in;
use super::directory::Member;
use super::session::Presented;
use super::token::TokenHash;
use crate::problem::{Answer, Problem};
use crate::settings::Settings;

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Caller {
    member: Arc<Member>,
    shown: Presented,
}

impl Caller {
    /// Somebody who came in so.
    pub(crate) const fn new(member: Arc<Member>, shown: Presented) -> Self {
        Self { member, shown }
    }

    /// The user.
    pub fn id(&self) -> UserId {
        self.member.id
    }

    /// What is known of the user.
    pub fn member(&self) -> &Member {
        &self.member
    }

    /// How the user came in.
    pub const fn shown(&self) -> Presented {
        self.shown
    }

    /// Whether the user has a role, by itself or as an administrator.
    pub fn has(&self, role: Role) -> bool {
        self.member.roles.iter().any(|own| own.includes(role))
    }

    /// Whether the user has every role for every company.
    pub fn is_admin(&self) -> bool {
        self.has(Role::Admin)
    }

    /// Whether the user may write messages to other workers.
    pub fn may_write_messages(&self) -> bool {
        self.has(Role::Operator)
    }

    /// Whether the user may act for a company, in whatever role: so may know of it.
    pub fn knows(&self, company: CompanyId) -> bool {
        self.is_admin() || self.member.companies.contains(&company)
    }

    /// Whether the user may notify the clients of a company, and look after them.
    pub fn may_notify(&self, company: CompanyId) -> bool {
        self.has(Role::Notifier) && self.knows(company)
    }

    /// Whether the user may read everything of a company.
    pub fn may_audit(&self, company: CompanyId) -> bool {
        self.has(Role::Auditor) && self.knows(company)
    }

    /// Whether the user may read the clients and notifications of a company.
    pub fn may_read_clients(&self, company: CompanyId) -> bool {
        self.may_notify(company) || self.may_audit(company)
    }

    /// 403 unless `allowed`.
    ///
    /// # Errors
    /// 403.
    pub fn needs(&self, allowed: bool) -> Answer<()> {
        if allowed { Ok(()) } else { Err(Problem::forbidden()) }
    }

    /// 404 unless the user may know of the company, else 403 unless `allowed`.
    ///
    /// # Errors
    /// 404 or 403.
    pub fn needs_for(&self, company: CompanyId, allowed: bool) -> Answer<()> {
        if self.knows(company) { self.needs(allowed) } else { Err(Problem::not_found()) }
    }

    /// The companies whose rows a query may show this user.
    pub fn scope(&self) -> Scope<'_> {
        if self.is_admin() { Scope::All } else { Scope::Companies(&self.member.companies) }
    }
}

/// What a request shows. A header of another scheme is worth nothing; it does not fall back to the cookie.
pub(crate) fn presented(headers: &HeaderMap, settings: &Settings) -> Option<Presented> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let token = token_in(headers, settings.secure_cookies)?;
        return Some(Presented::Session(TokenHash::of(token)));
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Presented::ApiToken(TokenHash::of(token.trim())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::*;

    fn company(id: u128) -> CompanyId {
        Uuid::from_u128(id).into()
    }

    fn caller(role: Role) -> Caller {
        let member = Member {
            id: UserId::from(Uuid::from_u128(9)),
            name: Some("Ana".into()),
            email: None,
            roles: BTreeSet::from([role]),
            companies: vec![company(1)],
            active: true,
        };
        Caller { member: Arc::new(member), shown: Presented::ApiToken(TokenHash::of("x")) }
    }

    #[test]
    fn a_role_is_worth_something_only_for_the_companies_of_its_user() {
        let notifier = caller(Role::Notifier);
        assert!(
            notifier.may_notify(company(1))
                && !notifier.may_notify(company(2))
                && !notifier.may_audit(company(1))
        );
        let auditor = caller(Role::Auditor);
        assert!(
            auditor.may_audit(company(1))
                && !auditor.may_audit(company(2))
                && !auditor.may_notify(company(1))
        );
        let operator = caller(Role::Operator);
        assert!(operator.may_write_messages() && !operator.may_read_clients(company(1)));
        let admin = caller(Role::Admin);
        assert!(admin.may_notify(company(2)) && admin.may_audit(company(2)) && admin.may_write_messages());
        assert_eq!((admin.scope(), operator.scope()), (Scope::All, Scope::Companies(&[company(1)])));
    }

    #[test]
    fn what_one_may_not_know_of_is_not_there() {
        let operator = caller(Role::Operator);
        assert_eq!(operator.needs_for(company(2), false), Err(Problem::not_found()));
        assert_eq!(operator.needs_for(company(1), false), Err(Problem::forbidden()));
        assert_eq!(operator.needs_for(company(1), true), Ok(()));
    }

    #[test]
    fn a_bearer_token_goes_before_the_cookie_and_another_scheme_is_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "__Host-mensajeria=c".parse().unwrap());
        assert_eq!(presented(&headers, &Settings::default()), Some(Presented::Session(TokenHash::of("c"))));
        headers.insert(header::AUTHORIZATION, "bearer t".parse().unwrap());
        assert_eq!(presented(&headers, &Settings::default()), Some(Presented::ApiToken(TokenHash::of("t"))));
        headers.insert(header::AUTHORIZATION, "Basic dDp0".parse().unwrap());
        assert_eq!(presented(&headers, &Settings::default()), None);
    }
}
