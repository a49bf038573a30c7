//! `GET /notifications/{id}`: one notification with its totals.

use axum::Json;
use axum::extract::State;
use commands::purse::Sum;
use domain::value::NotificationId;
use projections::Projection;
use projections::queries::notifications::{self, Cost, NotificationRow};

use super::needs_to_read;
use super::sending::with_sending;
use crate::access::Caller;
use crate::extract::{NoQuery, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// One notification with its totals (notifiers and auditors of its company).
#[utoipa::path(
    get, path = "/notifications/{id}", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = NotificationRow))
)]
pub(super) async fn read(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    read: Read<NoQuery>,
) -> Answer<Json<NotificationRow>> {
    let row = row_for(&state, &read, notification).await?;
    let row = with_sending(&state, vec![row]).await?.pop().ok_or_else(Problem::not_found)?;
    let sum = commands::purse::of_notification(state.pool(), notification).await?;
    Ok(Json(NotificationRow { cost: cost_of(&state, sum), ..row }))
}

/// The price of what was sent; none if nothing has a price.
pub(in crate::api) fn cost_of(state: &AppState, sum: Sum) -> Option<Cost> {
    let Sum { messages, micros, unpriced, .. } = sum;
    (messages > unpriced && (micros > 0 || unpriced > 0)).then(|| Cost {
        amount: micros,
        currency: state.settings().currency.clone(),
        unpriced,
    })
}

/// The notification's row; 404 for callers who may not learn that it exists.
pub(super) async fn row_for(
    state: &AppState,
    read: &Read<impl Sized>,
    notification: NotificationId,
) -> Answer<NotificationRow> {
    read.wait_for(state, &[Projection::Notifications, Projection::Users]).await?;
    row_in_sight(state, &read.caller, notification).await
}

/// The same row, without a wait for the projections.
pub(super) async fn row_in_sight(
    state: &AppState,
    caller: &Caller,
    notification: NotificationId,
) -> Answer<NotificationRow> {
    let row = notifications::notification(state.pool(), caller.scope(), notification).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    needs_to_read(caller)?;
    Ok(row)
}
