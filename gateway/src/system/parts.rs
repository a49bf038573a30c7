//! The start of each role with its dependencies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use commands::broker::Broker;
use commands::log::{EventLog, Reader};
use dispatcher::{Dispatcher, DispatcherOptions};
use projections::{Positions, Projections};
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::watch::Supervisor;
use super::{Role, StartError, SystemOptions};
use crate::server::Answers;
use crate::settings::Settings;
use crate::state::AppState;
use crate::{server, web};

/// How often the existence of the views is checked.
const VIEWS_LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// The positions of the projections. A process without the projector role follows them without projecting.
pub(super) fn projections(
    options: &SystemOptions,
    log: &EventLog,
    broker: &Broker,
    parts: &Supervisor,
) -> Positions {
    if !options.roles.has(Role::Projector) {
        let (positions, following) = Positions::follow(log.pool().clone(), parts.cancel.clone());
        parts.start("positions", following);
        return positions;
    }
    let projections = Projections::start(log.reader().clone(), Some(broker.clone()), parts.cancel.clone());
    let positions = projections.positions().clone();
    parts.start("projector", projections.stopped());
    positions
}

pub(super) fn dispatcher(options: &SystemOptions, log: &EventLog, broker: &Broker, parts: &Supervisor) {
    let routes = options.providers.routes.clone();
    let behaviour =
        DispatcherOptions { public_url: options.public_url.clone(), ..options.dispatcher.clone() };
    if options.public_url.is_none() {
        tracing::info!("without server.public_url no mail has a link to unsubscribe");
    }
    let broker = Some(broker.clone());
    let (log, cancel) = (log.clone(), parts.cancel.clone());
    parts.start("dispatcher", async move {
        if cancel.run_until_cancelled(views_exist(log.reader())).await.is_some() {
            Dispatcher::start(log, broker, routes, behaviour, cancel).stopped().await;
        }
    });
}

/// The dispatcher resolves audiences from views. On an empty database a projector must create them first.
async fn views_exist(log: &Reader) {
    while !projections::is_ready(log).await.unwrap_or(false) {
        sleep(VIEWS_LOOK_INTERVAL).await;
    }
}

/// The addresses of this process: the gateway's, and that of separate health checks and metrics.
pub(super) struct Listening {
    /// The gateway's address; without that role, the address of the health checks.
    pub(super) address: SocketAddr,
    /// The address of the separate listener.
    pub(super) admin_address: Option<SocketAddr>,
    pub(super) state: AppState,
}

impl Listening {
    pub(super) async fn open(
        options: &SystemOptions,
        log: &EventLog,
        positions: &Positions,
        parts: &Supervisor,
    ) -> Result<Option<Self>, StartError> {
        let is_gateway = options.roles.has(Role::Gateway);
        let admin = if is_gateway { options.admin } else { options.watch.or(options.admin) };
        let admin = match admin {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let gateway = if is_gateway { Some(listen(options.listen).await?) } else { None };
        let admin_address = admin.as_ref().map(|(_, address)| *address);
        let Some(address) = gateway.as_ref().map(|(_, address)| *address).or(admin_address) else {
            return Ok(None);
        };

        let state = AppState::new(log.clone(), settings(options), positions.clone(), parts.cancel.clone());
        if options.ready_at_once {
            state.set_ready();
        }
        let serve =
            |listener, answers| server::serve(listener, state.clone(), answers, options.bounds.clone());
        if let Some((listener, _)) = gateway {
            let app = Router::new().fallback(any(web::serve));
            let answers = if admin.is_some() { Answers::AllButFigures(app) } else { Answers::All(app) };
            parts.start("gateway", serve(listener, answers));
            parts.start("pruning", server::prune(state.clone()));
        }
        if let Some((listener, _)) = admin {
            parts.start("figures", serve(listener, Answers::Figures));
        }
        parts.start("upkeep of figures", server::fold_figures(state.clone()));
        Ok(Some(Self { address, admin_address, state }))
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen(address, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Browsers accept prefixed, secure cookies on loopback and over https, and silently refuse them elsewhere.
fn settings(options: &SystemOptions) -> Settings {
    let https = options.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    Settings {
        public_url: options.public_url.clone(),
        trusted_proxies: options.trusted_proxies.clone(),
        secure_cookies: https || options.listen.ip().is_loopback(),
        simulator: options.providers.simulator.clone(),
        routes: options.providers.routes.clone(),
        currency: options.currency.clone(),
        clock: Arc::clone(&options.dispatcher.clock),
        read_wait: options.timeouts.views,
    }
}
