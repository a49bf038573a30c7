//! Keeps an uploaded file on disk while it is read, so that memory does not grow with it. The file has no name: whatever
//! ends the program ends the file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use domain::import::{EncodingGuess, FileEncoding};
use domain::value::UserId;
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::problem::{Answer, Kind, Problem, Reason};

/// How large a file may be.
const FILE_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// How long the next piece of it may take to arrive.
const PIECE_TIMEOUT: Duration = Duration::from_secs(15);
/// How fast a file must come, on average over the upload but for [`GRACE`]: a poor mobile link carries 64 kbit/s.
const LEAST_BYTES_PER_S: usize = 8 * 1024;
/// How long an upload may be slower than that.
const GRACE: Duration = Duration::from_secs(30);
/// How much the files of one caller may take on disk at once.
const CALLER_BYTES_MAX: usize = 2 * FILE_BYTES_MAX;
/// How much the files of everybody may take on disk at once.
const BYTES_MAX: usize = 8 * FILE_BYTES_MAX;
/// When an upload that found no room may come again, in seconds.
const RETRY_AFTER_S: u32 = 60;

/// A file on disk, at its beginning.
pub(super) struct Spooled {
    /// The file.
    pub(super) file: File,
    /// Its encoding, as far as its bytes tell.
    pub(super) guess: FileEncoding,
    /// Its SHA-256: what makes two uploads the same.
    pub(super) digest: Vec<u8>,
}

/// Takes a body to disk, in which it takes up `room`.
pub(super) async fn spool(body: Body, room: &mut Room) -> Answer<Spooled> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(disk)?);
    let (mut guess, mut hash, mut length) = (EncodingGuess::default(), Sha256::new(), 0);
    let (mut pieces, pace) = (body.into_data_stream(), Pace::begin());
    while let Some(piece) = timeout_at(pace.next_by(length), pieces.next()).await.map_err(too_slow)? {
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

/// The disk failed us, or is full.
pub(super) fn disk(error: std::io::Error) -> Problem {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            tracing::error!(%error, "there is no room on disk for an uploaded file");
            full()
        }
        _ => Problem::internal(&error),
    }
}

fn full() -> Problem {
    Problem::unavailable(RETRY_AFTER_S).because(Reason::DiskFull)
}

fn too_slow(_: tokio::time::error::Elapsed) -> Problem {
    Problem::new(Kind::TimedOut)
}

/// How fast an upload comes.
struct Pace(Instant);

impl Pace {
    fn begin() -> Self {
        Self(Instant::now())
    }

    /// When something must have come after the first `length` bytes. A piece that waits already is never late: then the
    /// disk is slow, and not the caller.
    fn next_by(&self, length: usize) -> Instant {
        let at_least_rate = Duration::from_secs_f64(length as f64 / LEAST_BYTES_PER_S as f64);
        (Instant::now() + PIECE_TIMEOUT).min(self.0 + GRACE + at_least_rate)
    }
}

/// The room on disk for uploaded files, by caller. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct SpoolSpace(Arc<Mutex<HashMap<UserId, usize>>>);

/// What one file takes up, free again when it is dropped.
#[derive(Debug, Default)]
pub(super) struct Room {
    of: Option<(SpoolSpace, UserId)>,
    bytes: usize,
}

impl SpoolSpace {
    /// Room for a file of a caller.
    pub(super) fn room(&self, caller: UserId) -> Room {
        Room { of: Some((self.clone(), caller)), bytes: 0 }
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<UserId, usize>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Room {
    /// Room as far as the disk goes: for the command line, whose user may open the database itself.
    pub(super) fn unbounded() -> Self {
        Self::default()
    }

    fn take(&mut self, bytes: usize) -> Answer<()> {
        let Some((space, caller)) = &self.of else { return Ok(()) };
        space.with(|taken| {
            let in_all: usize = taken.values().sum();
            let own = taken.entry(*caller).or_default();
            if *own + bytes > CALLER_BYTES_MAX || in_all + bytes > BYTES_MAX {
                return Err(full());
            }
            *own += bytes;
            self.bytes += bytes;
            Ok(())
        })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let Some((space, caller)) = &self.of else { return };
        space.with(|taken| {
            if let Some(own) = taken.get_mut(caller) {
                *own -= self.bytes;
                if *own == 0 {
                    taken.remove(caller);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use bytes::Bytes;
    use futures::stream;
    use tokio::time::sleep;
    use uuid::Uuid;

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

    /// Whether an upload of so many pieces is taken, a piece of `bytes` each `seconds`, and after how many seconds that is
    /// known.
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
    async fn an_upload_that_trickles_is_given_up_soon_and_a_slow_one_is_taken() {
        assert_eq!(uploaded(9, 1, 20).await, (false, 15), "nothing comes for too long");
        assert_eq!(uploaded(9, 1, 11).await, (false, 30), "a byte now and then is no upload");
        assert_eq!(uploaded(9, 4 * 1024, 1).await, (true, 9), "a slow beginning");
        assert_eq!(uploaded(99, 3 * 1024, 1).await, (false, 47), "less than the least rate");
        assert_eq!(uploaded(99, 80 * 1024, 10).await, (true, 990), "the least rate");
    }

    #[test]
    fn one_caller_takes_no_more_room_than_its_own_and_gives_it_back() {
        let (space, caller) = (SpoolSpace::default(), |number| UserId::from(Uuid::from_u128(number)));
        let mut first = space.room(caller(1));
        assert!(first.take(CALLER_BYTES_MAX).is_ok());
        let refused = space.room(caller(1)).take(1).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.reason), (503, Some(Reason::DiskFull)));
        assert!(space.room(caller(2)).take(1).is_ok());
        drop(first);
        assert!(space.room(caller(1)).take(1).is_ok());
        assert!(space.with(|taken| taken.is_empty()));
    }

    #[test]
    fn all_callers_together_take_no_more_than_there_is() {
        let space = SpoolSpace::default();
        let mut rooms: Vec<_> = (0..5).map(|number| space.room(Uuid::from_u128(number).into())).collect();
        let taken: Vec<_> = rooms.iter_mut().map(|room| room.take(CALLER_BYTES_MAX).is_ok()).collect();
        assert_eq!(taken, [true, true, true, true, false]);
    }

    #[test]
    fn a_full_disk_is_told_from_one_that_fails() {
        assert_eq!(disk(ErrorKind::StorageFull.into()).reason, Some(Reason::DiskFull));
        assert_eq!(disk(ErrorKind::Other.into()).kind, Kind::Internal);
    }
}
