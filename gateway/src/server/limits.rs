//! How many requests are served at once, and for how long each.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::problem::{Problem, Reason};

/// How many requests are served at once. Streams count until they begin to answer.
const REQUESTS_AT_ONCE_MAX: usize = 2_048;
/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one that brings a file may take.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// How the paths end that take files.
const UPLOAD_SUFFIX: &str = "/import";
/// When one that was turned away may ask again, in seconds.
const RETRY_AFTER_S: u32 = 1;

/// The places there are.
#[derive(Clone)]
pub(super) struct Limits {
    places: Arc<Semaphore>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(REQUESTS_AT_ONCE_MAX)) }
    }
}

impl Limits {
    /// Turns away what finds no place, and gives up on what takes too long.
    pub(super) async fn hold<F: Future<Output = Response>>(
        &self,
        request: Request,
        answer: impl FnOnce(Request) -> F,
    ) -> Response {
        let Ok(_place) = self.places.try_acquire() else {
            return Problem::unavailable(RETRY_AFTER_S).because(Reason::Overloaded).into_response();
        };
        let limit =
            if request.uri().path().ends_with(UPLOAD_SUFFIX) { UPLOAD_TIMEOUT } else { REQUEST_TIMEOUT };
        timeout(limit, answer(request))
            .await
            .unwrap_or_else(|_| Problem::unavailable(RETRY_AFTER_S).into_response())
    }
}
