//! The socket of a connection: the timeouts of request heads and of writes, and the check that every line of a head
//! ends with CR LF.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::bounds::Bounds;
use crate::admission::Connection;

/// A stream with the limits of one connection.
pub(super) struct Socket<S> {
    stream: S,
    connection: Connection,
    /// The number of requests begun when the head was last checked.
    exchanges: u64,
    head: Head,
    head_due: Due,
    write_due: Due,
}

impl<S> Socket<S> {
    pub(super) fn new(stream: S, connection: Connection, bounds: &Bounds) -> Self {
        let (head_due, write_due) = (Due::new(bounds.head_time), Due::new(bounds.write_time));
        Self { stream, connection, exchanges: 0, head: Head::default(), head_due, write_due }
    }

    /// Whether the bytes being read belong to the head of a request.
    fn reads_head(&mut self) -> bool {
        let (exchanges, is_in_exchange) = self.connection.exchanges();
        if exchanges != self.exchanges {
            self.exchanges = exchanges;
            self.head = Head::default();
            self.head_due.call_off();
        }
        !is_in_exchange
    }

    /// The result of a write, or a timeout when the peer reads nothing for too long.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        poll: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if poll.is_ready() {
            self.write_due.call_off();
            self.connection.touch();
            return poll;
        }
        self.write_due.set();
        ready!(self.write_due.poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let socket = self.get_mut();
        let reads_head = socket.reads_head();
        let before = buffer.filled().len();
        match Pin::new(&mut socket.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                socket.connection.touch();
                let bytes = &mut buffer.filled_mut()[before..];
                if reads_head && !bytes.is_empty() {
                    socket.head.take(bytes);
                    socket.head_due.set();
                }
                Poll::Ready(read)
            }
            Poll::Pending if reads_head => {
                ready!(socket.head_due.poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        let poll = Pin::new(&mut socket.stream).poll_write(context, bytes);
        socket.written(context, poll)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        let poll = Pin::new(&mut socket.stream).poll_write_vectored(context, pieces);
        socket.written(context, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// A deadline that is armed when something begins.
struct Due {
    time: Duration,
    at: Option<Pin<Box<Sleep>>>,
}

impl Due {
    const fn new(time: Duration) -> Self {
        Self { time, at: None }
    }

    /// Arms the deadline, unless it is armed.
    fn set(&mut self) {
        let time = self.time;
        self.at.get_or_insert_with(|| Box::pin(sleep(time)));
    }

    fn call_off(&mut self) {
        self.at = None;
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.at.as_mut().map_or(Poll::Pending, |at| at.as_mut().poll(context))
    }
}

/// The progress of a request's head.
///
/// hyper accepts a bare line feed as the end of a line, as it may (RFC 9112, 2.2). A proxy in front may read the same
/// bytes as one line, and so another request. Here such a line feed becomes NUL, which no head may contain: hyper
/// answers 400 and closes. A head that arrives in one read with the request before it is not checked.
#[derive(Debug)]
struct Head {
    has_line: bool,
    is_line_empty: bool,
    is_after_return: bool,
    is_whole: bool,
}

impl Default for Head {
    fn default() -> Self {
        // The first bytes of the head may have been read before the previous request was answered.
        Self { has_line: false, is_line_empty: true, is_after_return: true, is_whole: false }
    }
}

impl Head {
    fn take(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.is_whole {
                return;
            }
            match byte {
                b'\n' if !self.is_after_return => *byte = 0,
                b'\n' => {
                    // Empty lines before a request do not end its head.
                    self.is_whole = self.has_line && self.is_line_empty;
                    self.is_line_empty = true;
                }
                b'\r' => {}
                _ => (self.has_line, self.is_line_empty) = (true, false),
            }
            self.is_after_return = *byte == b'\r';
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;
    use crate::admission::{Admitted, ConnectionTable, Owner};

    fn socket(room: usize) -> (Socket<DuplexStream>, DuplexStream, Admitted) {
        let admitted = ConnectionTable::new(10, 10).admit(Owner::Network(None)).unwrap();
        let (ours, theirs) = duplex(room);
        (Socket::new(ours, admitted.0.clone(), &Bounds::default()), theirs, admitted)
    }

    fn taken(pieces: &[&str]) -> String {
        let mut head = Head::default();
        let mut all = Vec::new();
        for piece in pieces {
            let mut bytes = piece.as_bytes().to_vec();
            head.take(&mut bytes);
            all.extend(bytes);
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn a_bare_line_feed_in_a_head_becomes_nul() {
        assert_eq!(taken(&["GET / HTTP/1.1\nHost: a\r\n\r\n"]), "GET / HTTP/1.1\0Host: a\r\n\r\n");
        assert_eq!(
            taken(&["GET / HTTP/1.1\r\nA: b\n", "C: d\r\n\r\n"]),
            "GET / HTTP/1.1\r\nA: b\0C: d\r\n\r\n"
        );
    }

    #[test]
    fn a_head_in_order_and_every_body_stay_as_they_are() {
        for pieces in [
            &["GET / HTTP/1.1\r\nHost: a\r\n\r\n"][..],
            &["\r\nPOST / HTTP/1.1\r\nHost: a\r", "\n\r", "\n{\n}", "\n"],
            &["P", "OST / HTTP/1.1\r\n", "\r\na\nb\r\n\r\nc\n"],
            &["\nHost: a\r\n\r\n"],
        ] {
            assert_eq!(taken(pieces), pieces.concat());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_has_begun_must_end_but_an_idle_connection_may_wait() {
        let (mut ours, mut theirs, _seat) = socket(64);
        let began = Instant::now();
        let mut buffer = [0; 64];
        let sent = async {
            sleep(Duration::from_secs(60)).await;
            theirs.write_all(b"GET /").await.unwrap();
        };
        let (read, ()) = tokio::join!(ours.read(&mut buffer), sent);
        assert_eq!(read.unwrap(), 5);
        assert_eq!(ours.read(&mut buffer).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), 75);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_take_longer_than_a_head() {
        let (mut ours, mut theirs, admitted) = socket(64);
        theirs.write_all(b"POST / HTTP/1.1\r\n\r\n{").await.unwrap();
        let mut buffer = [0; 64];
        assert_eq!(ours.read(&mut buffer).await.unwrap(), 20);
        let exchange = admitted.0.exchange();
        let sent = async {
            sleep(Duration::from_secs(60)).await;
            theirs.write_all(b"\n}").await.unwrap();
        };
        let (read, ()) = tokio::join!(ours.read(&mut buffer), sent);
        assert_eq!(&buffer[..read.unwrap()], b"\n}");
        drop(exchange);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_nothing_is_disconnected_and_a_slow_one_is_not() {
        let (mut ours, mut theirs, _seat) = socket(4);
        let began = Instant::now();
        let read = async {
            for _ in 0..3 {
                sleep(Duration::from_secs(20)).await;
                theirs.read_exact(&mut [0; 4]).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let written = tokio::select! {
            written = ours.write_all(&[b'x'; 100]) => written,
            () = read => unreachable!("it never ends"),
        };
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), 3 * 20 + 30);
    }
}
