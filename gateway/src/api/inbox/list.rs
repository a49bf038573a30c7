//! `GET /inbox`: the caller's messages, with the counts.

use axum::Json;
use axum::extract::State;
use domain::value::UserId;
use projections::Projection;
use projections::queries::PageRequest;
use projections::queries::inbox::{self, InboxFilter, InboxPage, InboxState};

use crate::extract::{FromQuery, Params, Read, Search};
use crate::problem::Answer;
use crate::state::AppState;

/// The filters.
pub(super) struct ListInbox {
    filter: InboxFilter,
    page: PageRequest,
}

impl FromQuery for ListInbox {
    fn read(params: &mut Params) -> Option<Self> {
        let states = [InboxState::All, InboxState::Unread, InboxState::Read, InboxState::Pending];
        let filter = InboxFilter {
            state: params.word("state", &["all", "unread", "read", "pending"], &states).unwrap_or_default(),
            author: params.optional::<UserId>("author"),
            q: params.optional::<Search>("q").map(|q| q.as_str().to_owned()),
        };
        Some(Self { filter, page: params.page() })
    }
}

/// Whether the whole inbox may have to be looked through.
const fn is_costly(filter: &InboxFilter) -> bool {
    filter.q.is_some() || matches!(filter.state, InboxState::Pending)
}

/// The caller's messages, newest first, and the counts of the same moment, both without deleted messages.
#[utoipa::path(
    get, path = "/inbox", tag = "inbox",
    params(
        ("state" = Option<String>, Query, description = "`all`, `unread`, `read` or `pending`: an acknowledgement is asked \
            for and not given, or the priority is high and it was not read. All of them by default."),
        ("author" = Option<uuid::Uuid>, Query), ("q" = Option<String>, Query, max_length = 200),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)
    ),
    responses((status = 200, body = InboxPage))
)]
pub(super) async fn list(State(state): State<AppState>, read: Read<ListInbox>) -> Answer<Json<InboxPage>> {
    read.wait_for(&state, &[Projection::Inbox, Projection::Users]).await?;
    let ListInbox { filter, page } = &read.query;
    let _slot = state.costly_reads().take_if(is_costly(filter), &read.caller, None).await?;
    Ok(Json(inbox::list(state.pool(), read.caller.id(), filter, page).await?))
}
