//! `GET /messages/{id}`: one message, for its author and its recipients.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::value::MessageId;
use projections::Projection;
use projections::queries::inbox::{self, InboxItem};
use projections::queries::messages::{self, Message};
use projections::queries::Person;
use serde::Serialize;
use utoipa::ToSchema;

use super::sent::Written;
use crate::extract::{NoQuery, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// A message as its author or one of its recipients sees it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum MessageView {
    /// For its author: to whom it went, and how many have read it.
    Author(Box<AuthorsMessage>),
    /// For a recipient: with the recipient's own receipt.
    Recipient(Box<InboxItem>),
}

/// A message as its author sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct AuthorsMessage {
    #[serde(flatten)]
    message: Written,
    /// Who wrote it.
    author: Person,
    /// The people who have it; nobody once it is taken back.
    to: Vec<Person>,
    /// When it was taken back.
    withdrawn_at: Option<DateTime<Utc>>,
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
    if let Some(item) = inbox::item(state.pool(), caller, id).await?.filter(|item| item.author.id != caller.uuid()) {
        return Ok(Json(MessageView::Recipient(Box::new(item))));
    }
    let message = messages::message(state.pool(), id).await?.ok_or_else(Problem::not_found)?;
    if message.author.id == caller.uuid() {
        return Ok(Json(MessageView::Author(Box::new(message.into()))));
    }
    Err(Problem::not_found())
}

impl From<Message> for AuthorsMessage {
    fn from(row: Message) -> Self {
        Self { message: row.sent.into(), author: row.author, to: row.recipients, withdrawn_at: row.withdrawn_at }
    }
}
