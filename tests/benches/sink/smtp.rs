//! An SMTP server that accepts everything (RFC 5321), with PIPELINING (RFC 2920).

use std::io::{Error, ErrorKind};
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Arrivals;

/// The longest line, in bytes.
const LINE_MAX: u64 = 64 * 1024;

pub(super) async fn session(stream: TcpStream, arrivals: Arc<Arrivals>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let (mut line, mut replies) = (Vec::new(), b"220 sink ESMTP\r\n".to_vec());
    let mut is_data = false;
    loop {
        // Replies to pipelined commands are written together.
        if stream.buffer().is_empty() && !replies.is_empty() {
            stream.write_all(&replies).await?;
            replies.clear();
        }
        line.clear();
        (&mut stream).take(LINE_MAX).read_until(b'\n', &mut line).await?;
        if !line.ends_with(b"\n") {
            return if line.is_empty() { Ok(()) } else { Err(Error::from(ErrorKind::InvalidData)) };
        }
        if is_data {
            if line == b".\r\n" {
                is_data = false;
                let number = arrivals.email();
                replies.extend_from_slice(format!("250 2.0.0 queued as {number:010X}\r\n").as_bytes());
            }
            continue;
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        is_data = verb == b"DATA";
        replies.extend_from_slice(reply(&verb));
        if verb == b"QUIT" {
            return stream.write_all(&replies).await;
        }
    }
}

fn reply(verb: &[u8]) -> &'static [u8] {
    match verb {
        b"EHLO" => b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 10485760\r\n",
        b"DATA" => b"354 go on\r\n",
        b"QUIT" => b"221 2.0.0 bye\r\n",
        _ => b"250 2.1.0 ok\r\n",
    }
}
