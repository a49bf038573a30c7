//! The HTTP server: the routes, and the middleware around them.

mod bounds;
mod compress;
mod connections;
mod drain;
mod limits;
mod message;
mod observe;
mod pruning;
mod socket;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use axum::{Router, middleware};
use tokio::net::TcpListener;

pub use self::bounds::Bounds;
use self::compress::compress;
use self::connections::ListenerContext;
use self::drain::drain;
use self::limits::Limits;
use self::message::refuse_faulty;
use self::observe::observe;
use crate::access::secure;
use crate::api;
use crate::metrics_recorder::fold_samples;
use crate::problem::{catch, no_such_method, no_such_route, render};
use crate::state::AppState;
use crate::unsubscribe;

/// The routes of a listener.
pub enum Answers {
    /// All routes. `web` serves the paths outside of the API: the web application and what `dev` adds.
    All(Router<AppState>),
    /// All routes except `/readyz` and `/metrics`, which another listener serves.
    AllButFigures(Router<AppState>),
    /// Only health checks and metrics.
    Figures,
}

impl Answers {
    fn routes(self) -> Router<AppState> {
        match self {
            Self::All(web) => routes(web).merge(api::figures()),
            Self::AllButFigures(web) => routes(web),
            Self::Figures => api::alive().merge(api::figures()).fallback(no_such_route),
        }
    }
}

fn routes(web: Router<AppState>) -> Router<AppState> {
    let api = api::router().fallback(no_such_route);
    web.nest(api::ROOT, api).merge(unsubscribe::router()).merge(api::alive())
}

fn around(routes: Router<AppState>, state: AppState, bounds: &Bounds) -> Router {
    let layer = middleware::from_fn_with_state((state.clone(), Limits::new(bounds)), handle_request);
    routes.method_not_allowed_fallback(no_such_method).layer(layer).with_state(state)
}

/// The middleware of every request, as one layer: each layer copies and boxes everything below it for every request.
async fn handle_request(
    State((state, limits)): State<(AppState, Limits)>,
    request: Request,
    next: Next,
) -> Response {
    let held = |request| limits.hold(request, |request| next.run(request));
    let served = |request| drain(request, |request| refuse_faulty(request, held));
    let rendered = |request| render(request, |request| catch(request, served));
    let compressed = |request| compress(request, rendered);
    observe(&state, request, |request| secure(state.settings(), request, compressed)).await
}

/// Serves until `state`'s shutdown is cancelled. Requests in flight are answered first; streams end at once.
pub async fn serve(listener: TcpListener, state: AppState, answers: Answers, bounds: Bounds) {
    let shutdown = state.shutdown().clone();
    let trusted_proxies = state.settings().trusted_proxies.clone();
    let router = around(answers.routes(), state, &bounds);
    connections::serve(listener, Arc::new(ListenerContext { router, bounds, trusted_proxies, shutdown }))
        .await;
}

/// Updates the metrics of this process until `state`'s shutdown is cancelled.
pub async fn fold_figures(state: AppState) {
    state.shutdown().run_until_cancelled(fold_samples()).await;
}

/// Deletes expired rows of the gateway until `state`'s shutdown is cancelled.
pub async fn prune(state: AppState) {
    let shutdown = state.shutdown().clone();
    shutdown.run_until_cancelled(pruning::prune(state)).await;
}
