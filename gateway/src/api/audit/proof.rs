//! `GET /audit/proof/{position}`: the proof that an event is in the log.

use axum::Json;
use axum::extract::State;
use projections::proof::{Inclusion, inclusion};

use super::{count, sealed, within};
use crate::extract::{FromQuery, Params, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The position of an event in a path. It is written in digits alone.
pub(super) struct EventPosition(u64);

impl TryFrom<&str> for EventPosition {
    type Error = ();

    fn try_from(word: &str) -> Result<Self, ()> {
        let position: u64 = word.parse().map_err(|_| ())?;
        // There is one way to write a number, so that one proof has one address.
        if position.to_string() == word { Ok(Self(position)) } else { Err(()) }
    }
}

/// In which tree.
pub(super) struct ReadProof {
    size: Option<u64>,
}

impl FromQuery for ReadProof {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { size: count(params, "size") })
    }
}

/// The proof that the event at a position is in the log, without the event: the hash of its leaf, and the hashes of RFC
/// 9162 up to the root of the tree of `size` events, else of the newest checkpoint. 404 before the first checkpoint; 400
/// for a position beyond the tree, or a tree beyond the newest checkpoint.
#[utoipa::path(
    get, path = "/audit/proof/{position}", tag = "audit",
    params(
        ("position" = i64, Path, minimum = 1),
        ("size" = Option<i64>, Query, minimum = 1, description = "At most that of the newest checkpoint")
    ),
    responses((status = 200, body = Inclusion))
)]
pub(super) async fn read(
    State(state): State<AppState>,
    read: Read<ReadProof>,
    PathId(EventPosition(position)): PathId<EventPosition>,
) -> Answer<Json<Inclusion>> {
    let newest = sealed(&state, &read).await?;
    let size = within("size", read.query.size.or(Some(newest)), newest)?;
    let position = within("position", Some(position), size)?;
    Ok(Json(inclusion(state.pool(), position, size).await?.ok_or_else(Problem::not_found)?))
}
