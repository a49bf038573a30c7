//! Authenticates the caller of a request.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::access::{Caller, Credential, credential_of, refuse_other_sites};
use crate::admission::RequestPermit;
use crate::problem::{Answer, Kind, Problem};
use crate::state::AppState;

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Answer<Self> {
        let caller = Self::of(parts, state).await?;
        RequestPermit::of(&parts.extensions).enter(caller.id())?;
        Ok(caller)
    }
}

impl Caller {
    /// The caller of a request: by bearer token, else by cookie.
    ///
    /// # Errors
    /// 401 when nobody is logged in; 403 for a write by cookie from another site.
    pub async fn of(parts: &mut Parts, state: &AppState) -> Answer<Self> {
        let nobody = || Problem::new(Kind::Unauthenticated);
        let credential = credential_of(&parts.headers, state.settings()).ok_or_else(nobody)?;
        if matches!(credential, Credential::Session(_)) {
            refuse_other_sites(&parts.method, &parts.headers, state.settings())?;
        }
        let user = state.sessions().user_of(credential, state.now()).await?.ok_or_else(nobody)?;
        let member = state.directory().user(user).await?.ok_or_else(nobody)?;
        RequestPermit::of(&parts.extensions).assign_to(user);
        Ok(Self::new(member, credential))
    }
}
