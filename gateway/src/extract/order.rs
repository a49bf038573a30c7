//! The extractor of a write: the caller, the body and the command's context.

use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use commands::{CommandContext, Idempotency};
use projections::Projection;

use super::body::BodyBounds;
use super::fields::{Fields, FromFields};
use super::idempotency::{Key, fingerprint_of, read_key};
use super::json::read_json;
use super::params::{NoQuery, Params};
use crate::access::Caller;
use crate::admission::RequestPermit;
use crate::problem::{Answer, Problem};
use crate::request::{ClientIp, Trace};
use crate::state::AppState;

/// The body of a write.
pub trait Body: FromFields {
    /// Whether the endpoint takes an `Idempotency-Key`.
    const KEY: Key = Key::Accepted;

    /// Whether the caller may use the endpoint at all, whatever the body says. If not, 403 before the body is read.
    fn permits(_: &Caller) -> bool {
        true
    }
}

/// An empty body, or `{}`.
#[derive(Debug)]
pub struct Empty;

impl FromFields for Empty {
    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

impl Body for Empty {}

/// A write by a logged-in caller.
#[derive(Debug)]
pub struct Order<T> {
    /// The caller.
    pub caller: Caller,
    /// The body.
    pub body: T,
    /// The metadata of the resulting events, with the caller's idempotency key.
    pub context: CommandContext,
}

impl<T: Body> FromRequest<AppState> for Order<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Answer<Self> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::of(&mut parts, state).await?;
        if !T::permits(&caller) {
            return Err(Problem::forbidden());
        }
        let (NoQuery, min_position) = Params::read(parts.uri.query().unwrap_or_default())?;
        state.freshness().wait_if_asked(min_position, &Projection::ALL).await?;
        let key = read_key(&parts.headers, T::KEY)?;
        let bytes = BodyBounds::CALLER.read(&parts.headers, body).await?;
        RequestPermit::of(&parts.extensions).enter(caller.id())?;
        let (body, canonical) = read_json(&parts.headers, &bytes)?;
        let asked = (&parts.method, &parts.uri);
        let same = fingerprint_of(state.log().keys(), caller.id(), key, asked, canonical.as_bytes());
        let context = context_of(&parts, &caller, same);
        Ok(Self { caller, body, context })
    }
}

/// The caller, address and trace of a request as command context.
pub(crate) fn context_of(parts: &Parts, caller: &Caller, idempotency: Idempotency) -> CommandContext {
    let mut context = CommandContext::of_user(caller.id());
    if let Some(trace) = parts.extensions.get::<Trace>() {
        context.correlation = trace.correlation();
        context.traceparent = trace.traceparent().map(str::to_owned);
    }
    context.ip = parts.extensions.get::<ClientIp>().and_then(|ip| ip.0).map(|ip| ip.to_string());
    context.idempotency = Some(idempotency);
    context
}
