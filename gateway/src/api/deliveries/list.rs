//! `GET /deliveries`: deliveries over all notifications.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use projections::Projection;
use projections::queries::deliveries::DeliveryRow;
use projections::queries::deliveries::search::{self, ListedDelivery, SearchFilter};
use projections::queries::{Page, PageRequest};
use uuid::Uuid;

use super::filter::{FilterParams, in_flight, of_query};
use crate::api::notifications::{mark_sending, needs_to_read};
use crate::api::schema::PageParams;
use crate::extract::{FromQuery, Params, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// The filters and the page.
pub(super) struct ListDeliveries {
    filter: SearchFilter,
    page: PageRequest,
}

impl FromQuery for ListDeliveries {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { filter: of_query(params), page: params.page() })
    }
}

/// Deliveries over all notifications of the caller's companies (notifiers and auditors): the newest notification first, in each
/// of them the last of its audience first. What is compared row by row for one page is bounded: a page may be short, or empty,
/// and still name the next one.
#[utoipa::path(
    get, path = "/deliveries", tag = "notifications", params(FilterParams, PageParams),
    responses((status = 200, body = Page<ListedDelivery>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<ListDeliveries>,
) -> Answer<Json<Page<ListedDelivery>>> {
    needs_to_read(&read.caller)?;
    read.wait_for(&state, &[Projection::Notifications, Projection::Clients]).await?;
    let ListDeliveries { filter, page } = &read.query;
    let in_flight = in_flight(&state, filter).await?;
    let (log, scope) = (state.log().reader(), read.caller.scope());
    let mut page = search::search(log, scope, filter, &in_flight, page).await?;
    mark_all_sending(&state, &mut page.data).await?;
    page.data.retain(|row| filter.state.is_none_or(|asked| asked == row.delivery.state));
    Ok(Json(page))
}

async fn mark_all_sending(state: &AppState, rows: &mut [ListedDelivery]) -> Answer<()> {
    let mut open = BTreeMap::<Uuid, Vec<&mut DeliveryRow>>::new();
    for row in rows.iter_mut().map(|row| &mut row.delivery).filter(|row| row.is_open()) {
        open.entry(row.notification_id).or_default().push(row);
    }
    for (notification, rows) in open {
        mark_sending(state, notification.into(), rows).await?;
    }
    Ok(())
}
