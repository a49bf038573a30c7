//! `POST /notifications/{id}/retry`: send again to the failed deliveries.

use axum::extract::State;
use domain::value::NotificationId;

use super::company_for;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Send the failed deliveries again, as a new generation (its company's notifiers). A notification without failed
/// deliveries does not change.
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
    let (now, context) = (state.now(), context.about(company));
    let done = commands::notifications::retry(state.log(), notification, now, &context).await?;
    Ok(state.changed(&caller, done))
}
