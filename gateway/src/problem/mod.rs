//! Problem documents (RFC 9457) for refusals and failures, in the caller's language.

mod catalogue;
mod convert;
mod fault;
mod json_type;
mod kind;
mod language;
mod reason;
mod render;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::value::Language;

pub(crate) use self::convert::reason_of;
pub use self::fault::{Fault, Faults, POINTER_BYTES_MAX, Place, pointer_to};
pub use self::json_type::JsonType;
pub use self::kind::Kind;
pub use self::language::{accepted, text};
pub use self::reason::Reason;
pub(crate) use self::render::{catch, no_such_method, no_such_route, render};

/// A refusal or failure on its way to the caller. Handlers return it as their error. The middleware `render` writes it,
/// since only the middleware knows the caller's language and the trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The kind, which decides the status.
    pub kind: Kind,
    /// A reason that replaces the kind's explanation.
    pub reason: Option<Reason>,
    /// The invalid fields.
    pub faults: Vec<Fault>,
    /// The `Retry-After`, in seconds.
    pub retry_after_s: Option<u32>,
}

/// The result of every handler.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem that its kind explains.
    pub const fn new(kind: Kind) -> Self {
        Self { kind, reason: None, faults: Vec::new(), retry_after_s: None }
    }

    /// 404: the resource does not exist, or the caller may not learn that it does.
    pub const fn not_found() -> Self {
        Self::new(Kind::NotFound)
    }

    /// 403: the caller knows the resource but may not do this.
    pub const fn forbidden() -> Self {
        Self::new(Kind::Forbidden)
    }

    /// 409: the current state forbids the request.
    pub fn conflict(reason: Reason) -> Self {
        Self { reason: Some(reason), ..Self::new(Kind::Conflict) }
    }

    /// 422 for one field of the body, by JSON pointer such as `/recipients/0`.
    pub fn of_field(pointer: impl Into<String>, reason: Reason) -> Self {
        Self::of_faults(Kind::Invalid, vec![Fault::in_body(pointer, reason)])
    }

    /// 422 or 400 for several fields.
    pub const fn of_faults(kind: Kind, faults: Vec<Fault>) -> Self {
        Self { kind, reason: None, faults, retry_after_s: None }
    }

    /// 503: a dependency is unavailable for the moment.
    pub fn unavailable(retry_after_s: u32) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::new(Kind::Unavailable) }
    }

    /// 500, with the cause in the log and not in the answer.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(Kind::Internal)
    }

    /// The same problem with a reason.
    #[must_use]
    pub fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The problem in one sentence, for the command line.
    pub fn sentence(&self, language: Language) -> String {
        let nearest = self.reason.as_ref().or_else(|| self.faults.first().map(|fault| &fault.reason));
        nearest.map_or_else(
            || language::explanation(self.kind, language).to_owned(),
            |reason| text(reason, language),
        )
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.kind.status()
    }
}

/// An empty response that carries the problem to the middleware.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
