//! The observability of every request: its trace, a line in the access log, metrics. Queries, bodies and addresses are
//! never logged.

use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::response::Response;
use tracing::Instrument;

use crate::request::{ClientIp, Trace};
use crate::state::AppState;

/// The trace id, for the caller to quote.
const TRACE_ID: HeaderName = HeaderName::from_static("mensajeria-trace-id");
/// The target of the access log, so that it can be filtered.
const ACCESS: &str = "mensajeria::access";
/// The route label of a request without a route.
const NO_ROUTE: &str = "-";

/// Attaches the trace and the caller's address to the request, and records its answer.
pub(super) async fn observe<F: Future<Output = Response>>(
    state: &AppState,
    mut request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let trace = Trace::of(request.headers(), state.new_id());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
    let ip = ClientIp::of(peer, request.headers(), &state.settings().trusted_proxies);
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let method = known(request.method());
    request.extensions_mut().insert(trace.clone());
    request.extensions_mut().insert(ip);

    let started = Instant::now();
    let span = tracing::info_span!("request", trace_id = %trace.id());
    let mut response = answer(request).instrument(span.clone()).await;
    let (status, seconds) = (response.status().as_u16(), started.elapsed().as_secs_f64());
    span.in_scope(|| tracing::info!(target: ACCESS, method, route, status, seconds, "answered a request"));
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.to_string())];
    metrics::histogram!("mensajeria_http_request_seconds", &labels).record(seconds);
    if let Ok(id) = HeaderValue::try_from(trace.id()) {
        response.headers_mut().insert(TRACE_ID, id);
    }
    response
}

/// The label of a method. A caller can invent methods, and each would be a metric series of its own.
fn known(method: &Method) -> &'static str {
    const METHODS: [&str; 7] = ["GET", "POST", "PATCH", "DELETE", "HEAD", "PUT", "OPTIONS"];
    METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
