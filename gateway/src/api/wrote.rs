//! The answer to a write: its position in the body and in a header, the same for every repetition.

use axum::Json;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use commands::Done;
use domain::Position;
use serde_json::{Value, json};

use crate::access::Caller;
use crate::state::AppState;

/// The header with the position.
pub(crate) const POSITION: HeaderName = HeaderName::from_static("mensajeria-position");

/// The answer to a write, run now or before.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrote {
    status: StatusCode,
    body: Value,
    position: Position,
}

impl AppState {
    /// 201 for a created resource. `answer` is the command's stored answer, such as `{"id": …}`.
    pub fn created(&self, caller: &Caller, done: Done, answer: Value) -> Wrote {
        self.wrote(StatusCode::CREATED, caller, done, answer)
    }

    /// 200 for a changed resource, or for one that already was as asked.
    pub fn changed(&self, caller: &Caller, done: Done) -> Wrote {
        self.wrote(StatusCode::OK, caller, done, json!({}))
    }

    /// An answer with any status. The caller's next read waits for its position.
    pub fn wrote(&self, status: StatusCode, caller: &Caller, done: Done, answer: Value) -> Wrote {
        let position = done.position();
        self.freshness().note(caller.id(), position);
        let mut body = match done {
            Done::Now { .. } => answer,
            Done::Before { answer, .. } => answer,
        };
        if let Value::Object(members) = &mut body {
            members.insert("position".to_owned(), position.into());
        }
        Wrote { status, body, position }
    }
}

impl Wrote {
    /// Adds a member to the body that is not stored with the first answer.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        if let Value::Object(members) = &mut self.body {
            members.insert(name.to_owned(), value);
        }
        self
    }
}

impl IntoResponse for Wrote {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        response.headers_mut().insert(POSITION, self.position.into());
        response
    }
}
