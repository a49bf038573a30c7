//! `GET /messages/{id}/receipts`: who has seen, read and acknowledged a message.

use axum::Json;
use axum::extract::State;
use commands::CommandError;
use domain::message::{Message, MessageError};
use domain::value::{MessageId, Role, UserId};
use projections::Projection;
use projections::queries::messages::{self, ReceiptRow};
use projections::queries::{Page, PageRequest};

use crate::access::Caller;
use crate::extract::{FromQuery, Params, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The page.
pub(super) struct ListReceipts {
    page: PageRequest,
}

impl FromQuery for ListReceipts {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { page: params.page() })
    }
}

/// The receipts of a message: one row a recipient, in the order of their ids (its author and auditors). For a withdrawn
/// message, the receipts until then.
#[utoipa::path(
    get, path = "/messages/{id}/receipts", tag = "messages",
    params(
        ("id" = uuid::Uuid, Path),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<ReceiptRow>))
)]
pub(super) async fn receipts(
    State(state): State<AppState>,
    PathId(message): PathId<MessageId>,
    read: Read<ListReceipts>,
) -> Answer<Json<Page<ReceiptRow>>> {
    author_for(&read.caller, &state, message).await?;
    read.wait_for(&state, &[Projection::Inbox, Projection::Users]).await?;
    let page = &read.query.page;
    let received = messages::receipts(state.pool(), message, page).await?;
    // Every message has recipients. An empty page means that the message was withdrawn, or that the page before was the
    // last.
    Ok(Json(if received.data.is_empty() {
        messages::receipts_before_withdrawal(state.log().reader(), message, page).await?
    } else {
        received
    }))
}

/// The author of a message, for callers who may read its receipts: the author, and auditors of the company that it was
/// addressed to, or if it was addressed to none, of a company of its author; 404 for others.
pub(super) async fn author_for(caller: &Caller, state: &AppState, message: MessageId) -> Answer<UserId> {
    let stream = message.to_string();
    let loaded = state.log().reader().load::<Message>(&stream).await;
    let loaded = loaded.map_err(CommandError::<MessageError>::from)?.state;
    let author = loaded.author().ok_or_else(Problem::not_found)?;
    let may_know = author == caller.id()
        || match loaded.company() {
            Some(company) => caller.may_audit(company),
            None => may_audit_worker(caller, state, author).await?,
        };
    if may_know { Ok(author) } else { Err(Problem::not_found()) }
}

async fn may_audit_worker(caller: &Caller, state: &AppState, worker: UserId) -> Answer<bool> {
    if !caller.has(Role::Auditor) {
        return Ok(false);
    }
    let directory = state.directory().fresh().await?;
    Ok(directory.worker(worker).is_some_and(|worker| caller.may_audit_worker(worker)))
}
