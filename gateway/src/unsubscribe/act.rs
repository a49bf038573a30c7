//! `POST /u/{token}`: unsubscribes, by the button of the page or by the one click of a mail program. Twice is fine.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use commands::CommandContext;
use commands::suppressions;
use domain::suppression::SuppressionCause;
use serde_json::json;

use super::page::{Page, Said};
use super::{Token, find, paged, unknown};
use crate::admission::RequestPermit;
use crate::extract::BodyBounds;
use crate::problem::Answer;
use crate::state::AppState;

pub(super) async fn act(State(state): State<AppState>, Token(token): Token, request: Request) -> Page {
    let (parts, body) = request.into_parts();
    let acted = async {
        // One click sends `List-Unsubscribe=One-Click`, the page an empty form: the token says everything.
        BodyBounds::STRANGER.read(&parts.headers, body).await?;
        RequestPermit::of(&parts.extensions).enter_as_stranger()?;
        unsubscribed(&state, &parts.headers, &token).await
    };
    paged(&parts.headers, acted.await)
}

async fn unsubscribed(state: &AppState, headers: &HeaderMap, token: &str) -> Answer<Page> {
    let Some(found) = find(state, headers, token).await? else { return Ok(unknown(headers)) };
    let Some(suppressed) = found.address else { return Ok(Page::of(found.language, Said::Forgotten)) };
    let (cause, context) = (SuppressionCause::OptOut, CommandContext::of_system());
    suppressions::add(state.log(), &suppressed, cause, None, &context, &json!({})).await?;
    dispatcher::tasks::stop_suppressed(state.pool()).await?;
    metrics::counter!("mensajeria_unsubscribed_total").increment(1);
    Ok(Page::of(found.language, Said::Done { company: found.company, address: suppressed.address }))
}
