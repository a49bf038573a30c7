//! A proxy in front of a provider's HTTP server: it counts the requests that begin, and can hold answers back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// The backlog of connections that wait to be accepted.
const BACKLOG: u32 = 64;
/// More than the head of a request or an answer.
const BUFFER_BYTES: usize = 16 * 1024;
/// The beginning of a request, which no body contains.
const BEGINNING: &[u8] = b"POST ";

/// A port that is forwarded to a server.
pub struct Tap {
    address: SocketAddr,
    begun: Arc<AtomicUsize>,
    held: watch::Sender<usize>,
    _door: AbortOnDropHandle<()>,
}

impl Tap {
    /// A proxy in front of the server of a URL. The answers of its first connections are held back until they are
    /// released.
    pub fn before(url: &str, held: usize) -> Self {
        let server = url.split_once("://").and_then(|(_, address)| address.parse().ok()).expect("an address");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let address = socket.local_addr().expect("an address");
        let listener = socket.listen(BACKLOG).expect("the port can be listened on");
        let (begun, held) = (Arc::<AtomicUsize>::default(), watch::Sender::new(held));
        let door = serve(listener, server, Arc::clone(&begun), held.subscribe());
        Self { address, begun, held, _door: AbortOnDropHandle::new(tokio::spawn(door)) }
    }

    /// Where it is, `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests have begun.
    pub fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    /// Lets all answers through.
    pub fn release(&self) {
        self.held.send_replace(0);
    }
}

/// Dropped with all its connections.
async fn serve(
    listener: TcpListener,
    server: SocketAddr,
    begun: Arc<AtomicUsize>,
    held: watch::Receiver<usize>,
) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(pass(client, server, Arc::clone(&begun), (number, held.clone())));
        number += 1;
    }
}

async fn pass(
    client: TcpStream,
    server: SocketAddr,
    begun: Arc<AtomicUsize>,
    held: (usize, watch::Receiver<usize>),
) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let ((asks, answered), (answers, asked)) = (client.into_split(), server.into_split());
    tokio::join!(requests(asks, asked, &begun), answer(answers, answered, held));
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, begun: &AtomicUsize) {
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let beginnings = buffer[..length].windows(BEGINNING.len()).filter(|window| *window == BEGINNING);
        begun.fetch_add(beginnings.count(), Ordering::SeqCst);
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn answer(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    (number, mut held): (usize, watch::Receiver<usize>),
) {
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let is_released = held.wait_for(|held| number >= *held).await.is_ok();
        if !is_released || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
