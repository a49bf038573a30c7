//! A client that costs little, since it shares the machine with what it measures: one connection, one request at a time.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Outcome;
use super::people::Worker;
use crate::cli::CliError;

/// After this a request has failed.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The most of an answer that is read, in bytes.
const ANSWER_MAX: usize = 4 * 1024 * 1024;

/// A connection that is kept alive.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    body: Vec<u8>,
}

impl Connection {
    /// Connects as a worker; nobody, for what needs no login.
    pub(super) async fn open(address: SocketAddr, worker: Option<&Worker>) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await.map_err(CliError::failed)?;
        stream.set_nodelay(true).map_err(CliError::failed)?;
        let token = worker.map(|worker| format!("authorization: Bearer {}\r\n", worker.token));
        let head = format!("host: {address}\r\n{}", token.unwrap_or_default());
        Ok(Self { stream: BufReader::new(stream), head })
    }

    pub(super) async fn get(&mut self, path: &str) -> Outcome<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\n{}\r\n", self.head);
        self.exchange(&request).await
    }

    /// `POST` under an idempotency key.
    pub(super) async fn post(&mut self, path: &str, key: &str, body: &str) -> Outcome<Answer> {
        let request = format!(
            "POST {path} HTTP/1.1\r\n{}idempotency-key: {key}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.head,
            body.len(),
        );
        self.exchange(&request).await
    }

    /// Asks for a stream, whose lines are read from what this gives. Events are small, so each line comes whole within
    /// a chunk, and the lines of the chunks' own are no fields of events.
    pub(super) async fn stream(mut self, path: &str) -> Outcome<BufReader<TcpStream>> {
        let request = format!("GET {path} HTTP/1.1\r\n{}accept: text/event-stream\r\n\r\n", self.head);
        self.stream.write_all(request.as_bytes()).await.map_err(CliError::failed)?;
        let (status, _) = head_of(&mut self.stream).await?;
        if status == 200 {
            Ok(self.stream)
        } else {
            Err(CliError::failed(format!("the stream answers {status}")))
        }
    }

    async fn exchange(&mut self, request: &str) -> Outcome<Answer> {
        timeout(ANSWER_TIMEOUT, self.ask(request)).await.map_err(|_| CliError::failed("no answer in time"))?
    }

    async fn ask(&mut self, request: &str) -> Outcome<Answer> {
        self.stream.write_all(request.as_bytes()).await.map_err(CliError::failed)?;
        let (status, length) = head_of(&mut self.stream).await?;
        if length > ANSWER_MAX {
            return Err(CliError::failed("an answer is too long"));
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.map_err(CliError::failed)?;
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// The answer, if it has this status.
    pub(super) fn expect(self, status: u16) -> Outcome<Self> {
        if self.status == status {
            return Ok(self);
        }
        let text = String::from_utf8_lossy(&self.body);
        Err(CliError::failed(format!("answered {} instead of {status}: {text}", self.status)))
    }

    pub(super) fn json(&self) -> Outcome<Value> {
        serde_json::from_slice(&self.body).map_err(CliError::failed)
    }
}

/// Status and length of what follows.
async fn head_of(stream: &mut (impl AsyncBufRead + Unpin)) -> Outcome<(u16, usize)> {
    let (mut status, mut length) = (0, 0);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.map_err(CliError::failed)? == 0 {
            return Err(CliError::failed("the connection was closed"));
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
            length = value.trim().parse().map_err(CliError::failed)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn status_and_length_are_read_and_the_rest_is_left() {
        let mut stream = BufReader::new(&b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nx: y\r\n\r\n{}"[..]);
        assert_eq!(head_of(&mut stream).await.unwrap(), (201, 2));
        assert_eq!(stream.buffer(), b"{}");
    }

    #[tokio::test]
    async fn a_closed_connection_is_an_error() {
        assert!(head_of(&mut BufReader::new(&b"HTTP/1.1 200 OK\r\n"[..])).await.is_err());
    }
}
