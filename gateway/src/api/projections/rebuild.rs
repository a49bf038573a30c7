//! `POST /projections/{name}/rebuild`: build a view anew beside the one that serves.

use axum::extract::State;
use axum::http::StatusCode;
use commands::log::FirstAnswer;
use commands::{CommandContext, Done};
use domain::receipt::ReceiptError;
use projections::{Projection, rebuild};
use serde_json::{Value, json};

use crate::api::Wrote;
use crate::api::schema::Made;
use crate::extract::{Empty, Order, PathWord};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Build a view anew beside the one that serves (administrators). It never sends anything. Asked twice, it is the one
/// that runs.
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
    let answer = match state.first_answer(&context).await? {
        Some(done) => (done, Value::Null),
        None => ordered(&state, projection, &context).await?,
    };
    state.answered(StatusCode::ACCEPTED, &caller, &context, Ok(answer)).await
}

/// The order stands once its row does; only then the answer is kept. A crash between the two orders it again, which is
/// the same order.
async fn ordered(
    state: &AppState,
    projection: Projection,
    context: &CommandContext,
) -> Answer<(Done, Value)> {
    let id = rebuild::request(state.pool(), projection).await?;
    let answer = json!({ "id": id });
    let kept = context.idempotency.as_ref().map(|asked| FirstAnswer {
        command_id: asked.command_id,
        caller: asked.caller,
        fingerprint: asked.fingerprint,
        answer: answer.clone(),
    });
    if let Err(error) = state.log().append(vec![], kept, context.lane).await {
        let done = state.log().after_append_error::<ReceiptError>(error, context).await?;
        return Ok((done, answer));
    }
    let position = state.log().head().await?;
    Ok((Done::Now { position }, answer))
}
