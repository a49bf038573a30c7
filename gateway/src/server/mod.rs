//! The front door as one service: the routes, and around them what every request goes through.

mod connections;
mod drain;
mod limits;
mod observe;
mod pruning;
mod recorder;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;

use self::drain::drain;
use self::limits::Limits;
use self::observe::observe;
pub(crate) use self::recorder::recorder;
use crate::access::secure;
use crate::api;
use crate::problem::{catch, no_such_method, no_such_route, render};
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

fn around(routes: Router<AppState>, state: AppState) -> Router {
    let through = middleware::from_fn_with_state((state.clone(), Limits::default()), go_through);
    routes.method_not_allowed_fallback(no_such_method).layer(through).with_state(state)
}

/// What every request goes through, in one layer: each layer copies and boxes all that is below it for every request.
async fn go_through(
    State((state, limits)): State<(AppState, Limits)>,
    request: Request,
    next: Next,
) -> Response {
    let served = |request| drain(request, |request| limits.hold(request, |request| next.run(request)));
    let rendered = |request| render(request, |request| catch(request, served));
    observe(&state, request, |request| secure(&state, request, rendered)).await
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
