//! Drains the unread rest of a body before the answer. Otherwise a caller that is still sending would see a connection
//! reset instead of the answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures::StreamExt;
use http_body::{Frame, SizeHint};
use tokio::time::timeout;

/// How much of a body is drained.
const DRAIN_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long draining may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Shares the body with the handler, and drains the rest when the handler refuses the request.
pub(super) async fn drain<F: Future<Output = Response>>(
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    if request.body().is_end_stream() {
        return answer(request).await;
    }
    // A caller that waits for `100 Continue` has sent no body yet.
    let waits = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(body)));
    let mut response = answer(Request::from_parts(parts, Body::new(shared.clone()))).await;
    let refused = response.status().is_client_error() || response.status().is_server_error();
    if refused && !waits && !shared.drained().await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A body that outlives the handler that reads it.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    /// Drains the body. Returns whether its end was reached.
    async fn drained(self) -> bool {
        let mut chunks = Body::new(self).into_data_stream();
        let all = async {
            let mut drained = 0;
            while let Some(Ok(chunk)) = chunks.next().await {
                drained += chunk.len();
                if drained > DRAIN_BYTES_MAX {
                    return false;
                }
            }
            true
        };
        timeout(DRAIN_TIMEOUT, all).await.unwrap_or(false)
    }

    fn with<T>(&self, act: impl FnOnce(Pin<&mut Body>) -> T) -> T {
        act(Pin::new(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.with(|body| body.poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use futures::stream;

    use super::*;

    const PIECE: usize = 1024 * 1024;

    /// How many pieces are read from a caller whose request is answered with `status`, and the answer.
    async fn taken(pieces: usize, status: StatusCode) -> (usize, Response) {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let body = stream::iter(0..pieces).map(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from(vec![b' '; PIECE]))
        });
        let request = Request::post("/").body(Body::from_stream(body)).unwrap();
        let response = drain(request, async |_| status.into_response()).await;
        (taken.load(Ordering::Relaxed), response)
    }

    #[tokio::test]
    async fn a_caller_that_is_refused_early_can_read_why() {
        let (pieces, response) = taken(7, StatusCode::UNAUTHORIZED).await;
        assert_eq!((pieces, response.headers().get(header::CONNECTION)), (7, None));
    }

    #[tokio::test]
    async fn draining_is_bounded() {
        let (pieces, response) = taken(100, StatusCode::PAYLOAD_TOO_LARGE).await;
        assert_eq!(pieces, DRAIN_BYTES_MAX / PIECE + 1);
        assert_eq!(response.headers()[header::CONNECTION], "close");
    }
}
