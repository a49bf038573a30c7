//! The front door as one service: the routes, and around them what every request goes through.

mod connections;
mod drain;
mod limits;
mod observe;
mod pruning;
mod recorder;

use axum::{Router, middleware};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use self::drain::drain;
use self::limits::Limits;
use self::observe::observe;
pub(crate) use self::recorder::recorder;
use crate::access::secure;
use crate::api;
use crate::problem::{no_such_method, no_such_route, panicked, render};
use crate::state::AppState;

/// The whole front door. `web` serves everything outside of the API: the web application and what `dev` adds.
pub fn router(state: AppState, web: Router<AppState>) -> Router {
    let api = api::router().fallback(no_such_route);
    around(web.layer(CompressionLayer::new()).nest(api::ROOT, api).merge(api::outside()), state)
}

/// Only what stands outside of the API.
fn figures(state: AppState) -> Router {
    around(api::outside().fallback(no_such_route), state)
}

/// What every request goes through.
fn around(routes: Router<AppState>, state: AppState) -> Router {
    let limits = Limits::default();
    let around = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(state.clone(), observe))
        .layer(middleware::from_fn_with_state(state.clone(), secure))
        .layer(middleware::from_fn(render))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(drain))
        .layer(middleware::from_fn_with_state(limits, limits::hold));
    routes.method_not_allowed_fallback(no_such_method).layer(around).with_state(state)
}

/// Serves until `state`'s shutdown is cancelled; requests under way are answered first, streams end at once.
pub async fn serve(listener: TcpListener, state: AppState, web: Router<AppState>) {
    let shutdown = state.shutdown().clone();
    let chores = tokio::spawn(shutdown.clone().run_until_cancelled_owned(chores(state.clone())));
    connections::serve(listener, router(state, web), shutdown).await;
    chores.abort();
}

/// The same for a process without a front door: whether it lives, is ready, and how it fares.
pub async fn serve_figures(listener: TcpListener, state: AppState) {
    let shutdown = state.shutdown().clone();
    let folding = tokio::spawn(shutdown.clone().run_until_cancelled_owned(recorder::fold_samples()));
    connections::serve(listener, figures(state), shutdown).await;
    folding.abort();
}

async fn chores(state: AppState) {
    tokio::join!(recorder::fold_samples(), pruning::prune(state));
}
