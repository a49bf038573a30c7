//! The errors of the embedded stack.

use std::path::{Path, PathBuf};

/// Why the embedded stack could not start, stop, or serve a test.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A file or folder of the stack could not be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    File {
        /// The action, as an infinitive.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Another living process owns the data folder.
    #[error(
        "the data folder {} is in use by another mensajeria (process {owner}): stop that one, or choose another \
         folder with --data",
        path.display()
    )]
    InUse {
        /// The data folder.
        path: PathBuf,
        /// The owner's process id, or `unknown`.
        owner: String,
    },
    /// A program is not cached, cannot be downloaded, and is not on PATH. The text says what to do.
    #[error("{0}")]
    NoProgram(String),
    /// A downloaded file has none of the pinned hashes.
    #[error("refused {}: its SHA-256 {found} is none of the pinned ones", path.display())]
    HashMismatch {
        /// The downloaded file.
        path: PathBuf,
        /// Its SHA-256 in hexadecimal.
        found: String,
    },
    /// A program failed or exceeded its timeout.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program's name.
        program: String,
        /// The end of its output, or why it did not start.
        output: String,
    },
    /// Another major version of PostgreSQL created the cluster in the data folder.
    #[error(
        "the data folder {} was made by PostgreSQL {made_by}, and the PostgreSQL found is {found}: put PostgreSQL \
         {made_by} first on PATH, or choose another folder with --data",
        path.display()
    )]
    OtherVersion {
        /// The cluster's folder.
        path: PathBuf,
        /// The major version that created it.
        made_by: String,
        /// The installed major version.
        found: u32,
    },
    /// A server did not start, stay up or stop.
    #[error("{server} did not {verb}: {reason}")]
    Server {
        /// The server's name.
        server: &'static str,
        /// `start`, `stay up` or `stop`.
        verb: &'static str,
        /// Its last output.
        reason: String,
    },
    /// The stack was started without the server that a call needs.
    #[error("this stack was started without {0}")]
    NotStarted(&'static str),
    /// A statement for a test's database failed.
    #[error("the embedded PostgreSQL refused: {0}")]
    Database(#[from] sqlx::Error),
}

impl StackError {
    /// Adds the action and the path to an `io::Error`.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// Whether a retry on another port or at another time may succeed.
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self, Self::Server { verb: "start", .. })
    }
}
