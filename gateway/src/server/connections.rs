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
use super::socket::Socket;
use crate::admission::{Connection, Owner, Seat, Table};
use crate::request::network_of;

/// How large the head of a request may be: 431 beyond it.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How much of a connection is read ahead, or gathered before it is written.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long nothing is taken after the system has run out of files or memory.
const RUN_OUT_PAUSE: Duration = Duration::from_millis(100);

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
            Err(error) if has_run_out(&error) => {
                tracing::warn!(%error, "failed to take a connection: the system has run out");
                table.shed_one();
                sleep(RUN_OUT_PAUSE).await;
            }
            // Of one peer alone, such as one that hung up before it was taken: the next may be taken at once.
            Err(error) => tracing::debug!(%error, "failed to take a connection"),
        }
    }
}

/// Whether the system lacks the files or the memory for another connection.
#[cfg(unix)]
fn has_run_out(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let lacking = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|error| lacking.contains(&error))
}

/// Elsewhere the errors are not told apart.
#[cfg(not(unix))]
const fn has_run_out(_: &std::io::Error) -> bool {
    true
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

#[cfg(all(test, unix))]
mod tests {
    use std::io;

    use rustix::io::Errno;

    use super::*;

    #[test]
    fn only_a_system_that_has_run_out_closes_a_connection_for_the_next() {
        let has_run_out = |error: Errno| has_run_out(&io::Error::from_raw_os_error(error.raw_os_error()));
        assert!([Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM].into_iter().all(has_run_out));
        assert!(![Errno::CONNABORTED, Errno::PROTO, Errno::CONNRESET].into_iter().any(has_run_out));
    }
}
