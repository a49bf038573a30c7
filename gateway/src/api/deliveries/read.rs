//! `GET /deliveries/{id}`: one recipient with the timeline.

use axum::Json;
use axum::extract::State;
use domain::value::DeliveryId;
use projections::Projection;
use projections::queries::deliveries::{self, ContentRow, DeliveryRow};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::notifications::{mark_sending, needs_to_read};
use crate::extract::{NoQuery, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// A delivery with what it says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryView {
    #[serde(flatten)]
    row: DeliveryRow,
    /// What the recipient reads, to the letter; none once it is erased.
    content: Option<ContentRow>,
}

/// One delivery with its attempts and its content (notifiers and auditors of its company).
#[utoipa::path(
    get, path = "/deliveries/{id}", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = DeliveryView))
)]
pub(super) async fn read(
    State(state): State<AppState>,
    PathId(delivery): PathId<DeliveryId>,
    read: Read<NoQuery>,
) -> Answer<Json<DeliveryView>> {
    read.wait_for(&state, &[Projection::Notifications]).await?;
    let row = deliveries::delivery(state.log().reader(), read.caller.scope(), delivery).await?;
    let mut row = row.ok_or_else(Problem::not_found)?;
    needs_to_read(&read.caller)?;
    let notification = row.notification_id.into();
    mark_sending(&state, notification, std::slice::from_mut(&mut row)).await?;
    let content = deliveries::content(state.log().reader(), notification, delivery).await?;
    Ok(Json(DeliveryView { row, content }))
}
