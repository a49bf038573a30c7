//! `POST /notifications/{id}/retry`: send again to those it failed for.

use axum::extract::State;
use domain::value::NotificationId;

use super::{company_for, generation_that};
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Send again to those it failed for, as a new generation (its company's notifiers).
#[utoipa::path(
    post, path = "/notifications/{id}/retry", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn retry(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    let company = company_for(&state, &caller, notification).await?;
    caller.needs(caller.may_notify(company))?;
    // Whoever saw a failure saw it in the view. One that cannot be read keeps nobody from trying; then there may be nobody
    // to send to.
    let flawless = generation_that(&state, notification, |view| view.totals.failed == 0).await;
    let (log, now, context) = (state.log(), state.now(), context.about(company));
    let done = commands::notifications::retry(log, notification, flawless, now, &context).await?;
    Ok(state.changed(&caller, done))
}
