//! `POST /projections/{name}/rebuild`: rebuild a projection beside the one in use.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::StatusCode;
use commands::{CommandContext, Done};
use projections::{Projection, rebuild};
use serde_json::{Value, json};

use crate::api::Wrote;
use crate::api::schema::Made;
use crate::extract::{Empty, Order, PathWord};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Rebuild a projection beside the one that serves (administrators). A rebuild never sends anything. A repeated request
/// joins the running rebuild.
#[utoipa::path(
    post, path = "/projections/{name}/rebuild", tag = "projections",
    params(("name" = String, Path)),
    responses((status = 202, body = Made))
)]
pub(super) async fn rebuild(
    State(state): State<AppState>,
    PathWord(name): PathWord,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    caller.needs(caller.is_admin())?;
    let projection: Projection = name.parse().map_err(|_| Problem::not_found())?;
    let (done, answer) = match state.log().answered_before::<Infallible>(&context).await? {
        Some(done) => (done, Value::Null),
        None => ordered(&state, projection, &context).await?,
    };
    Ok(state.wrote(StatusCode::ACCEPTED, &caller, done, answer))
}

/// The row of the rebuild is committed first, and the idempotent answer after it. A crash in between requests the same
/// rebuild again, which changes nothing.
async fn ordered(
    state: &AppState,
    projection: Projection,
    context: &CommandContext,
) -> Answer<(Done, Value)> {
    let id = rebuild::request(state.pool(), projection).await?;
    let answer = json!({ "id": id });
    Ok((state.log().keep_answer(context, &answer).await?, answer))
}
