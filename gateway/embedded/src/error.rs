//! Why the embedded stack could not do what it was asked.

use std::path::{Path, PathBuf};

/// Why the embedded stack could not start, stop, or serve a test.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A file or folder of the stack could not be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    File {
        /// What was tried, as an infinitive.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
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
        /// The process id that the owner wrote down, or `unknown`.
        owner: String,
    },
    /// A program is neither cached, nor to be downloaded, nor on PATH; the text says what to do.
    #[error("{0}")]
    NoProgram(String),
    /// A downloaded file is not one of those that this version was built to trust.
    #[error("refused {}: its SHA-256 {found} is none of the pinned ones", path.display())]
    HashMismatch {
        /// The downloaded file.
        path: PathBuf,
        /// Its SHA-256 in hexadecimal.
        found: String,
    },
    /// A program ended with a failure or not within its bound.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program's name.
        program: String,
        /// The end of what it said, or why it could not be started.
        output: String,
    },
    /// The cluster in the data folder was made by another major version of PostgreSQL.
    #[error(
        "the data folder {} was made by PostgreSQL {made_by}, and the PostgreSQL found is {found}: put PostgreSQL \
         {made_by} first on PATH, or choose another folder with --data",
        path.display()
    )]
    OtherVersion {
        /// The cluster's folder.
        path: PathBuf,
        /// The major version that made it.
        made_by: String,
        /// The major version found.
        found: u32,
    },
    /// A server did not come up, or did not stay up.
    #[error("{server} did not {verb}: {reason}")]
    Server {
        /// The server's name.
        server: &'static str,
        /// `start`, `stay up` or `stop`.
        verb: &'static str,
        /// What it said last.
        reason: String,
    },
    /// The stack was started without the server that is needed here.
    #[error("this stack was started without {0}")]
    NotStarted(&'static str),
    /// A statement for a test's database failed.
    #[error("the embedded PostgreSQL refused: {0}")]
    Database(#[from] sqlx::Error),
}

impl StackError {
    /// Turns an `io::Error` into one that names the file.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// Whether another port or another moment may help.
    pub(crate) fn is_worth_another_try(&self) -> bool {
        matches!(self, Self::Server { verb: "start", .. })
    }
}
