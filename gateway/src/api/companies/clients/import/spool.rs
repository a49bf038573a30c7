//! Keeps an uploaded file on disk while it is read, so that memory does not grow with it. The file has no name: whatever
//! ends the program ends the file.

use std::fs::File;
use std::io::SeekFrom;
use std::time::Duration;

use axum::body::Body;
use domain::import::{EncodingGuess, FileEncoding};
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::problem::{Answer, Kind, Problem, Reason};

/// How large a file may be.
const FILE_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// How long the next piece of it may take to arrive.
const PIECE_TIMEOUT: Duration = Duration::from_secs(60);

/// A file on disk, at its beginning.
pub(super) struct Spooled {
    /// The file.
    pub(super) file: File,
    /// Its encoding, as far as its bytes tell.
    pub(super) guess: FileEncoding,
    /// Its SHA-256: what makes two uploads the same.
    pub(super) digest: Vec<u8>,
}

/// Takes a body to disk.
pub(super) async fn spool(body: Body) -> Answer<Spooled> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(disk)?);
    let (mut guess, mut hash, mut length) = (EncodingGuess::default(), Sha256::new(), 0);
    let mut pieces = body.into_data_stream();
    while let Some(piece) =
        timeout(PIECE_TIMEOUT, pieces.next()).await.map_err(|_| Problem::new(Kind::TimedOut))?
    {
        let piece = piece.map_err(|_| Problem::new(Kind::Malformed).because(Reason::BodyBroken))?;
        length += piece.len();
        if length > FILE_BYTES_MAX {
            return Err(
                Problem::new(Kind::TooLarge).because(Reason::BodyTooLarge { max_bytes: FILE_BYTES_MAX })
            );
        }
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
    Problem::internal(&error)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[tokio::test]
    async fn a_file_comes_back_as_it_arrived() {
        let text = "external_id;name\n1;José\n".repeat(100_000);
        let Spooled { mut file, guess, digest } = spool(Body::from(text.clone())).await.unwrap();
        let mut read = String::new();
        file.read_to_string(&mut read).unwrap();
        assert_eq!((read == text, guess), (true, FileEncoding::UTF_8));
        assert_eq!(digest, Sha256::digest(text).to_vec());
    }
}
