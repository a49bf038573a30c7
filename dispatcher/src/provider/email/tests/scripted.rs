//! An SMTP server that does just what a test says.

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpStream, tcp::OwnedReadHalf},
    task::JoinHandle,
};

use super::*;

/// One thing a scripted server does with a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Says this.
    Say(&'static str),
    /// Reads a line and says this.
    Reply(&'static str),
    /// Reads a whole message and says this.
    Swallow(&'static str),
    /// Says nothing until the client leaves.
    Hang,
}

use Step::{Hang, Reply, Say, Swallow};

pub(super) const GREETING: [Step; 3] =
    [Say("220 hi\r\n"), Reply("250 hi\r\n"), Reply("250-hi\r\n250 8BITMIME\r\n")];

/// A server that plays the same script on every connection, then ends it, and counts them.
pub(super) struct Scripted {
    pub(super) url: String,
    pub(super) connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
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
        let seen = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(play(stream, script.clone()));
            }
        });
        Self { url, connections, task }
    }

    pub(super) fn sender(&self) -> EmailSender {
        sender_at(&self.url, SmtpDeadlines::default())
    }
}

async fn play(stream: TcpStream, script: Vec<Step>) {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    for step in script {
        let words = match step {
            Say(words) => words,
            Reply(words) => {
                read.read_line(&mut String::new()).await.expect("a line");
                words
            }
            Swallow(words) => {
                swallow(&mut read).await;
                words
            }
            Hang => {
                let _ = read.read_to_end(&mut Vec::new()).await;
                ""
            }
        };
        write.write_all(words.as_bytes()).await.expect("written");
    }
}

async fn swallow(read: &mut BufReader<OwnedReadHalf>) {
    let mut line = String::new();
    while line != ".\r\n" {
        line.clear();
        read.read_line(&mut line).await.expect("a line");
    }
}

pub(super) const ENVELOPE: [Step; 3] = [Reply("250 ok\r\n"), Reply("250 ok\r\n"), Reply("354 go\r\n")];
