//! The variable part of a path. An invalid id names nothing, so a logged-in caller gets 404.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::access::Caller;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The id in a path.
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

/// The word in a path, as it was sent.
#[derive(Debug, Clone)]
pub struct PathWord(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathWord {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        params.iter().next().map(|(_, value)| Self(value.to_owned())).ok_or_else(Problem::not_found)
    }
}

impl<T> FromRequestParts<AppState> for PathId<T>
where
    T: for<'a> TryFrom<&'a str>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Answer<Self> {
        let PathWord(word) = PathWord::from_request_parts(parts, state).await?;
        if let Ok(id) = T::try_from(&word) {
            return Ok(Self(id));
        }
        Err(Caller::of(parts, state).await.err().unwrap_or_else(Problem::not_found))
    }
}
