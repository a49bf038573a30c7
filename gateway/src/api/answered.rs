//! Asked again under the same key: the first answer, even if the request would be refused by now.

use std::convert::Infallible;

use axum::http::StatusCode;
use commands::{CommandContext, Done};
use serde_json::Value;

use super::Wrote;
use crate::access::Caller;
use crate::problem::Answer;
use crate::state::AppState;

impl AppState {
    /// The answer to a write, or to its first asking if it is refused or finds no turn now: people who were named may have
    /// left since.
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
