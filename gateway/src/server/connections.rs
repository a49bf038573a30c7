//! Accepts connections and serves each until its end, within limits on their number and on slow peers.

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
use crate::admission::{Admitted, Connection, ConnectionTable, Owner};
use crate::request::network_of;

/// The largest head of a request: 431 beyond it.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// The size of the read and write buffers of a connection.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// The pause after the system has run out of file descriptors or memory.
const OUT_OF_RESOURCES_PAUSE: Duration = Duration::from_millis(100);

/// What every connection of one listener shares.
pub(super) struct ListenerContext {
    pub(super) router: Router,
    pub(super) bounds: Bounds,
    pub(super) trusted_proxies: Vec<IpAddr>,
    pub(super) shutdown: CancellationToken,
}

/// Accepts connections until cancelled, then waits until every request in flight is answered.
pub(super) async fn serve(listener: TcpListener, context: Arc<ListenerContext>) {
    let connections = TaskTracker::new();
    let table = ConnectionTable::new(context.bounds.connections, context.bounds.connections_of_one);
    while let Some((stream, peer)) = context.shutdown.run_until_cancelled(accept(&listener, &table)).await {
        if let Some(admitted) = table.admit(context.owner_of(peer)) {
            connections.spawn(serve_peer(stream, peer, admitted, Arc::clone(&context)));
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn accept(listener: &TcpListener, table: &ConnectionTable) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_out_of_resources(&error) => {
                tracing::warn!(%error, "failed to accept a connection: out of file descriptors or memory");
                table.shed_one();
                sleep(OUT_OF_RESOURCES_PAUSE).await;
            }
            // An error of one peer, such as a connection closed before it was accepted. The next one can be accepted at
            // once.
            Err(error) => tracing::debug!(%error, "failed to accept a connection"),
        }
    }
}

/// Whether the system has no file descriptors or memory for another connection.
#[cfg(unix)]
fn is_out_of_resources(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let lacking = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|error| lacking.contains(&error))
}

/// On other systems the error is not recognized.
#[cfg(not(unix))]
const fn is_out_of_resources(_: &std::io::Error) -> bool {
    true
}

impl ListenerContext {
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

async fn serve_peer(stream: TcpStream, peer: SocketAddr, admitted: Admitted, context: Arc<ListenerContext>) {
    // With Nagle's algorithm a small answer may wait for the caller's delayed ACK. A failure to disable it costs only
    // that.
    let _ = stream.set_nodelay(true);
    let Admitted(connection) = &admitted;
    let service = service_fn(|request| answer(context.router.clone(), peer, connection.clone(), request));
    let socket = Socket::new(stream, connection.clone(), &context.bounds);
    let mut serving = pin!(context.http().serve_connection(TokioIo::new(socket), service));
    // The end of a connection is not logged: the caller closed it, or was answered with the reason.
    tokio::select! {
        _ = serving.as_mut() => {}
        () = connection.closing() => {}
        () = context.shutdown.cancelled() => {
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
    fn only_exhausted_resources_close_a_connection_for_the_next() {
        let is_out_of_resources =
            |error: Errno| is_out_of_resources(&io::Error::from_raw_os_error(error.raw_os_error()));
        assert!(
            [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM].into_iter().all(is_out_of_resources)
        );
        assert!(![Errno::CONNABORTED, Errno::PROTO, Errno::CONNRESET].into_iter().any(is_out_of_resources));
    }
}
