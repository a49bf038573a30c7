//! `GET /deliveries/{id}`: one recipient with the timeline.

use axum::Json;
use axum::extract::State;
use domain::value::DeliveryId;
use projections::Projection;
use projections::queries::deliveries::{self, DeliveryRow};

use crate::api::notifications::{mark_sending, needs_to_read};
use crate::extract::{NoQuery, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// One delivery with its attempts (notifiers and auditors of its company).
#[utoipa::path(
    get, path = "/deliveries/{id}", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = DeliveryRow))
)]
pub(super) async fn read(
    State(state): State<AppState>,
    PathId(delivery): PathId<DeliveryId>,
    read: Read<NoQuery>,
) -> Answer<Json<DeliveryRow>> {
    read.wait_for(&state, &[Projection::Notifications]).await?;
    let row = deliveries::delivery(state.log().reader(), read.caller.scope(), delivery).await?;
    let mut row = row.ok_or_else(Problem::not_found)?;
    needs_to_read(&read.caller)?;
    let notification = row.notification_id.into();
    mark_sending(&state, notification, std::slice::from_mut(&mut row)).await?;
    Ok(Json(row))
}
