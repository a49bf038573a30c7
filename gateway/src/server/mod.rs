//! The front door as one service: the routes, and around them what every request goes through.

mod drain;
mod limits;
mod observe;

use std::net::SocketAddr;

use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::serve::ListenerExt;
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use self::drain::drain;
use self::limits::Limits;
use self::observe::observe;
use crate::access::secure;
use crate::api;
use crate::problem::{no_such_method, no_such_route, panicked, render};
use crate::state::AppState;

/// The whole front door. `web` serves everything outside of the API: the web application and what `dev` adds.
pub fn router(state: AppState, web: Router<AppState>) -> Router {
    let limits = Limits::default();
    let around = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(state.clone(), observe))
        .layer(middleware::from_fn_with_state(state.clone(), secure))
        .layer(middleware::from_fn(render))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(drain))
        .layer(middleware::from_fn_with_state(limits, limits::hold));
    let api = api::router().fallback(no_such_route);
    web.layer(CompressionLayer::new())
        .nest(api::ROOT, api)
        .merge(api::outside())
        .method_not_allowed_fallback(no_such_method)
        .layer(around)
        .with_state(state)
}

/// Serves until `state`'s shutdown is cancelled; requests under way are answered first, streams end at once.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, state: AppState, web: Router<AppState>) -> std::io::Result<()> {
    let shutdown = state.shutdown().clone();
    let listener = listener.tap_io(|stream| {
        // Without it a small answer may wait for the caller's delayed ACK; failing to set it costs only that.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, with_peers(router(state, web)))
        .with_graceful_shutdown(async move { shutdown.cancelled().await })
        .await
}

fn with_peers(router: Router) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    router.into_make_service_with_connect_info::<SocketAddr>()
}
