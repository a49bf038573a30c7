//! Reads a body up to a bound; what is beyond it, and what nobody read, is the server's to drain.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use bytes::BytesMut;
use futures::StreamExt;
use tokio::time::timeout;

use crate::problem::{Answer, Kind, Problem, Reason};

/// How large a body that is read as a whole may be.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long such a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a whole body of at most [`BODY_BYTES_MAX`].
///
/// # Errors
/// 413 beyond it, 408 if it takes too long, 400 if it breaks off.
pub async fn read_body(headers: &HeaderMap, body: Body) -> Answer<Bytes> {
    refuse_declared_excess(headers)?;
    timeout(BODY_TIMEOUT, gather(body)).await.unwrap_or(Err(Problem::new(Kind::TimedOut)))
}

fn refuse_declared_excess(headers: &HeaderMap) -> Answer<()> {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY_BYTES_MAX as u64) { Err(too_large()) } else { Ok(()) }
}

async fn gather(body: Body) -> Answer<Bytes> {
    let mut chunks = body.into_data_stream();
    let mut gathered = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Kind::Malformed).because(Reason::BodyBroken))?;
        if gathered.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(too_large());
        }
        gathered.extend_from_slice(&chunk);
    }
    Ok(gathered.freeze())
}

fn too_large() -> Problem {
    Problem::new(Kind::TooLarge).because(Reason::BodyTooLarge { max_bytes: BODY_BYTES_MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(length: usize) -> Answer<Bytes> {
        read_body(&HeaderMap::new(), Body::from(vec![b' '; length])).await
    }

    #[tokio::test]
    async fn a_body_may_have_a_mebibyte_and_no_more() {
        assert_eq!(read(BODY_BYTES_MAX).await.unwrap().len(), BODY_BYTES_MAX);
        assert_eq!(read(BODY_BYTES_MAX + 1).await.unwrap_err().kind, Kind::TooLarge);
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_too_large_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, "1048577".parse().unwrap());
        assert_eq!(read_body(&headers, Body::empty()).await.unwrap_err().kind, Kind::TooLarge);
    }
}
