//! `POST /notifications/{id}/cancel`: send nothing more.

use axum::extract::State;
use domain::value::NotificationId;
use projections::queries::{Scope, notifications as queries};

use super::company_for;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// The state of one that has finished.
const COMPLETED: &str = "completed";

/// The generation that has finished, as far as the view knows now: nothing is left of it to cancel, and what failed may
/// still be retried. A view that lags or cannot be read keeps nobody from stopping; then it is cancelled all the same.
async fn finished(state: &AppState, notification: NotificationId) -> Option<u32> {
    let view = queries::notification(state.pool(), Scope::All, notification).await.ok().flatten()?;
    (view.state == COMPLETED).then(|| u32::try_from(view.generation).ok()).flatten()
}

/// Send nothing more of a notification (its company's notifiers); what is on its way still arrives.
#[utoipa::path(
    post, path = "/notifications/{id}/cancel", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn cancel(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    let company = company_for(&state, &caller, notification).await?;
    caller.needs(caller.may_notify(company))?;
    let (finished, context) = (finished(&state, notification).await, context.about(company));
    let done = commands::notifications::cancel(state.log(), notification, finished, &context).await?;
    Ok(state.changed(&caller, done))
}
