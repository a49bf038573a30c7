//! `GET /inbox/summary`: the pop-up in one request, and 304 when nothing is new.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use projections::Projection;
use projections::queries::inbox::{self, InboxSummary};
use sha2::{Digest, Sha256};

use crate::extract::{NoQuery, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The length of the ETag's truncated hash, in bytes.
const TAG_BYTES: usize = 16;
/// Only the caller may cache the answer, and must revalidate it.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The counts and the newest unseen messages, at most 10; with an ETag, so that an unchanged one is 304.
#[utoipa::path(
    get, path = "/inbox/summary", tag = "inbox",
    params(("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = InboxSummary, headers(("ETag" = String))),
        (status = 304, description = "Unchanged.")
    )
)]
pub(super) async fn summary(
    State(state): State<AppState>,
    headers: HeaderMap,
    read: Read<NoQuery>,
) -> Answer<Response> {
    read.wait_for(&state, &[Projection::Inbox, Projection::Users]).await?;
    let summary = inbox::summary(state.pool(), read.caller.id()).await?;
    let body = serde_json::to_vec(&summary).map_err(|error| Problem::internal(&error))?;
    let tag = tag(&body);
    let shared =
        [(header::ETAG, HeaderValue::try_from(&tag).unwrap_or(PRIVATE)), (header::CACHE_CONTROL, PRIVATE)];
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, shared).into_response());
    }
    Ok((shared, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The hash of the body, so that every change counts, an author's name too.
fn tag(body: &[u8]) -> String {
    format!("\"{}\"", BASE64.encode(&Sha256::digest(body)[..TAG_BYTES]))
}

/// Weak comparison, as RFC 9110 (13.1.2) wants it for `If-None-Match`.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    let mut known = values.flat_map(|value| value.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
        is_known(&headers, "\"a\"")
    }

    #[test]
    fn a_tag_is_known_weak_strong_or_among_others() {
        for known in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(asked(known), "{known}");
        }
        for other in ["\"b\"", "a", "", "W/\"b\""] {
            assert!(!asked(other), "{other}");
        }
        assert!(!is_known(&HeaderMap::new(), "\"a\""));
    }

    #[test]
    fn another_body_has_another_tag() {
        assert_eq!(tag(b"{}"), tag(b"{}"));
        assert_ne!(tag(b"{}"), tag(b"{ }"));
    }
}
