//! `GET /deliveries/count`: how many deliveries a filter takes.

use axum::Json;
use axum::extract::State;
use projections::Projection;
use projections::queries::deliveries::search::{self, Counted, SearchFilter};

use super::filter::{FilterParams, in_flight, of_query};
use crate::api::notifications::needs_to_read;
use crate::extract::{FromQuery, Params, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// The filters.
pub(super) struct CountDeliveries(SearchFilter);

impl FromQuery for CountDeliveries {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self(of_query(params)))
    }
}

/// How many deliveries over all notifications a filter takes, up to 10,000 (notifiers and auditors). `complete` is false where
/// there may be more.
#[utoipa::path(
    get, path = "/deliveries/count", tag = "notifications", params(FilterParams),
    responses((status = 200, body = Counted))
)]
pub(super) async fn count(
    State(state): State<AppState>,
    read: Read<CountDeliveries>,
) -> Answer<Json<Counted>> {
    needs_to_read(&read.caller)?;
    read.wait_for(&state, &[Projection::Notifications, Projection::Clients]).await?;
    let CountDeliveries(filter) = &read.query;
    let in_flight = in_flight(&state, filter).await?;
    Ok(Json(search::count(state.log().reader(), read.caller.scope(), filter, &in_flight).await?))
}
