//! `GET /messages/sent`: the messages that the caller has written.

use axum::Json;
use axum::extract::State;
use projections::Projection;
use projections::queries::messages::{self, SentMessage};
use projections::queries::{Page, PageRequest};

use crate::extract::{FromQuery, Params, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// The page.
pub(super) struct ListSent {
    page: PageRequest,
}

impl FromQuery for ListSent {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { page: params.page() })
    }
}

/// The caller's sent messages, newest first, without withdrawn ones.
#[utoipa::path(
    get, path = "/messages/sent", tag = "messages",
    params(("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<SentMessage>))
)]
pub(super) async fn sent(
    State(state): State<AppState>,
    read: Read<ListSent>,
) -> Answer<Json<Page<SentMessage>>> {
    read.wait_for(&state, &[Projection::Inbox, Projection::Users]).await?;
    Ok(Json(messages::sent(state.pool(), read.caller.id(), &read.query.page).await?))
}
