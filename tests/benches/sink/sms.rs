//! An HTTP API of the dialect of Twilio that accepts every SMS.

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use url::form_urlencoded;

use super::{Arrivals, Taken};

/// The longest line and the largest body, in bytes.
const READ_MAX: u64 = 64 * 1024;

pub(super) async fn session(stream: TcpStream, arrivals: Arc<Arrivals>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(length) = head(&mut stream).await? {
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let number = arrivals.sms(&recipient(&body));
        let sid = sid(number);
        stream.write_all(answer(&sid).as_bytes()).await?;
        if arrivals.has_reporters()
            && let Some(callback) = callback(&body)
        {
            arrivals.hand_over(number, Taken { sid, callback, at: Instant::now() });
        }
    }
    Ok(())
}

/// The sid of the message of this number. It looks as random as a provider's, so that indexes work as they will.
fn sid(number: u64) -> String {
    format!("SM{:016x}{:016x}", scattered(number), scattered(!number))
}

fn answer(sid: &str) -> String {
    let body = format!(r#"{{"sid":"{sid}","status":"queued","error_code":null}}"#);
    let length = body.len();
    format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// A number that is distinct for each and looks random: the last step of SplitMix64.
const fn scattered(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 27)
}

/// The length of the body after the next head; none after the client has closed.
async fn head(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<usize>> {
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if stream.take(READ_MAX).read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                let told: u64 = value.trim().parse().map_err(|_| Error::from(ErrorKind::InvalidData))?;
                length = told.min(READ_MAX) as usize;
            }
            None if line == "\r\n" => return Ok(Some(length)),
            _ => {}
        }
    }
}

/// The number in the field `To` of a form, whose `+` is written `%2B`.
fn recipient(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let to = body.split('&').find_map(|field| field.strip_prefix("To=")).unwrap_or_default();
    to.replace("%2B", "+")
}

/// The address at which receipts are asked for, in the field `StatusCallback` of a form.
fn callback(body: &[u8]) -> Option<String> {
    let (_, callback) = form_urlencoded::parse(body).find(|(name, _)| name == "StatusCallback")?;
    Some(callback.into_owned())
}
