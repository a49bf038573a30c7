//! A door before NATS that delivers every message three times, in an order of chance.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::chance::Chance;

/// How often a message is delivered.
const TIMES: usize = 3;
/// How many deliveries wait at most to be drawn: so far a message may be moved.
const POOL: usize = 60;
/// How long the door waits for the next message before it delivers all that wait.
const IDLE: Duration = Duration::from_millis(5);
/// How the reply subject of a message of a stream begins; its sixth word is the sequence.
const OF_A_STREAM: &str = "$JS.ACK.";
const SEQUENCE: usize = 5;

/// A port that leads to NATS.
pub(crate) struct Shuffler {
    url: String,
    seen: Arc<Seen>,
    _door: AbortOnDropHandle<()>,
}

/// What the door has done to messages of streams.
#[derive(Default)]
struct Seen {
    delivered: AtomicUsize,
    disordered: AtomicUsize,
}

/// What the server says.
enum Said {
    /// A line of the protocol, such as `PING`: it keeps its place.
    Word(Vec<u8>),
    Message(Message),
}

#[derive(Clone)]
struct Message {
    bytes: Vec<u8>,
    /// Its place in its stream; none of a message that is of none.
    sequence: Option<u64>,
}

impl Shuffler {
    /// A door before the server of a URL.
    pub(crate) async fn before(url: &str, chance: &Chance) -> Self {
        let mut url: url::Url = url.parse().expect("a URL");
        let server = (url.host_str().expect("a host"), url.port().expect("a port"));
        let server = tokio::net::lookup_host(server).await.expect("a known host").next().expect("an address");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        url.set_ip_host(address.ip()).expect("a URL with a host");
        url.set_port(Some(address.port())).expect("a URL with a port");
        let seen = Arc::<Seen>::default();
        let door = serve(listener, server, chance.clone(), Arc::clone(&seen));
        Self { url: url.into(), seen, _door: AbortOnDropHandle::new(tokio::spawn(door)) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many messages of streams were delivered, each so often as it was.
    pub(crate) fn delivered(&self) -> usize {
        self.seen.delivered.load(Ordering::SeqCst)
    }

    /// How many of these came after a later one.
    pub(crate) fn disordered(&self) -> usize {
        self.seen.disordered.load(Ordering::SeqCst)
    }
}

/// Dropped with all its connections.
async fn serve(listener: TcpListener, server: SocketAddr, mut chance: Chance, seen: Arc<Seen>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        // Another for each connection.
        chance.below(2);
        connections.spawn(pass(client, server, chance.clone(), Arc::clone(&seen)));
    }
}

/// Both directions end together, as a connection does.
async fn pass(client: TcpStream, server: SocketAddr, chance: Chance, seen: Arc<Seen>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let ((mut asks, answers), (answered, mut asked)) = (client.into_split(), server.into_split());
    let door = Door { to: answers, pool: Vec::new(), last: 0, chance, seen };
    tokio::select! {
        _ = copy(&mut asks, &mut asked) => {}
        _ = door.run(BufReader::new(answered)) => {}
    }
}

/// What goes from the server to one client.
struct Door {
    to: OwnedWriteHalf,
    pool: Vec<Message>,
    /// The highest sequence that was delivered.
    last: u64,
    chance: Chance,
    seen: Arc<Seen>,
}

impl Door {
    async fn run(mut self, mut from: BufReader<OwnedReadHalf>) -> std::io::Result<()> {
        loop {
            // Only whether there is something is waited for in time: a message that is begun is read to its end.
            let is_idle = timeout(IDLE, from.fill_buf()).await.is_err();
            if is_idle {
                self.draw_until(0).await?;
            }
            match said(&mut from).await? {
                Some(Said::Message(message)) => {
                    self.pool.extend(std::iter::repeat_n(message, TIMES));
                    self.draw_until(POOL).await?;
                }
                Some(Said::Word(line)) => self.to.write_all(&line).await?,
                None => return Ok(()),
            }
        }
    }

    /// Delivers by chance until so many are left.
    async fn draw_until(&mut self, left: usize) -> std::io::Result<()> {
        while self.pool.len() > left {
            let place = self.chance.below(self.pool.len() as u64);
            let message = self.pool.swap_remove(place as usize);
            if let Some(sequence) = message.sequence {
                self.seen.delivered.fetch_add(1, Ordering::SeqCst);
                self.seen.disordered.fetch_add(usize::from(sequence < self.last), Ordering::SeqCst);
                self.last = self.last.max(sequence);
            }
            self.to.write_all(&message.bytes).await?;
        }
        Ok(())
    }
}

/// The next line, and the bytes that a message has after it.
async fn said(from: &mut BufReader<OwnedReadHalf>) -> std::io::Result<Option<Said>> {
    let mut bytes = Vec::new();
    if from.read_until(b'\n', &mut bytes).await? == 0 {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&bytes).into_owned();
    let words: Vec<&str> = line.split_whitespace().collect();
    if !matches!(words.first(), Some(&"MSG" | &"HMSG")) {
        return Ok(Some(Said::Word(bytes)));
    }
    let length: usize = words.last().and_then(|length| length.parse().ok()).expect("a length");
    let head = bytes.len();
    bytes.resize(head + length + b"\r\n".len(), 0);
    from.read_exact(&mut bytes[head..]).await?;
    let reply = words.iter().find(|word| word.starts_with(OF_A_STREAM));
    let sequence = reply.and_then(|reply| reply.split('.').nth(SEQUENCE)?.parse().ok());
    Ok(Some(Said::Message(Message { bytes, sequence })))
}
