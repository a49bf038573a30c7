//! `POST /notifications/{id}/reschedule`: give a notification another time.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::value::NotificationId;
use utoipa::ToSchema;

use super::{context_for, followed};
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// When it is to begin.
#[derive(ToSchema)]
pub(super) struct RescheduleNotification {
    /// Nothing is sent before this.
    schedule_at: DateTime<Utc>,
}

impl FromFields for RescheduleNotification {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { schedule_at: fields.required("schedule_at")? })
    }
}

impl Body for RescheduleNotification {}

/// Give a notification that has not begun another time (its company's notifiers), after now and within 366 days. An approval
/// stands.
#[utoipa::path(
    post, path = "/notifications/{id}/reschedule", tag = "notifications", request_body = RescheduleNotification,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn reschedule(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    order: Order<RescheduleNotification>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let context = context_for(&state, &caller, notification, context).await?;
    let done = commands::notifications::reschedule(
        state.log(),
        notification,
        body.schedule_at,
        state.now(),
        &context,
    )
    .await?;
    followed(&state, &caller, notification, done).await
}
