//! `POST /notifications/{id}/retry`: send again to the failed deliveries.

use axum::extract::State;
use domain::value::NotificationId;

use super::company_for;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Send again to those it failed for, as a new generation (its company's notifiers). One that was completed without a
/// failure and without a doubt stays as it is. A doubt is not sent again while it lasts.
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
