//! Takes connections and serves each until its end: so many at once, and none that only pretends to ask.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::bounds::Bounds;
use super::owner::Owner;
use super::socket::Socket;
use super::table::{Connection, Seat, Table};
use crate::extract::network_of;

/// How large the head of a request may be: 431 beyond it.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How much of a connection is read ahead, or gathered before it is written.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long nothing is taken after the system refused, as when files run out.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// What every connection of one listener is served with.
pub(super) struct Door {
    pub(super) router: Router,
    pub(super) bounds: Bounds,
    pub(super) trusted_proxies: Vec<IpAddr>,
    pub(super) shutdown: CancellationToken,
}

/// Takes connections until cancelled, then waits until every request under way is answered.
pub(super) async fn serve(listener: TcpListener, door: Arc<Door>) {
    let connections = TaskTracker::new();
    let table = Table::new(door.bounds.connections, door.bounds.connections_of_one);
    while let Some((stream, peer)) = door.shutdown.run_until_cancelled(take(&listener, &table)).await {
        if let Some(seat) = table.admit(door.owner_of(peer)) {
            connections.spawn(converse(stream, peer, seat, Arc::clone(&door)));
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn take(listener: &TcpListener, table: &Table) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(taken) => return taken,
            Err(error) => {
                tracing::warn!(%error, "failed to take a connection");
                table.shed_one();
                sleep(REFUSED_PAUSE).await;
            }
        }
    }
}

impl Door {
    fn owner_of(&self, peer: SocketAddr) -> Owner {
        let ip = peer.ip().to_canonical();
        if self.trusted_proxies.contains(&ip) { Owner::Proxy } else { Owner::Network(Some(network_of(ip))) }
    }

    fn http(&self) -> http1::Builder {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.bounds.idle_time)
            .max_header_size(HEAD_BYTES_MAX)
            .max_buf_size(BUFFER_BYTES_MAX);
        http
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, seat: Seat, door: Arc<Door>) {
    // Without it a small answer may wait for the caller's delayed ACK; failing to set it costs only that.
    let _ = stream.set_nodelay(true);
    let Seat(connection) = &seat;
    let service = service_fn(|request| answer(door.router.clone(), peer, connection.clone(), request));
    let socket = Socket::new(stream, connection.clone(), &door.bounds);
    let mut serving = pin!(door.http().serve_connection(TokioIo::new(socket), service));
    // How a connection ends is the caller's affair: it hangs up, or is told why not.
    tokio::select! {
        _ = serving.as_mut() => {}
        () = connection.closing() => {}
        () = door.shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

async fn answer(
    router: Router,
    peer: SocketAddr,
    connection: Connection,
    mut request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let _exchange = connection.exchange();
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(connection);
    router.oneshot(request.map(Body::new)).await
}
