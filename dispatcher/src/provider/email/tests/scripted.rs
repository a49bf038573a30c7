//! An SMTP server that does just what a test says.

use std::sync::Mutex;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpStream, tcp::OwnedReadHalf},
    sync::Semaphore,
    task::{JoinHandle, yield_now},
};

use super::*;

/// One thing a scripted server does with a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Says this.
    Say(&'static [u8]),
    /// Reads a line and says this.
    Reply(&'static [u8]),
    /// Reads a whole message and says this.
    Swallow(&'static [u8]),
    /// Says nothing until the client leaves, and remembers what it hears.
    Hang,
}

use Step::{Hang, Reply, Say, Swallow};

pub(super) const GREETING: [Step; 2] = [Say(b"220 hi\r\n"), Reply(b"250-hi\r\n250 8BITMIME\r\n")];
pub(super) const ENVELOPE: [Step; 3] = [Reply(b"250 ok\r\n"), Reply(b"250 ok\r\n"), Reply(b"354 go\r\n")];

/// Words that a test has put together.
pub(super) fn words(words: impl Into<Vec<u8>>) -> &'static [u8] {
    words.into().leak()
}

/// A server that plays the same script on every connection, then ends it, and remembers what it heard.
pub(super) struct Scripted {
    pub(super) url: String,
    pub(super) connections: Arc<AtomicUsize>,
    ears: Arc<Ears>,
    task: JoinHandle<()>,
}

/// What a scripted server notices.
#[derive(Debug)]
struct Ears {
    heard: Mutex<Vec<String>>,
    /// How many commands came in one piece with the next.
    pipelined: AtomicUsize,
    /// A permit for each connection that has ended.
    ended: Semaphore,
}

impl Ears {
    fn hear(&self, line: &str) {
        self.heard.lock().expect("not poisoned").push(line.trim_end().to_owned());
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Scripted {
    pub(super) async fn after_greeting(steps: &[Step]) -> Self {
        Self::start([GREETING.as_slice(), steps].concat()).await
    }

    pub(super) async fn start(script: Vec<Step>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let connections = Arc::new(AtomicUsize::new(0));
        let ears = Ears { heard: Mutex::default(), pipelined: AtomicUsize::new(0), ended: Semaphore::new(0) };
        let ears = Arc::new(ears);
        let (seen, all_ears) = (Arc::clone(&connections), Arc::clone(&ears));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::Relaxed);
                let (script, ears) = (script.clone(), Arc::clone(&all_ears));
                tokio::spawn(async move {
                    play(stream, script, &ears).await;
                    ears.ended.add_permits(1);
                });
            }
        });
        Self { url, connections, ears, task }
    }

    pub(super) fn sender(&self) -> EmailSender {
        sender_at(&self.url, SmtpDeadlines::default())
    }

    /// The settings of a provider that is this server and wants to know who comes.
    pub(super) fn settings(&self, credentials: &str) -> SmtpSettings {
        settings(&self.url.replace("smtp://", &format!("smtp://{credentials}")))
    }

    /// The commands heard so far, over all connections.
    pub(super) fn heard(&self) -> Vec<String> {
        self.ears.heard.lock().expect("not poisoned").clone()
    }

    /// How many commands so far came in one piece with the next.
    pub(super) fn pipelined(&self) -> usize {
        self.ears.pipelined.load(Ordering::Relaxed)
    }

    /// Waits until a connection has ended on the server's side.
    pub(super) async fn ended(&self) {
        self.ears.ended.acquire().await.expect("never closed").forget();
    }
}

async fn play(stream: TcpStream, script: Vec<Step>, ears: &Ears) {
    stream.set_nodelay(true).expect("an option");
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    for step in script {
        let words = match step {
            Say(words) => words,
            Reply(words) => {
                let mut line = String::new();
                read.read_line(&mut line).await.expect("a line");
                ears.hear(&line);
                ears.pipelined.fetch_add(usize::from(!read.buffer().is_empty()), Ordering::Relaxed);
                words
            }
            Swallow(words) => {
                swallow(&mut read).await;
                words
            }
            Hang => {
                let mut rest = Vec::new();
                let _ = read.read_to_end(&mut rest).await;
                String::from_utf8_lossy(&rest).lines().for_each(|line| ears.hear(line));
                b""
            }
        };
        // A client that has heard enough goes away.
        if write.write_all(words).await.is_err() {
            return;
        }
        // The client sees each answer before the next.
        yield_now().await;
    }
}

async fn swallow(read: &mut BufReader<OwnedReadHalf>) {
    let mut line = String::new();
    while line != ".\r\n" {
        line.clear();
        if read.read_line(&mut line).await.is_ok_and(|length| length == 0) {
            return;
        }
    }
}
