//! A cheap HTTP client, since it shares the machine with the program under test: one connection, one request at a time.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tests::measurements::{Caller, Failed, Outcome, Sample, call_for};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::people::Worker;

/// The timeout of a request.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The timeout of an upload.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(3_600);
/// The largest answer, in bytes.
const ANSWER_MAX: usize = 4 * 1024 * 1024;

/// How often a path is polled.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// A keep-alive connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: Vec<u8>,
}

impl Connection {
    /// Connects as a worker, or without a login.
    pub(crate) async fn open(address: SocketAddr, worker: Option<&Worker>) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let token = worker.map(|worker| format!("authorization: Bearer {}\r\n", worker.token));
        let head = format!("host: {address}\r\n{}", token.unwrap_or_default());
        Ok(Self { stream: BufReader::new(stream), head })
    }

    pub(crate) async fn get(&mut self, path: &str) -> Outcome<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\n{}\r\n", self.head);
        self.exchange(&request, ANSWER_TIMEOUT).await
    }

    /// `POST` with an idempotency key.
    pub(crate) async fn post(&mut self, path: &str, key: &str, body: &str) -> Outcome<Answer> {
        let request = format!(
            "POST {path} HTTP/1.1\r\n{}idempotency-key: {key}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.head,
            body.len(),
        );
        self.exchange(&request, ANSWER_TIMEOUT).await
    }

    /// `POST` of a form by a provider, with the header that signs it.
    pub(crate) async fn report(
        &mut self,
        path: &str,
        (header, signature): (&str, &str),
        form: &str,
    ) -> Outcome<Answer> {
        let request = format!(
            "POST {path} HTTP/1.1\r\n{}{header}: {signature}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            self.head,
            form.len(),
        );
        self.exchange(&request, ANSWER_TIMEOUT).await
    }

    /// Opens a stream and returns a reader of its lines. Events are small, so each line is whole within an HTTP chunk,
    /// and the chunks' own lines are no fields of events.
    pub(crate) async fn stream(mut self, path: &str) -> Outcome<BufReader<TcpStream>> {
        let request = format!("GET {path} HTTP/1.1\r\n{}accept: text/event-stream\r\n\r\n", self.head);
        self.stream.write_all(request.as_bytes()).await?;
        let (status, _) = head_of(&mut self.stream).await?;
        if status == 200 {
            Ok(self.stream)
        } else {
            Err(Failed::because(format!("the stream answers {status}")))
        }
    }

    /// Uploads a CSV file.
    pub(crate) async fn upload(&mut self, path: &str, file: &str) -> Outcome<Answer> {
        let request = format!(
            "POST {path} HTTP/1.1\r\n{}content-type: text/csv\r\ncontent-length: {}\r\n\r\n{file}",
            self.head,
            file.len(),
        );
        self.exchange(&request, UPLOAD_TIMEOUT).await
    }

    async fn exchange(&mut self, request: &str, limit: Duration) -> Outcome<Answer> {
        timeout(limit, self.ask(request)).await.map_err(|_| Failed::because("no answer in time"))?
    }

    async fn ask(&mut self, request: &str) -> Outcome<Answer> {
        self.stream.write_all(request.as_bytes()).await?;
        let (status, length) = head_of(&mut self.stream).await?;
        if length > ANSWER_MAX {
            return Err(Failed::because("an answer is too long"));
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// The answer, if it has this status.
    pub(crate) fn expect(self, status: u16) -> Outcome<Self> {
        if self.status == status {
            return Ok(self);
        }
        let text = String::from_utf8_lossy(&self.body);
        Err(Failed::because(format!("answered {} instead of {status}: {text}", self.status)))
    }

    pub(crate) fn json(&self) -> Outcome<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

/// Reads one path again and again.
pub(crate) struct Reading {
    connection: Connection,
    path: String,
}

impl Reading {
    /// So many readers at once for a while, each on a connection of its own.
    pub(crate) async fn turn(
        (address, reader): (SocketAddr, &Worker),
        path: &str,
        readers: usize,
        time: Duration,
    ) -> Outcome<Sample> {
        let mut callers = Vec::with_capacity(readers);
        for _ in 0..readers {
            let connection = Connection::open(address, Some(reader)).await?;
            callers.push(Self { connection, path: path.to_owned() });
        }
        call_for(time, callers).await
    }
}

impl Caller for Reading {
    async fn call(&mut self) -> Outcome<()> {
        self.connection.get(&self.path).await?.expect(200)?;
        Ok(())
    }
}

/// Waits until a path answers 200.
pub(crate) async fn answered(address: SocketAddr, path: &str) {
    while !is_answered(address, path).await {
        sleep(LOOK_INTERVAL).await;
    }
}

async fn is_answered(address: SocketAddr, path: &str) -> bool {
    let Ok(mut connection) = Connection::open(address, None).await else { return false };
    matches!(connection.get(path).await, Ok(answer) if answer.status == 200)
}

/// The status, and the length of the body.
async fn head_of(stream: &mut (impl AsyncBufRead + Unpin)) -> Outcome<(u16, usize)> {
    let (mut status, mut length) = (0, 0);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(Failed::because("the connection was closed"));
        }
        let text = line.trim_end();
        if text.is_empty() {
            return Ok((status, length));
        }
        if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
            status = rest.get(..3).and_then(|code| code.parse().ok()).unwrap_or_default();
        } else if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
}
