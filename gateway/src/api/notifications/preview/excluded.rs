//! `POST /notifications/preview/excluded`: who would be left out, as a file.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use projections::Projection;
use projections::queries::audience::{ExcludedContact, UNKNOWN, excluded_page};
use uuid::Uuid;

use super::super::filter::ResolvedFilter;
use super::super::order::{NewNotification, NotificationFields};
use super::super::purse::Terms;
use super::Draft;
use crate::access::Caller;
use crate::csv;
use crate::extract::Order;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// How many contacts are read at once.
const PAGE: usize = 1_000;
/// The columns of an import, so that the file can be corrected and imported, and the reason.
const COLUMNS: [&str; 7] = ["external_id", "name", "kind", "contact_name", "phone", "email", "reason"];

/// The contacts that a send would leave out, each with its reason (notifiers). Takes the body of a send.
#[utoipa::path(
    post, path = "/notifications/preview/excluded", tag = "notifications", request_body = NotificationFields,
    responses((status = 200, body = String, content_type = "text/csv"))
)]
pub(in super::super) async fn excluded(
    State(state): State<AppState>,
    order: Order<Draft>,
) -> Answer<Response> {
    let Order { caller, body: Draft(asked), .. } = order;
    let draft = asked.found(&state, &caller).await?;
    state.freshness().wait(caller.id(), None, &[Projection::Clients]).await?;
    let resolved = draft.filter.resolved(&state, draft.company).await?;
    let terms = Terms::of(&state, draft.company).await?;
    let going = draft.going(&resolved.filter, state.now());
    let measured = terms.measured(&state, state.costly_reads(), &caller, going).await?;
    let excludes_foreign = measured.excludes_foreign();
    let head = Bytes::from([csv::BYTE_ORDER_MARK, &csv::line(&COLUMNS), &unknown(&resolved)].concat());
    // The first page is read before the answer begins, so that a refusal can still be told.
    let mut pages = Box::pin(pages(Pages {
        state,
        caller,
        draft,
        terms,
        excludes_foreign,
        resolved,
        after: Some((Uuid::nil(), 0)),
    }));
    let first = pages.next().await.transpose()?.unwrap_or_default();
    let begun = stream::iter([Ok(head), Ok(first)]);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=excluidos.csv"),
    ];
    Ok((headers, Body::from_stream(begun.chain(pages).map(|page| page.map_err(Unfinished)))).into_response())
}

/// The file ends early: its reader sees that the connection broke.
#[derive(Debug, thiserror::Error)]
#[error("the file could not be read to its end")]
struct Unfinished(Problem);

/// What is left of the file.
struct Pages {
    state: AppState,
    caller: Caller,
    draft: NewNotification,
    terms: Terms,
    excludes_foreign: bool,
    resolved: ResolvedFilter,
    /// The last contact so far; none behind the last page.
    after: Option<(Uuid, i32)>,
}

/// The lines of the contacts. Neither a connection nor a slot is held while a slow reader takes a page.
fn pages(pages: Pages) -> impl Stream<Item = Answer<Bytes>> {
    stream::try_unfold(pages, async |mut pages| {
        let Some(after) = pages.after else { return Ok(None) };
        let Pages { draft, resolved, excludes_foreign, .. } = &pages;
        let going = draft.going(&resolved.filter, pages.state.now());
        let selection = pages.terms.selection(going, *excludes_foreign);
        let _slot = pages.state.costly_reads().take(&pages.caller, Some(selection.company)).await?;
        let page = excluded_page(pages.state.pool(), &selection, after, PAGE).await?;
        let last = page.last().map(|contact| (contact.client_id, contact.ordinal));
        pages.after = last.filter(|_| page.len() == PAGE);
        let lines: String = page.iter().map(line).collect();
        Ok(Some((Bytes::from(lines), pages)))
    })
}

fn line(contact: &ExcludedContact) -> String {
    csv::line(&[
        contact.external_id.as_deref().unwrap_or_default(),
        &contact.client_name,
        contact.kind.as_str(),
        &contact.contact_name,
        contact.phone.as_deref().unwrap_or_default(),
        contact.email.as_deref().unwrap_or_default(),
        &contact.reason,
    ])
}

fn unknown(resolved: &ResolvedFilter) -> String {
    let line = |id: &domain::value::ExternalId| csv::line(&[id.as_str(), "", "", "", "", "", UNKNOWN]);
    resolved.unknown.iter().map(line).collect()
}
