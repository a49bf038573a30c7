//! `GET /audit/consistency`: the proof that the log was only added to.

use axum::Json;
use axum::extract::State;
use projections::proof::{Consistency, consistency};

use super::{count, sealed, within};
use crate::extract::{FromQuery, Params, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The sizes of two trees.
pub(super) struct ReadConsistency {
    from: Option<u64>,
    to: Option<u64>,
}

impl FromQuery for ReadConsistency {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { from: count(params, "from"), to: count(params, "to") })
    }
}

/// The proof of RFC 9162 that the tree of `to` events begins with all events of the tree of `from`: that between two
/// checkpoints nothing was changed or taken away. 404 before the first checkpoint.
#[utoipa::path(
    get, path = "/audit/consistency", tag = "audit",
    params(("from" = i64, Query, minimum = 1), ("to" = i64, Query, minimum = 1)),
    responses((status = 200, body = Consistency))
)]
pub(super) async fn read(
    State(state): State<AppState>,
    read: Read<ReadConsistency>,
) -> Answer<Json<Consistency>> {
    let newest = sealed(&state, &read).await?;
    let ReadConsistency { from, to } = read.query;
    let to = within("to", to, newest)?;
    let from = within("from", from, to)?;
    Ok(Json(consistency(state.pool(), from, to).await?.ok_or_else(Problem::not_found)?))
}
