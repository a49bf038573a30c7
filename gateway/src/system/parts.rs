//! The parts of the program, each started with what it needs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use commands::broker::Broker;
use commands::log::EventLog;
use dispatcher::Dispatcher;
use projections::{Positions, Projections};
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::watch::AtWork;
use super::{Role, StartError, SystemOptions};
use crate::state::{AppState, Settings};
use crate::{server, web};

/// How often to look whether the views are there.
const VIEWS_LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// How far the projections are; in a process without the role nothing is projected, but it is followed.
pub(super) fn projections(
    options: &SystemOptions,
    log: &EventLog,
    broker: &Broker,
    parts: &AtWork,
) -> Positions {
    if !options.roles.has(Role::Projector) {
        let (positions, following) = Positions::follow(log.pool().clone(), parts.cancel.clone());
        parts.start("positions", following);
        return positions;
    }
    let projections = Projections::start(log.clone(), Some(broker.clone()), parts.cancel.clone());
    let positions = projections.positions().clone();
    parts.start("projector", projections.stopped());
    positions
}

pub(super) fn dispatcher(options: &SystemOptions, log: &EventLog, broker: &Broker, parts: &AtWork) {
    let routes = options.outside.routes.clone();
    let (broker, behaviour) = (Some(broker.clone()), options.dispatcher.clone());
    let (log, cancel) = (log.clone(), parts.cancel.clone());
    parts.start("dispatcher", async move {
        if cancel.run_until_cancelled(views_exist(&log)).await.is_some() {
            Dispatcher::start(log, broker, routes, behaviour, cancel).stopped().await;
        }
    });
}

/// An audience is resolved from views: on an empty database a projector makes them first.
async fn views_exist(log: &EventLog) {
    while !projections::is_ready(log).await.unwrap_or(false) {
        sleep(VIEWS_LOOK_INTERVAL).await;
    }
}

/// The open front door; without that role, only what tells how the process fares.
pub(super) struct FrontDoor {
    pub(super) address: SocketAddr,
    pub(super) state: AppState,
}

impl FrontDoor {
    pub(super) async fn open(
        options: &SystemOptions,
        log: &EventLog,
        positions: &Positions,
        parts: &AtWork,
    ) -> Result<Option<Self>, StartError> {
        let is_gateway = options.roles.has(Role::Gateway);
        let Some(listen) = is_gateway.then_some(options.listen).or(options.watch) else { return Ok(None) };
        let failed = |error| StartError::Listen(listen, error);
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let state = AppState::new(log.clone(), settings(options), positions.clone(), parts.cancel.clone());
        if options.ready_at_once {
            state.set_ready();
        }
        if is_gateway {
            let app = Router::new().fallback(any(web::serve));
            parts.start("gateway", server::serve(listener, state.clone(), app));
        } else {
            parts.start("figures", server::serve_figures(listener, state.clone()));
        }
        Ok(Some(Self { address, state }))
    }
}

/// Browsers take prefixed, secure cookies on loopback and by https, and refuse them silently anywhere else.
fn settings(options: &SystemOptions) -> Settings {
    let https = options.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    Settings {
        public_url: options.public_url.clone(),
        trusted_proxies: options.trusted_proxies.clone(),
        secure_cookies: https || options.listen.ip().is_loopback(),
        simulator: options.outside.simulator.clone(),
        clock: Arc::clone(&options.dispatcher.clock),
        read_wait: options.patience.views,
    }
}
