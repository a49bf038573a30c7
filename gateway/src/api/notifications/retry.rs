//! `POST /notifications/{id}/retry`: send again to those it failed for.

use axum::extract::State;
use domain::value::NotificationId;
use projections::queries::{Scope, notifications as queries};

use super::company_for;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// The generation of which nothing has failed, as far as the view knows now: whoever saw a failure saw it there. A view
/// that cannot be read keeps nobody from trying; then there may be nobody to send to.
async fn flawless(state: &AppState, notification: NotificationId) -> Option<u32> {
    let view = queries::notification(state.pool(), Scope::All, notification).await.ok().flatten()?;
    (view.totals.failed == 0).then(|| u32::try_from(view.generation).ok()).flatten()
}

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
    let (flawless, context) = (flawless(&state, notification).await, context.about(company));
    let (log, now) = (state.log(), state.now());
    let done = commands::notifications::retry(log, notification, flawless, now, &context).await?;
    Ok(state.changed(&caller, done))
}
