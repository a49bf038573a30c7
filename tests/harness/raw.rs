//! A raw TCP connection: the test chooses every byte.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A connection to the gateway.
pub struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status.
    pub status: u16,
    /// The status line and headers, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Raw {
    /// A connection from an address of this machine, such as 127.0.0.2.
    pub async fn from(ip: Ipv4Addr, to: SocketAddr) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((ip, 0).into())?;
        Ok(Self { stream: socket.connect(to).await?, read: Vec::new() })
    }

    /// A connection from 127.0.0.1.
    pub async fn open(to: SocketAddr) -> Self {
        Self::from(Ipv4Addr::LOCALHOST, to).await.expect("a connection")
    }

    /// Sends bytes, as far as the server takes them.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await
    }

    /// Sends bytes and reads the next answer; none if the server closes instead.
    pub async fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Option<RawAnswer> {
        // A refused connection may be closed before everything is sent.
        let _ = self.send(bytes).await;
        let end = loop {
            match find(&self.read, b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.more().await?,
            }
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_lowercase();
        let length: usize = field(&head, "content-length").map_or(0, |text| text.parse().expect("a length"));
        while self.read.len() < end + length {
            self.more().await?;
        }
        let body = String::from_utf8_lossy(&self.read[end..end + length]).into_owned();
        self.read.drain(..end + length);
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Some(RawAnswer { status, head, body })
    }

    /// Waits until the server closes. Further data is dropped.
    pub async fn closed(mut self) {
        while self.more().await.is_some() {}
    }

    async fn more(&mut self) -> Option<()> {
        // Reset or closed: either way nothing more comes.
        let read = self.stream.read_buf(&mut self.read).await.unwrap_or(0);
        (read > 0).then_some(())
    }
}

impl RawAnswer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.into_iter().find_map(|(found, value)| (found == name).then_some(value))
}

fn find(all: &[u8], part: &[u8]) -> Option<usize> {
    all.windows(part.len()).position(|window| window == part)
}
