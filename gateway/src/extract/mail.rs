//! Reads the beginning of a mail and drops the rest: what a report says stands before the mail that it sends back, which may
//! have many megabytes.

use std::time::Duration;

use axum::body::{Body, Bytes};
use bytes::BytesMut;
use futures::StreamExt;
use tokio::time::timeout_at;

use super::body::STRANGER_BODY_BYTES_MAX;
use super::pace::Pace;
use crate::problem::{Answer, Kind, Problem, Reason};

/// How much of a mail is kept.
pub const MAIL_KEPT_BYTES_MAX: usize = 256 * 1024;
/// The largest mail that is taken, most of it to be dropped. Mail servers carry 25 to 50 MB.
pub const MAIL_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The minimum pace of a mail.
const PACE: Pace =
    Pace { least_bytes_per_s: 1_024, grace: Duration::from_secs(5), next: TIMEOUT, whole: TIMEOUT };
/// How long a mail may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The beginning of a mail, and what it was recognised as.
#[derive(Debug, PartialEq, Eq)]
pub struct MailStart<T> {
    /// At most [`MAIL_KEPT_BYTES_MAX`].
    pub bytes: Bytes,
    /// What `recognise` made of it.
    pub recognised: T,
}

/// Reads a mail. As much as any stranger may send shows whether it is ours to read: before that nothing more is kept.
///
/// # Errors
/// 403 when it is not recognised, 413 when it is too large, 408 when it takes too long, 400 when it ends early.
pub async fn read_mail<T>(body: Body, recognise: impl Fn(&[u8]) -> Option<T>) -> Answer<MailStart<T>> {
    let (arrival, mut chunks) = (PACE.begin(), body.into_data_stream());
    let (mut kept, mut arrived, mut recognised) = (BytesMut::new(), 0, None);
    while let Some(chunk) =
        timeout_at(arrival.next_by(arrived), chunks.next()).await.map_err(|_| Problem::new(Kind::TimedOut))?
    {
        let chunk = chunk.map_err(|_| Problem::new(Kind::Malformed).because(Reason::BodyBroken))?;
        arrived += chunk.len();
        if arrived > MAIL_BYTES_MAX {
            return Err(too_large());
        }
        let room = MAIL_KEPT_BYTES_MAX - kept.len();
        kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if recognised.is_none() && kept.len() > STRANGER_BODY_BYTES_MAX {
            recognised = Some(recognise(&kept).ok_or_else(Problem::forbidden)?);
        }
    }
    let recognised = recognised.or_else(|| recognise(&kept)).ok_or_else(Problem::forbidden)?;
    Ok(MailStart { bytes: kept.freeze(), recognised })
}

fn too_large() -> Problem {
    Problem::new(Kind::TooLarge).because(Reason::BodyTooLarge { max_bytes: MAIL_BYTES_MAX })
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    /// A mail of so many bytes in pieces of 8 kB, with a mark at a place.
    async fn read(length: usize, mark: usize) -> Answer<MailStart<usize>> {
        let mut mail = vec![b' '; length];
        if let Some(place) = mail.get_mut(mark) {
            *place = b'!';
        }
        let pieces: Vec<_> =
            mail.chunks(8_192).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece))).collect();
        let body = Body::from_stream(stream::iter(pieces));
        read_mail(body, |start| start.iter().position(|byte| *byte == b'!')).await
    }

    #[tokio::test]
    async fn of_a_large_mail_the_beginning_is_kept() {
        let small = read(100, 50).await.unwrap();
        assert_eq!((small.bytes.len(), small.recognised), (100, 50));
        let large = read(10_000_000, 16_000).await.unwrap();
        assert_eq!((large.bytes.len(), large.recognised), (MAIL_KEPT_BYTES_MAX, 16_000));
    }

    #[tokio::test]
    async fn what_is_not_ours_is_refused_before_it_is_kept() {
        for (length, mark) in [(100, 100), (0, 0), (1_000_000, 900_000)] {
            assert_eq!(read(length, mark).await.unwrap_err().kind, Kind::Forbidden, "{length}");
        }
    }

    #[tokio::test]
    async fn a_mail_that_no_server_carries_is_refused() {
        assert_eq!(read(MAIL_BYTES_MAX + 1, 0).await.unwrap_err().kind, Kind::TooLarge);
    }
}
