//! The extractor of a read: the caller, the query and the required freshness.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::Position;
use projections::Projection;

use super::params::{FromQuery, Params};
use crate::access::Caller;
use crate::admission::RequestPermit;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// A read by a logged-in caller.
#[derive(Debug)]
pub struct Read<Q> {
    /// The caller.
    pub caller: Caller,
    /// The query parameters.
    pub query: Q,
    min_position: Option<Position>,
}

impl<Q: FromQuery> FromRequestParts<AppState> for Read<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Answer<Self> {
        let caller = Caller::of(parts, state).await?;
        RequestPermit::of(&parts.extensions).enter(caller.id())?;
        let (query, min_position) = Params::read(parts.uri.query().unwrap_or_default())?;
        Ok(Self { caller, query, min_position })
    }
}

impl<Q> Read<Q> {
    /// Waits until these projections show the caller's last write and `min_position`.
    ///
    /// # Errors
    /// 503 with `Retry-After` when they do not within the bound.
    pub async fn wait_for(&self, state: &AppState, projections: &[Projection]) -> Answer<()> {
        state.freshness().wait(self.caller.id(), self.min_position, projections).await
    }

    /// Waits until every projection shows `min_position`, if it is given. For reads that use no projection and must be
    /// answered even if a projection stands still.
    ///
    /// # Errors
    /// 503 with `Retry-After` when they do not within the bound.
    pub async fn wait_if_asked(&self, state: &AppState) -> Answer<()> {
        state.freshness().wait_if_asked(self.min_position, &Projection::ALL).await
    }
}
