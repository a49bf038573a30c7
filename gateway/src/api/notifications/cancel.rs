//! `POST /notifications/{id}/cancel`: send nothing more.

use axum::extract::State;
use domain::value::NotificationId;

use super::{company_for, generation_that};
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// The state of one that has finished.
const COMPLETED: &str = "completed";

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
    // Nothing is left to cancel of what has finished, and what failed of it may still be retried. A view that lags keeps
    // nobody from stopping: then it is cancelled all the same.
    let finished = generation_that(&state, notification, |view| view.state == COMPLETED).await;
    let context = context.about(company);
    let done = commands::notifications::cancel(state.log(), notification, finished, &context).await?;
    Ok(state.changed(&caller, done))
}
