//! The lines of an SMTP connection: replies as servers really write them, and commands in one write each.
//!
//! A client acts on the three digits of a reply and on nothing else (RFC 5321 4.2), so the digits are read strictly and
//! the rest leniently: any text or none, in any charset, on lines of any length that end with LF. The last line of a
//! reply may lack its end, or be too long to be read to it; the connection then carries no further reply.

use std::{fmt, io, net::IpAddr};

use bytes::{Buf as _, BytesMut};
use futures::FutureExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::unconstrained,
};
use tokio_rustls::client::TlsStream;

use super::stream;

/// The most bytes of one reply before its last line. RFC 5321 4.5.3.1.5 promises lines of 512; servers write longer
/// ones.
const MAX_REPLY: usize = 64 * 1024;
/// The most lines of one reply before its last line.
const MAX_LINES: usize = 500;
/// How many bytes of a line's text are kept; what follows is read and dropped.
const KEPT_OF_LINE: usize = 512;
/// How much is read at once.
const READ_SIZE: usize = 4 * 1024;

/// A connection to a mail server, in clear or under TLS.
pub(super) struct Wire {
    stream: Stream,
    /// Received bytes that are not yet read as a reply.
    input: BytesMut,
    /// Whether a line was abandoned before its end. Then nothing more is read or written.
    is_ended: bool,
}

pub(super) enum Stream {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Why a connection can carry no further reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ConnectionError {
    /// The other side ended it, or it failed.
    Closed,
    /// It ended before all bytes had left this machine.
    WriteFailed,
    /// TLS failed on it, for this reason.
    Tls(String),
    /// The bytes are no reply: they do not begin with three digits from 200 to 599.
    NotSmtp,
    /// A reply longer than its bounds.
    ReplyTooLong,
    /// An unsolicited reply.
    UnsolicitedReply,
}

/// One reply (RFC 5321 4.2).
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// 200 to 599.
    pub(super) code: u16,
    /// Its lines without their codes, separated by `\n`.
    text: String,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, input: BytesMut::new(), is_ended: false }
    }

    /// Reads the next reply. If this is cancelled in the middle of a reply, the connection cannot be used any more.
    pub(super) async fn read_reply(&mut self) -> Result<Reply, ConnectionError> {
        let mut assembly = Assembly::default();
        loop {
            let line = match self.line(assembly.room()).await {
                Ok(line) => line,
                Err(error) => return assembly.end(&self.unended_line()).ok_or(error),
            };
            if let Some(reply) = assembly.add(&line)? {
                return Ok(reply);
            }
        }
    }

    /// The received part of a line whose end cannot be read. The rest of it must not pass for another reply.
    fn unended_line(&mut self) -> BytesMut {
        self.is_ended = true;
        self.input.split()
    }

    /// Sends bytes in one write, and reads the first reply. A server that closed the connection may have sent its
    /// reason before.
    pub(super) async fn exchange(&mut self, bytes: &[u8]) -> Result<Reply, ConnectionError> {
        if self.is_ended {
            return Err(ConnectionError::WriteFailed);
        }
        self.skip_empty_lines();
        if !self.input.is_empty() {
            return Err(ConnectionError::UnsolicitedReply);
        }
        match (self.stream.write(bytes).await, self.read_reply().await) {
            (Ok(()), reply) => reply,
            (Err(_), Ok(reply)) if reply.is_refusal() => Ok(reply),
            (Err(_), _) => Err(ConnectionError::WriteFailed),
        }
    }

    /// Whether the connection is open and no unsolicited reply has come. Looks at received bytes only, and does not
    /// wait.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.skip_empty_lines();
        if !self.input.is_empty() {
            return false;
        }
        // Outside tokio's cooperative budget: a read that the budget postpones would look like silence.
        match unconstrained(self.fill()).now_or_never() {
            None => true,
            Some(Err(_)) => false,
            Some(Ok(())) => {
                self.skip_empty_lines();
                self.input.is_empty()
            }
        }
    }

    /// Whether a reply has come that answers nothing. Not the 421 of a server that ends the connection, which it may send
    /// at any time (RFC 5321 3.8).
    pub(super) fn has_unsolicited_reply(&mut self) -> bool {
        self.skip_empty_lines();
        !self.input.is_empty() && !self.input.starts_with(b"421")
    }

    /// Sends bytes without reading a reply. That fails silently: a reply that is read later tells what became of it.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write(bytes).await;
    }

    fn skip_empty_lines(&mut self) {
        let ends = self.input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.input.advance(ends);
    }

    /// The raw connection, to start TLS on. Bytes that came in clear after the server's consent would count as sent
    /// under TLS: an attacker on the way could insert them (RFC 3207 section 6, CVE-2011-0411).
    pub(super) fn into_clear(self) -> Result<TcpStream, ConnectionError> {
        match self.stream {
            Stream::Clear(stream) if self.input.is_empty() => Ok(stream),
            _ => Err(ConnectionError::UnsolicitedReply),
        }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// The address of this end.
    pub(super) fn local_address(&self) -> io::Result<IpAddr> {
        let stream = match &self.stream {
            Stream::Clear(stream) => stream,
            Stream::Tls(stream) => stream.get_ref().0,
        };
        Ok(stream.local_addr()?.ip())
    }

    /// The next line with its end, of at most `max` bytes and what came with them.
    async fn line(&mut self, max: usize) -> Result<BytesMut, ConnectionError> {
        let mut searched = 0;
        loop {
            if let Some(found) = memchr::memchr(b'\n', &self.input[searched..]) {
                return Ok(self.input.split_to(searched + found + 1));
            }
            searched = self.input.len();
            if searched > max {
                return Err(ConnectionError::ReplyTooLong);
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), ConnectionError> {
        if self.is_ended {
            return Err(ConnectionError::Closed);
        }
        self.input.reserve(READ_SIZE);
        match self.stream.read(&mut self.input).await {
            Ok(0) => Err(ConnectionError::Closed),
            Ok(_) => Ok(()),
            Err(error) if stream::is_tls(&error) => Err(ConnectionError::Tls(error.to_string())),
            Err(_) => Err(ConnectionError::Closed),
        }
    }
}

impl Stream {
    async fn read(&mut self, into: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read_buf(into).await,
            Self::Tls(stream) => stream.read_buf(into).await,
        }
    }

    /// An error is proof that the last byte never left: the server cannot read a part of a TLS record either.
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }
}

impl Reply {
    #[cfg(test)]
    pub(super) fn new(code: u16, text: &str) -> Self {
        Self { code, text: text.to_owned() }
    }

    /// A code that is not known is read by its first digit (RFC 5321 4.2).
    pub(super) fn is_completion(&self) -> bool {
        self.code / 100 == 2
    }

    pub(super) fn is_intermediate(&self) -> bool {
        self.code / 100 == 3
    }

    pub(super) fn is_refusal(&self) -> bool {
        self.code >= 400
    }

    /// The text of each line.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.split('\n')
    }
}

/// The server's text stays out of logs.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("code", &self.code).finish_non_exhaustive()
    }
}

/// A reply of which some lines have arrived.
#[derive(Debug, Default)]
struct Assembly {
    text: String,
    /// Whether a line with a code was seen.
    is_begun: bool,
    lines: usize,
    bytes: usize,
}

impl Assembly {
    fn room(&self) -> usize {
        MAX_REPLY.saturating_sub(self.bytes)
    }

    /// Adds a line; gives the reply when it was the last. Lines should agree about the code: the last one decides.
    fn add(&mut self, line: &[u8]) -> Result<Option<Reply>, ConnectionError> {
        let text = line.trim_ascii_end();
        let numbered = numbered(text);
        // The bounds limit the lines before the last one, and this is the last one.
        if let Some(Numbered { code, text, is_last: true }) = numbered {
            self.append(text);
            return Ok(Some(Reply { code, text: std::mem::take(&mut self.text) }));
        }
        self.count(line)?;
        match numbered {
            Some(Numbered { text, .. }) => self.append(text),
            None if self.is_begun => self.append(text),
            None if text.is_empty() => {}
            None => return Err(ConnectionError::NotSmtp),
        }
        Ok(None)
    }

    /// The reply, if a line without a line break is its last one: three digits and a space, or the digits alone.
    fn end(&mut self, line: &[u8]) -> Option<Reply> {
        let has_its_digits = matches!(line.trim_ascii_end().get(3), None | Some(b' ' | b'\t'));
        if has_its_digits { self.add(line).ok().flatten() } else { None }
    }

    fn count(&mut self, line: &[u8]) -> Result<(), ConnectionError> {
        self.bytes += line.len();
        self.lines += 1;
        if self.bytes > MAX_REPLY || self.lines > MAX_LINES {
            Err(ConnectionError::ReplyTooLong)
        } else {
            Ok(())
        }
    }

    fn append(&mut self, text: &[u8]) {
        if self.is_begun {
            self.text.push('\n');
        }
        self.is_begun = true;
        self.text.push_str(&decoded(text));
    }
}

/// A line that begins with a code.
struct Numbered<'a> {
    code: u16,
    text: &'a [u8],
    is_last: bool,
}

fn numbered(line: &[u8]) -> Option<Numbered<'_>> {
    let (digits, rest) = line.split_first_chunk::<3>()?;
    if !matches!(digits, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9']) {
        return None;
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let (text, is_last) = match rest.split_first() {
        Some((b'-', text)) => (text, false),
        Some((b' ' | b'\t', text)) => (text, true),
        Some((digit, _)) if digit.is_ascii_digit() => return None,
        _ => (rest, true),
    };
    Some(Numbered { code, text, is_last })
}

/// The text as UTF-8, else as Latin-1, in which every byte is a character.
fn decoded(text: &[u8]) -> String {
    let kept = &text[..text.len().min(KEPT_OF_LINE)];
    match std::str::from_utf8(kept) {
        Ok(text) => text.to_owned(),
        // We cut the text in the middle of a character.
        Err(error) if kept.len() < text.len() && error.error_len().is_none() => {
            String::from_utf8_lossy(&kept[..error.valid_up_to()]).into_owned()
        }
        Err(_) => kept.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
