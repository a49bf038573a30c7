//! `GET /messages/sent`: what the caller has written.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::Position;
use projections::Projection;
use projections::queries::messages::{self, SentMessage};
use projections::queries::{Page, PageRequest};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::{FromQuery, Params, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// Which of them.
pub(super) struct ListSent {
    page: PageRequest,
}

impl FromQuery for ListSent {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { page: params.page() })
    }
}

/// A message, with how it was received so far.
#[derive(Serialize, ToSchema)]
pub(super) struct Written {
    /// The message.
    pub(super) id: Uuid,
    /// Of the event that sent it.
    pub(super) position: Position,
    /// What it says.
    pub(super) body: String,
    /// When it was sent.
    pub(super) created_at: DateTime<Utc>,
    /// `normal` or `high`.
    pub(super) priority: String,
    /// Whether an acknowledgement was asked for.
    pub(super) acknowledge: bool,
    /// The message it answers.
    pub(super) in_reply_to: Option<Uuid>,
    /// How many people it went to.
    pub(super) recipients: i64,
    /// How many have read it.
    pub(super) read: i64,
    /// How many have acknowledged it.
    pub(super) acknowledged: i64,
}

impl From<SentMessage> for Written {
    fn from(row: SentMessage) -> Self {
        Self {
            id: row.id,
            position: row.position,
            body: row.body,
            created_at: row.created_at,
            priority: row.priority,
            acknowledge: row.acknowledge,
            in_reply_to: row.in_reply_to,
            recipients: row.recipient_count,
            read: row.read_count,
            acknowledged: row.acknowledged_count,
        }
    }
}

/// What the caller has written, newest first; what was taken back is left out.
#[utoipa::path(
    get, path = "/messages/sent", tag = "messages",
    params(("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<Written>))
)]
pub(super) async fn sent(State(state): State<AppState>, read: Read<ListSent>) -> Answer<Json<Page<Written>>> {
    read.wait_for(&state, &[Projection::Inbox]).await?;
    let page = messages::sent(state.pool(), read.caller.id(), &read.query.page).await?;
    Ok(Json(Page { data: page.data.into_iter().map(Written::from).collect(), next: page.next }))
}
