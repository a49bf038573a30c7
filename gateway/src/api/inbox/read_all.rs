//! `POST /inbox/read-all`: mark everything up to a position as read.

use axum::extract::State;
use domain::Position;
use utoipa::ToSchema;

use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order};
use crate::problem::{Answer, Reason};
use crate::state::AppState;

/// The position up to which messages are read.
#[derive(ToSchema)]
pub(super) struct ReadAll {
    /// The `position` of the newest message on the screen. Later messages stay unread.
    #[schema(minimum = 0)]
    up_to: Position,
}

impl FromFields for ReadAll {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let up_to = fields.required("up_to")?;
        if up_to < 0 {
            return fields.refuse("up_to", Reason::OutOfRange { min: 0, max: Position::MAX });
        }
        Some(Self { up_to })
    }
}

impl Body for ReadAll {}

/// Mark all messages up to a position as read, by one event.
#[utoipa::path(
    post, path = "/inbox/read-all", tag = "inbox", request_body = ReadAll,
    responses((status = 200, body = Changed))
)]
pub(super) async fn read_all(State(state): State<AppState>, order: Order<ReadAll>) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let done = commands::inboxes::read_all(state.log(), caller.id(), body.up_to, &context).await?;
    Ok(state.changed(&caller, done))
}
