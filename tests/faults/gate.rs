//! A TCP proxy in front of a provider. While it is shut it refuses connections, and it cuts the open ones.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// The backlog of connections that wait to be accepted.
const BACKLOG: u32 = 64;

/// A port that is forwarded to another while the gate is open.
pub(crate) struct Gate {
    address: SocketAddr,
    server: SocketAddr,
    state: State,
}

enum State {
    Open {
        _door: AbortOnDropHandle<()>,
    },
    /// Keeps the port reserved while nobody listens on it.
    Shut {
        _port: TcpSocket,
    },
}

impl Gate {
    /// An open gate before a server.
    pub(crate) fn before(server: SocketAddr) -> Self {
        let socket = port(([127, 0, 0, 1], 0).into());
        let address = socket.local_addr().expect("an address");
        Self { address, server, state: open(socket, server) }
    }

    /// Its address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses connections from now on, and cuts the open ones.
    pub(crate) async fn shut(&mut self) {
        if let State::Open { _door: door } =
            std::mem::replace(&mut self.state, State::Shut { _port: unbound() })
        {
            door.abort();
            let _ = door.await;
        }
        self.state = State::Shut { _port: port(self.address) };
    }

    /// Lets connections in again.
    pub(crate) fn open(&mut self) {
        self.state = State::Shut { _port: unbound() };
        self.state = open(port(self.address), self.server);
    }
}

fn unbound() -> TcpSocket {
    TcpSocket::new_v4().expect("a socket")
}

fn port(address: SocketAddr) -> TcpSocket {
    let socket = unbound();
    socket.set_reuseaddr(true).expect("a port that was ours may be ours again");
    socket.bind(address).expect("the port is free");
    socket
}

fn open(socket: TcpSocket, server: SocketAddr) -> State {
    let listener = socket.listen(BACKLOG).expect("the port can be listened on");
    State::Open { _door: AbortOnDropHandle::new(tokio::spawn(serve(listener, server))) }
}

/// Dropped with all its connections when the gate is shut.
async fn serve(listener: TcpListener, server: SocketAddr) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(pass(client, server));
    }
}

async fn pass(mut client: TcpStream, server: SocketAddr) {
    if let Ok(mut stream) = TcpStream::connect(server).await {
        let _ = copy_bidirectional(&mut client, &mut stream).await;
    }
}
