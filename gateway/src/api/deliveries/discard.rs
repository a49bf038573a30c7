//! `POST /deliveries/{id}/discard`: say that a failed delivery is not sent again.

use axum::extract::State;
use commands::dead_letters;
use domain::value::{DeliveryId, StatedReason};
use utoipa::ToSchema;

use super::{Ordered, ordered};
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Why nothing more is sent.
#[derive(ToSchema)]
pub(super) struct DiscardDelivery {
    /// The reason.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: StatedReason,
}

impl FromFields for DiscardDelivery {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { reason: fields.required("reason")? })
    }
}

impl Body for DiscardDelivery {}

/// Say that a failed delivery is not sent again, for a reason (its company's notifiers). Its state stays `failed`; lists of failed
/// deliveries leave it out. One that was discarded stays as it is.
#[utoipa::path(
    post, path = "/deliveries/{id}/discard", tag = "notifications", request_body = DiscardDelivery,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn discard(
    State(state): State<AppState>,
    PathId(delivery): PathId<DeliveryId>,
    order: Order<DiscardDelivery>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let Ordered { notification, company, ordinal, context, .. } =
        ordered(&state, &caller, delivery, context).await?;
    let done =
        dead_letters::discard(state.log(), company, notification, ordinal, body.reason, &context).await?;
    Ok(state.changed(&caller, done))
}
