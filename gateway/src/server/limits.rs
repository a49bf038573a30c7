//! How long a request may take, and where it takes its turn.

use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::bounds::Bounds;
use crate::admission::{Places, RequestPlaces, RequestTurn};
use crate::problem::Problem;

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one that brings a file may take.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// How the paths end that take files.
const UPLOAD_SUFFIX: &str = "/import";
/// When one that took too long may ask again, in seconds.
const RETRY_AFTER_S: u32 = 1;

/// The places there are.
#[derive(Clone)]
pub(super) struct Limits(RequestPlaces);

impl Limits {
    pub(super) fn new(bounds: &Bounds) -> Self {
        Self(RequestPlaces {
            users: Places::new(bounds.requests, bounds.requests_of_one),
            strangers: Places::new(bounds.stranger_requests, bounds.stranger_requests_of_one),
        })
    }

    /// Gives the request its turn until it is answered, and gives up on what takes too long.
    pub(super) async fn hold<F: Future<Output = Response>>(
        &self,
        mut request: Request,
        answer: impl FnOnce(Request) -> F,
    ) -> Response {
        let turn = RequestTurn::new(&self.0, request.extensions());
        request.extensions_mut().insert(turn.clone());
        let limit =
            if request.uri().path().ends_with(UPLOAD_SUFFIX) { UPLOAD_TIMEOUT } else { REQUEST_TIMEOUT };
        let answered = timeout(limit, answer(request)).await;
        drop(turn);
        answered.unwrap_or_else(|_| Problem::unavailable(RETRY_AFTER_S).into_response())
    }
}
