//! Idempotent replays: a repeated request gets the first answer, even if it would be refused by now.

use std::convert::Infallible;

use axum::http::StatusCode;
use commands::{CommandContext, Done};
use serde_json::Value;

use super::Wrote;
use crate::access::Caller;
use crate::problem::Answer;
use crate::state::AppState;

impl AppState {
    /// The answer to a write, or the first answer of its key if the write is refused or finds no slot now: named people
    /// may have left since.
    pub(crate) async fn answered(
        &self,
        status: StatusCode,
        caller: &Caller,
        context: &CommandContext,
        outcome: Answer<(Done, Value)>,
    ) -> Answer<Wrote> {
        match outcome {
            Ok((done, answer)) => Ok(self.wrote(status, caller, done, answer)),
            Err(problem) => match self.log().answered_before::<Infallible>(context).await {
                Ok(Some(done)) => Ok(self.wrote(status, caller, done, Value::Null)),
                Err(error) if problem.status().is_client_error() => Err(error.into()),
                Ok(None) | Err(_) => Err(problem),
            },
        }
    }
}
