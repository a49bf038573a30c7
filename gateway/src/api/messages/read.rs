//! `GET /messages/{id}`: one message, for its author and its recipients.

use axum::Json;
use axum::extract::State;
use domain::value::MessageId;
use projections::Projection;
use projections::queries::inbox::{self, InboxItem};
use projections::queries::messages::{self, Addressed, Message};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::{NoQuery, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// A message as its author or one of its recipients sees it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum MessageView {
    /// For its author: the recipients, and how many have read it.
    Author(Box<Message>),
    /// For a recipient: with the recipient's own receipt.
    Recipient(Box<ReceivedMessage>),
}

/// A message as one of its recipients sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceivedMessage {
    #[serde(flatten)]
    item: InboxItem,
    #[serde(flatten)]
    addressed: Addressed,
}

/// One message (its author and its recipients).
#[utoipa::path(
    get, path = "/messages/{id}", tag = "messages",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = MessageView))
)]
pub(super) async fn read(
    State(state): State<AppState>,
    PathId(id): PathId<MessageId>,
    read: Read<NoQuery>,
) -> Answer<Json<MessageView>> {
    read.wait_for(&state, &[Projection::Inbox, Projection::Users]).await?;
    let caller = read.caller.id();
    if let Some(item) =
        inbox::item(state.pool(), caller, id).await?.filter(|item| item.author.id != caller.uuid())
    {
        let addressed = messages::addressed(state.pool(), id).await?.ok_or_else(Problem::not_found)?;
        return Ok(Json(MessageView::Recipient(Box::new(ReceivedMessage { item, addressed }))));
    }
    let message = messages::message(state.pool(), id).await?.ok_or_else(Problem::not_found)?;
    if message.author.id == caller.uuid() {
        return Ok(Json(MessageView::Author(Box::new(message))));
    }
    Err(Problem::not_found())
}
