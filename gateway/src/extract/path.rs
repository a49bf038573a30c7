//! The one variable part of a path; what cannot be an id is an id of nothing: 404.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::problem::{Answer, Problem};

/// The id in a path.
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

/// The word in a path, not looked at any further.
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

impl<S: Send + Sync, T> FromRequestParts<S> for PathId<T>
where
    T: for<'a> TryFrom<&'a str>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let PathWord(word) = PathWord::from_request_parts(parts, state).await?;
        T::try_from(&word).map(Self).map_err(|_| Problem::not_found())
    }
}
