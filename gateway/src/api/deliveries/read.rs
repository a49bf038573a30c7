//! `GET /deliveries/{id}`: one recipient with the timeline.

use axum::Json;
use axum::extract::State;
use domain::value::DeliveryId;
use projections::Projection;
use projections::queries::deliveries::{self, DeliveryRow};

use crate::api::notifications::needs_to_read;
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
    let is_sending = dispatcher::queue::is_sending(state.pool(), delivery).await?;
    let row = deliveries::delivery(state.pool(), read.caller.scope(), delivery, is_sending).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    needs_to_read(&read.caller)?;
    Ok(Json(row))
}
