//! The spool of an upload: the file is on disk while it is read, so that memory does not grow with it. The file has no
//! name, so it vanishes with the process.

use std::fs::File;
use std::io::{ErrorKind, SeekFrom};
use std::time::Duration;

use axum::body::Body;
use domain::import::{EncodingGuess, FileEncoding};
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::time::timeout_at;

use crate::extract::Pace;
use crate::problem::{Answer, Kind, Problem, Reason};
use crate::spool_space::{FILE_BYTES_MAX, Room, full};

/// The minimum pace of an upload: a poor mobile link carries 64 kbit/s.
const PACE: Pace = Pace {
    least_bytes_per_s: 8 * 1024,
    grace: Duration::from_secs(30),
    next: Duration::from_secs(15),
    whole: Duration::from_secs(60 * 60),
};

/// A spooled file, at its beginning.
pub(super) struct Spooled {
    /// The file.
    pub(super) file: File,
    /// The encoding, guessed from its bytes.
    pub(super) guess: FileEncoding,
    /// The SHA-256, which identifies equal uploads.
    pub(super) digest: Vec<u8>,
}

/// Writes a body to disk within the space of `room`.
pub(super) async fn spool(body: Body, room: &mut Room) -> Answer<Spooled> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(disk)?);
    let (mut guess, mut hash, mut length) = (EncodingGuess::default(), Sha256::new(), 0);
    let (mut pieces, arrival) = (body.into_data_stream(), PACE.begin());
    while let Some(piece) = timeout_at(arrival.next_by(length), pieces.next()).await.map_err(too_slow)? {
        let piece = piece.map_err(|_| Problem::new(Kind::Malformed).because(Reason::BodyBroken))?;
        length += piece.len();
        if length > FILE_BYTES_MAX {
            return Err(
                Problem::new(Kind::TooLarge).because(Reason::BodyTooLarge { max_bytes: FILE_BYTES_MAX })
            );
        }
        room.take(piece.len())?;
        guess.take(&piece);
        hash.update(&piece);
        file.write_all(&piece).await.map_err(disk)?;
    }
    file.flush().await.map_err(disk)?;
    file.seek(SeekFrom::Start(0)).await.map_err(disk)?;
    Ok(Spooled { file: file.into_std().await, guess: guess.finish(), digest: hash.finalize().to_vec() })
}

/// The problem for a failed or full disk.
pub(super) fn disk(error: std::io::Error) -> Problem {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            tracing::error!(%error, "no disk space for an uploaded file");
            full()
        }
        _ => Problem::internal(&error),
    }
}

fn too_slow(_: tokio::time::error::Elapsed) -> Problem {
    Problem::new(Kind::TimedOut)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use bytes::Bytes;
    use futures::stream;
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test]
    async fn a_file_comes_back_as_it_arrived() {
        let text = "external_id;name\n1;José\n".repeat(100_000);
        let spooled = spool(Body::from(text.clone()), &mut Room::unbounded()).await;
        let Spooled { mut file, guess, digest } = spooled.unwrap();
        let mut read = String::new();
        file.read_to_string(&mut read).unwrap();
        assert_eq!((read == text, guess), (true, FileEncoding::UTF_8));
        assert_eq!(digest, Sha256::digest(text).to_vec());
    }

    /// Uploads so many pieces of `bytes` each, one every `seconds`. Returns whether the upload is accepted, and after
    /// how many seconds it ends.
    async fn uploaded(pieces: usize, bytes: usize, seconds: u64) -> (bool, u64) {
        let piece = Bytes::from(vec![b'x'; bytes]);
        let body = stream::iter(0..pieces).then(move |_| {
            let piece = piece.clone();
            async move {
                sleep(Duration::from_secs(seconds)).await;
                Ok::<_, std::io::Error>(piece)
            }
        });
        let begun = Instant::now();
        let outcome = spool(Body::from_stream(body), &mut Room::unbounded()).await.map(drop);
        assert!(outcome.as_ref().err().is_none_or(|problem| problem.kind == Kind::TimedOut), "{outcome:?}");
        (outcome.is_ok(), begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickling_upload_times_out_and_a_slow_one_is_accepted() {
        assert_eq!(uploaded(9, 1, 20).await, (false, 15), "nothing comes for too long");
        assert_eq!(uploaded(9, 1, 11).await, (false, 30), "a byte now and then is no upload");
        assert_eq!(uploaded(9, 4 * 1024, 1).await, (true, 9), "a slow beginning");
        assert_eq!(uploaded(99, 3 * 1024, 1).await, (false, 47), "less than the least rate");
        assert_eq!(uploaded(99, 80 * 1024, 10).await, (true, 990), "the least rate");
    }

    #[test]
    fn a_full_disk_and_a_failed_disk_are_different_problems() {
        assert_eq!(disk(ErrorKind::StorageFull.into()).reason, Some(Reason::DiskFull));
        assert_eq!(disk(ErrorKind::Other.into()).kind, Kind::Internal);
    }
}
