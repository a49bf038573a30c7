//! `GET /notifications/{id}/deliveries`: each recipient with the timeline.

use axum::Json;
use axum::extract::State;
use domain::value::NotificationId;
use projections::queries::deliveries::{self, DeliveryFilter, DeliveryRow};
use projections::queries::{Page, PageRequest};

use super::mark_sending;
use super::read::row_for;
use crate::extract::{FromQuery, Params, PathId, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// Every state a delivery can have: the names in the totals.
pub(in crate::api) const STATES: &[&str] = &[
    "pending",
    "sending",
    "accepted",
    "delivered",
    "deferred",
    "failed",
    "suppressed",
    "in_doubt",
    "cancelled",
];

/// How many deliveries on their way are told apart from those that wait: more than the dispatchers have in hand at once.
const SENDING_MAX: i64 = 10_000;

/// Which of them.
pub(super) struct ListDeliveries {
    state: Option<&'static str>,
    page: PageRequest,
}

impl ListDeliveries {
    /// Whether what is on its way makes the difference; where all states are asked for it is only a word in the rows.
    fn asks_what_is_sending(&self) -> bool {
        matches!(self.state, Some("pending" | "sending" | "deferred"))
    }
}

impl FromQuery for ListDeliveries {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { state: params.word("state", STATES, STATES), page: params.page() })
    }
}

/// The deliveries of a notification with their attempts, by their ids, not newest first (notifiers and auditors of its
/// company).
#[utoipa::path(
    get, path = "/notifications/{id}/deliveries", tag = "notifications",
    params(
        ("id" = uuid::Uuid, Path), ("state" = Option<String>, Query),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<DeliveryRow>))
)]
pub(super) async fn deliveries(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    read: Read<ListDeliveries>,
) -> Answer<Json<Page<DeliveryRow>>> {
    row_for(&state, &read, notification).await?;
    let sending = match read.query.asks_what_is_sending() {
        true => dispatcher::queue::sending(state.pool(), notification, SENDING_MAX).await?,
        false => Vec::new(),
    };
    let filter = DeliveryFilter { state: read.query.state, sending: &sending };
    let page = &read.query.page;
    let mut page = deliveries::list(state.pool(), read.caller.scope(), notification, &filter, page).await?;
    if read.query.state.is_none() {
        mark_sending(&state, &mut page.data).await?;
    }
    Ok(Json(page))
}
