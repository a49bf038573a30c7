//! The header `Last-Event-ID`: the position from which a cut stream resumes.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::Position;

use crate::access::Caller;
use crate::problem::{Answer, Fault, Kind, Problem, Reason};

const HEADER: &str = "Last-Event-ID";

/// The position of the last event that the reader has; none for a new stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastEventId(pub(crate) Option<Position>);

impl<S> FromRequestParts<S> for LastEventId
where
    S: Send + Sync,
    Caller: FromRequestParts<S, Rejection = Problem>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let asked = match parts.headers.get(HEADER).map(|value| value.to_str().unwrap_or("?")) {
            None | Some("") => Ok(None),
            Some(text) => read(text).map(Some),
        };
        match asked {
            Ok(position) => Ok(Self(position)),
            // A caller that is not logged in gets 401 first.
            Err(problem) => Err(Caller::from_request_parts(parts, state).await.err().unwrap_or(problem)),
        }
    }
}

/// An id is a position: a whole number from 0.
fn read(text: &str) -> Answer<Position> {
    let refused = || Problem::of_faults(Kind::Malformed, vec![Fault::in_header(HEADER, Reason::Cursor)]);
    text.parse().ok().filter(|position| *position >= 0).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_position_and_anything_else_is_refused() {
        assert_eq!(read("0"), Ok(0));
        assert_eq!(read("9223372036854775807"), Ok(Position::MAX));
        for text in ["-1", "x", "1.5", "9223372036854775808", " 1"] {
            assert_eq!(read(text).unwrap_err().faults[0].pointer, "/Last-Event-ID", "{text}");
        }
    }
}
