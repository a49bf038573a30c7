//! The timeout of a request, and the limits on requests at work.

use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::bounds::Bounds;
use crate::admission::{Permits, RequestPermit, RequestPermits};
use crate::problem::Problem;

/// The timeout of a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// The timeout of an upload.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// The last part of the paths that take uploads.
const UPLOAD_SUFFIX: &str = "/import";
/// The `Retry-After` of a request that took too long, in seconds.
const RETRY_AFTER_S: u32 = 1;

/// The permits of this process.
#[derive(Clone)]
pub(super) struct Limits(RequestPermits);

impl Limits {
    pub(super) fn new(bounds: &Bounds) -> Self {
        Self(RequestPermits {
            users: Permits::new(bounds.requests, bounds.requests_of_one),
            strangers: Permits::new(bounds.stranger_requests, bounds.stranger_requests_of_one),
        })
    }

    /// Attaches the request's permit until the request is answered, and cancels a request that takes too long.
    pub(super) async fn hold<F: Future<Output = Response>>(
        &self,
        mut request: Request,
        answer: impl FnOnce(Request) -> F,
    ) -> Response {
        let permit = RequestPermit::new(&self.0, request.extensions());
        request.extensions_mut().insert(permit.clone());
        let limit =
            if request.uri().path().ends_with(UPLOAD_SUFFIX) { UPLOAD_TIMEOUT } else { REQUEST_TIMEOUT };
        let answered = timeout(limit, answer(request)).await;
        drop(permit);
        answered.unwrap_or_else(|_| Problem::unavailable(RETRY_AFTER_S).into_response())
    }
}
