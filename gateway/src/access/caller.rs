//! The authenticated caller of a request and its permissions.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use domain::value::{CompanyId, Role, UserId};
use projections::queries::Scope;

use super::cookie::token_in;
use super::directory::Member;
use super::session::Credential;
use super::token::TokenHash;
use crate::problem::{Answer, Problem};
use crate::settings::Settings;

/// A logged-in user.
#[derive(Debug, Clone)]
pub struct Caller {
    member: Arc<Member>,
    credential: Credential,
}

impl Caller {
    /// The caller with this user record and this credential.
    pub(crate) const fn new(member: Arc<Member>, credential: Credential) -> Self {
        Self { member, credential }
    }

    /// The user.
    pub fn id(&self) -> UserId {
        self.member.id
    }

    /// The user's record in the directory.
    pub fn member(&self) -> &Member {
        &self.member
    }

    /// The credential of this request.
    pub const fn credential(&self) -> Credential {
        self.credential
    }

    /// Whether the user holds the role, directly or as an administrator.
    pub fn has(&self, role: Role) -> bool {
        self.member.roles.iter().any(|own| own.includes(role))
    }

    /// Whether the user is an administrator: every role for every company.
    pub fn is_admin(&self) -> bool {
        self.has(Role::Admin)
    }

    /// Whether the user may write messages to other workers.
    pub fn may_write_messages(&self) -> bool {
        self.has(Role::Operator)
    }

    /// Whether the user has any role for the company, and so may learn that it exists.
    pub fn knows(&self, company: CompanyId) -> bool {
        self.is_admin() || self.member.companies.contains(&company)
    }

    /// Whether the user may notify the clients of a company and edit them.
    pub fn may_notify(&self, company: CompanyId) -> bool {
        self.has(Role::Notifier) && self.knows(company)
    }

    /// Whether the user may read everything of a company.
    pub fn may_audit(&self, company: CompanyId) -> bool {
        self.has(Role::Auditor) && self.knows(company)
    }

    /// Whether the user may audit what a worker did that concerns no company: auditors of a company that the worker acts for.
    pub fn may_audit_worker(&self, worker: &Member) -> bool {
        let knows_a_company = worker.companies.iter().any(|company| self.knows(*company));
        self.is_admin() || (self.has(Role::Auditor) && knows_a_company)
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

    /// 404 unless the user may learn that the company exists, else 403 unless `allowed`.
    ///
    /// # Errors
    /// 404 or 403.
    pub fn needs_for(&self, company: CompanyId, allowed: bool) -> Answer<()> {
        if self.knows(company) { self.needs(allowed) } else { Err(Problem::not_found()) }
    }

    /// The companies that a query for this user is restricted to.
    pub fn scope(&self) -> Scope<'_> {
        if self.is_admin() { Scope::All } else { Scope::Companies(&self.member.companies) }
    }
}

/// The credential of a request. An `Authorization` header of another scheme is invalid; there is no fallback to the
/// cookie.
pub(crate) fn credential_of(headers: &HeaderMap, settings: &Settings) -> Option<Credential> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let token = token_in(headers, settings.secure_cookies)?;
        return Some(Credential::Session(TokenHash::of(token)));
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Credential::ApiToken(TokenHash::of(token.trim())))
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
            phone: None,
            roles: BTreeSet::from([role]),
            companies: vec![company(1)],
            active: true,
        };
        Caller { member: Arc::new(member), credential: Credential::ApiToken(TokenHash::of("x")) }
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
    fn a_company_that_the_caller_may_not_know_of_is_404() {
        let operator = caller(Role::Operator);
        assert_eq!(operator.needs_for(company(2), false), Err(Problem::not_found()));
        assert_eq!(operator.needs_for(company(1), false), Err(Problem::forbidden()));
        assert_eq!(operator.needs_for(company(1), true), Ok(()));
    }

    #[test]
    fn a_bearer_token_wins_over_the_cookie_and_another_scheme_is_invalid() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "__Host-mensajeria=c".parse().unwrap());
        assert_eq!(
            credential_of(&headers, &Settings::default()),
            Some(Credential::Session(TokenHash::of("c")))
        );
        headers.insert(header::AUTHORIZATION, "bearer t".parse().unwrap());
        assert_eq!(
            credential_of(&headers, &Settings::default()),
            Some(Credential::ApiToken(TokenHash::of("t")))
        );
        headers.insert(header::AUTHORIZATION, "Basic dDp0".parse().unwrap());
        assert_eq!(credential_of(&headers, &Settings::default()), None);
    }
}
