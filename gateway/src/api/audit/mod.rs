//! `/audit`: the audit trail, and the proof of the log.

mod checkpoint;
mod consistency;
mod list;
mod proof;

use domain::Position;
use domain::value::{Invalid, Role};
use projections::proof::{ProofError, newest_size};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Params, Read};
use crate::problem::{Answer, Fault, Kind, Problem, Reason};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(checkpoint::read))
        .routes(routes!(proof::read))
        .routes(routes!(consistency::read))
}

/// How many events are sealed, for a caller who may know it: 403 for others, 404 before the first checkpoint.
async fn sealed<Q>(state: &AppState, read: &Read<Q>) -> Answer<u64> {
    read.caller.needs(read.caller.has(Role::Auditor))?;
    read.wait_if_asked(state).await?;
    newest_size(state.pool()).await?.ok_or_else(Problem::not_found)
}

/// A number of events that was asked for, from 1 to `max`. It is required: checked here, after the caller's right, so
/// that a caller without it is told nothing else.
fn within(name: &str, value: Option<u64>, max: u64) -> Answer<u64> {
    let range = Reason::OutOfRange { min: 1, max: i64::try_from(max).unwrap_or(i64::MAX) };
    let reason = match value {
        Some(value) if (1..=max).contains(&value) => return Ok(value),
        Some(_) => range,
        None => Invalid::Missing.into(),
    };
    Err(Problem::of_faults(Kind::Malformed, vec![Fault::in_query(name, reason)]))
}

/// A number of events, or the position of one.
fn count(params: &mut Params, name: &str) -> Option<u64> {
    params.integer(name, 1, Position::MAX).map(i64::unsigned_abs)
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Database(error) => error.into(),
            damaged @ ProofError::Damaged(_) => Self::internal(&damaged),
        }
    }
}
