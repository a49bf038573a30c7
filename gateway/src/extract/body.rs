//! Reads a request body up to a bound. The server drains the rest.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use bytes::BytesMut;
use futures::StreamExt;
use tokio::time::timeout_at;

use super::pace::Pace;
use crate::problem::{Answer, Kind, Problem, Reason};

/// The largest body that is read as a whole.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The largest body of a caller that is not logged in: an address and a password are far smaller.
pub const STRANGER_BODY_BYTES_MAX: usize = 16 * 1024;
/// The minimum pace of a body: a 2G connection is ten times as fast.
const PACE: Pace =
    Pace { least_bytes_per_s: 1_024, grace: Duration::from_secs(5), next: BODY_TIMEOUT, whole: BODY_TIMEOUT };
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the body of a caller that is not logged in may take to arrive.
const STRANGER_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The limits of a body: its size and its pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyBounds {
    bytes: usize,
    pace: Pace,
}

impl BodyBounds {
    /// For a caller that is logged in.
    pub const CALLER: Self = Self { bytes: BODY_BYTES_MAX, pace: PACE };
    /// For a caller that is not logged in.
    pub const STRANGER: Self =
        Self { bytes: STRANGER_BODY_BYTES_MAX, pace: Pace { whole: STRANGER_BODY_TIMEOUT, ..PACE } };

    /// Reads a whole body.
    ///
    /// # Errors
    /// 413 when it is too large, 408 when it takes too long, 400 when it ends early.
    pub async fn read(self, headers: &HeaderMap, body: Body) -> Answer<Bytes> {
        if declared_length(headers).is_some_and(|length| length > self.bytes as u64) {
            return Err(self.too_large());
        }
        self.gather(body).await
    }

    async fn gather(self, body: Body) -> Answer<Bytes> {
        let (arrival, mut chunks, mut gathered) =
            (self.pace.begin(), body.into_data_stream(), BytesMut::new());
        while let Some(chunk) = timeout_at(arrival.next_by(gathered.len()), chunks.next())
            .await
            .map_err(|_| Problem::new(Kind::TimedOut))?
        {
            let chunk = chunk.map_err(|_| Problem::new(Kind::Malformed).because(Reason::BodyBroken))?;
            if gathered.len() + chunk.len() > self.bytes {
                return Err(self.too_large());
            }
            gathered.extend_from_slice(&chunk);
        }
        Ok(gathered.freeze())
    }

    fn too_large(self) -> Problem {
        Problem::new(Kind::TooLarge).because(Reason::JsonTooLarge { max_bytes: self.bytes })
    }
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use tokio::time::{Instant, sleep};

    use super::*;

    async fn read(bounds: BodyBounds, length: usize) -> Answer<Bytes> {
        bounds.read(&HeaderMap::new(), Body::from(vec![b' '; length])).await
    }

    /// Reads a body of so many pieces with a pause before each. Returns the result and the time it took.
    async fn slow(
        bounds: BodyBounds,
        pieces: usize,
        bytes: usize,
        pause: Duration,
    ) -> (Answer<usize>, Duration) {
        let piece = move |_| async move {
            sleep(pause).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![b' '; bytes]))
        };
        let body = Body::from_stream(stream::iter(0..pieces).then(piece));
        let began = Instant::now();
        let read = bounds.read(&HeaderMap::new(), body).await.map(|read| read.len());
        (read, began.elapsed())
    }

    #[tokio::test]
    async fn a_body_may_have_a_mebibyte_and_before_a_login_16_kib_and_no_more() {
        for (bounds, max) in [(BodyBounds::CALLER, 1024 * 1024), (BodyBounds::STRANGER, 16 * 1024)] {
            assert_eq!(read(bounds, max).await.unwrap().len(), max);
            assert_eq!(read(bounds, max + 1).await.unwrap_err().kind, Kind::TooLarge);
        }
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_too_large_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, "1048577".parse().unwrap());
        let read =
            BodyBounds::CALLER.read(&headers, Body::from_stream(stream::pending::<std::io::Result<Bytes>>()));
        assert_eq!(read.await.unwrap_err().kind, Kind::TooLarge);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_below_the_minimum_rate_times_out() {
        let second = Duration::from_secs(1);
        let (refused, after) = slow(BodyBounds::CALLER, 1_000, 1, second).await;
        assert_eq!((refused.unwrap_err().kind, after.as_secs()), (Kind::TimedOut, 5));
        let (refused, after) = slow(BodyBounds::CALLER, 1_000, 512, second).await;
        assert_eq!((refused.unwrap_err().kind, after.as_secs()), (Kind::TimedOut, 9));
        assert_eq!(slow(BodyBounds::CALLER, 20, 2_048, second).await.0, Ok(20 * 2_048));
    }

    #[tokio::test(start_paused = true)]
    async fn every_body_has_a_timeout() {
        let second = Duration::from_secs(1);
        let (refused, after) = slow(BodyBounds::CALLER, 1_000, 4_096, second).await;
        assert_eq!((refused.unwrap_err().kind, after.as_secs()), (Kind::TimedOut, 30));
        let (refused, after) = slow(BodyBounds::STRANGER, 1_000, 1_024, second).await;
        assert_eq!((refused.unwrap_err().kind, after.as_secs()), (Kind::TimedOut, 10));
    }
}
