//! `GET /u/{token}`: asks whether to unsubscribe. It changes nothing: programs that look for viruses open links too.

use axum::extract::{Request, State};
use axum::http::HeaderMap;

use super::page::{Page, Said};
use super::{Token, find, paged, unknown};
use crate::admission::RequestPermit;
use crate::problem::Answer;
use crate::state::AppState;

pub(super) async fn show(State(state): State<AppState>, Token(token): Token, request: Request) -> Page {
    let permit = RequestPermit::of(request.extensions());
    paged(request.headers(), asked(&state, permit, request.headers(), &token).await)
}

async fn asked(state: &AppState, permit: RequestPermit, headers: &HeaderMap, token: &str) -> Answer<Page> {
    permit.enter_as_stranger()?;
    let Some(found) = find(state, headers, token).await? else { return Ok(unknown(headers)) };
    let said = match found.address {
        Some(suppressed) => Said::Question { company: found.company, address: suppressed.address },
        None => Said::Forgotten,
    };
    Ok(Page::of(found.language, said))
}
