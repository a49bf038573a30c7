//! `POST /notifications/{id}/cancel`: send nothing more.

use axum::extract::State;
use commands::Done;
use domain::value::NotificationId;
use projections::Projection;
use projections::queries::{Scope, notifications as queries};

use super::company_for;
use crate::api::schema::Changed;
use crate::api::{Wrote, caught_up};
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// The state of one that has finished.
const COMPLETED: &str = "completed";

/// Nothing is left to cancel of a notification that has finished, and its failed deliveries may still be retried.
async fn is_finished(state: &AppState, notification: NotificationId) -> Answer<bool> {
    caught_up(state.positions(), &[Projection::Notifications], state.log().head().await?).await?;
    let view = queries::notification(state.pool(), Scope::All, notification).await?;
    Ok(view.is_some_and(|view| view.state == COMPLETED))
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
    if is_finished(&state, notification).await? {
        let position = state.log().head().await?;
        return Ok(state.changed(&caller, Done::Now { position }));
    }
    let done = commands::notifications::cancel(state.log(), notification, &context.about(company)).await?;
    Ok(state.changed(&caller, done))
}
