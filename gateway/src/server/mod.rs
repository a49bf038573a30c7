//! The front door as one service: the routes, and around them what every request goes through.

mod bounds;
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
use tower_http::compression::CompressionLayer;

pub use self::bounds::Bounds;
use self::connections::Door;
use self::drain::drain;
use self::limits::Limits;
use self::message::refuse_faulty;
use self::observe::observe;
use crate::access::secure;
use crate::api;
use crate::figures::fold_samples;
use crate::problem::{catch, no_such_method, no_such_route, render};
use crate::state::AppState;

/// What a listener answers.
pub enum Answers {
    /// Everything. `web` serves what is outside of the API: the web application and what `dev` adds.
    All(Router<AppState>),
    /// The same without `/readyz` and `/metrics`, which another listener has.
    AllButFigures(Router<AppState>),
    /// Whether the process lives, is ready, and how it fares.
    Figures,
}

impl Answers {
    fn routes(self) -> Router<AppState> {
        match self {
            Self::All(web) => door(web).merge(api::figures()),
            Self::AllButFigures(web) => door(web),
            Self::Figures => api::alive().merge(api::figures()).fallback(no_such_route),
        }
    }
}

fn door(web: Router<AppState>) -> Router<AppState> {
    let api = api::router().fallback(no_such_route);
    web.layer(CompressionLayer::new()).nest(api::ROOT, api).merge(api::alive())
}

fn around(routes: Router<AppState>, state: AppState, bounds: &Bounds) -> Router {
    let through = middleware::from_fn_with_state((state.clone(), Limits::new(bounds)), go_through);
    routes.method_not_allowed_fallback(no_such_method).layer(through).with_state(state)
}

/// What every request goes through, in one layer: each layer copies and boxes all that is below it for every request.
async fn go_through(
    State((state, limits)): State<(AppState, Limits)>,
    request: Request,
    next: Next,
) -> Response {
    let held = |request| limits.hold(request, |request| next.run(request));
    let served = |request| drain(request, |request| refuse_faulty(request, held));
    let rendered = |request| render(request, |request| catch(request, served));
    observe(&state, request, |request| secure(state.settings(), request, rendered)).await
}

/// Serves until `state`'s shutdown is cancelled; requests under way are answered first, streams end at once.
pub async fn serve(listener: TcpListener, state: AppState, answers: Answers, bounds: Bounds) {
    let shutdown = state.shutdown().clone();
    let trusted_proxies = state.settings().trusted_proxies.clone();
    let router = around(answers.routes(), state, &bounds);
    connections::serve(listener, Arc::new(Door { router, bounds, trusted_proxies, shutdown })).await;
}

/// Folds the figures of this process until `state`'s shutdown is cancelled.
pub async fn fold_figures(state: AppState) {
    state.shutdown().run_until_cancelled(fold_samples()).await;
}

/// Prunes what front doors leave in the database until `state`'s shutdown is cancelled.
pub async fn prune(state: AppState) {
    let shutdown = state.shutdown().clone();
    shutdown.run_until_cancelled(pruning::prune(state)).await;
}
