//! `GET /messages/{id}/receipts`: who has seen, read and acknowledged a message.

use axum::Json;
use axum::extract::State;
use commands::CommandError;
use commands::log::Reader;
use domain::message::{Message, MessageError};
use domain::value::{CompanyId, MessageId, Role, UserId};
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
    author_for(&read.caller, state.log().reader(), message).await?;
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

/// The author of a message, for callers who may read its receipts: the author, and auditors of the company it was
/// addressed to; 404 for others.
pub(super) async fn author_for(caller: &Caller, log: &Reader, message: MessageId) -> Answer<UserId> {
    let loaded =
        log.load::<Message>(&message.to_string()).await.map_err(CommandError::<MessageError>::from)?;
    let author = loaded.state.author().ok_or_else(Problem::not_found)?;
    let may_know = author == caller.id() || may_audit(caller, loaded.state.company());
    if may_know { Ok(author) } else { Err(Problem::not_found()) }
}

/// As in the audit: every auditor may read what belongs to no company.
fn may_audit(caller: &Caller, company: Option<CompanyId>) -> bool {
    company.map_or_else(|| caller.has(Role::Auditor), |company| caller.may_audit(company))
}
