//! The data folder and its owner: the process that holds the folder's lock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::StackError;
use crate::{files, platform};

/// The lock file of the folder. It contains the owner's process id.
pub(crate) const OWNER_FILE: &str = "owner.lock";

/// How long a start waits for a dying owner: a killed process keeps its locks until the system has cleaned it up.
const DYING_OWNER_WAIT: Duration = Duration::from_secs(2);

/// How often a lock held by another process is tried again.
pub(crate) const LOCK_POLL: Duration = Duration::from_millis(20);

/// A data folder owned by this process.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Creates the folder if it is missing, and takes its lock.
    pub(crate) async fn claim(path: &Path) -> Result<Self, StackError> {
        platform::create_private(path).map_err(StackError::file("make the data folder", path))?;
        let path = path.canonicalize().map_err(StackError::file("find", path))?;
        let owner_file = path.join(OWNER_FILE);
        let deadline = Instant::now() + DYING_OWNER_WAIT;
        loop {
            if let Some(lock) = try_lock(&owner_file).map_err(StackError::file("lock", &owner_file))? {
                fs::write(&owner_file, std::process::id().to_string())
                    .map_err(StackError::file("write", &owner_file))?;
                return Ok(Self { path, _lock: lock });
            }
            if Instant::now() >= deadline {
                let owner = fs::read_to_string(&owner_file).unwrap_or_else(|_| "unknown".to_owned());
                return Err(StackError::InUse { path, owner });
            }
            sleep(LOCK_POLL).await;
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether a living process owns the folder.
pub(crate) fn is_owned(data: &Path) -> bool {
    let owner_file = data.join(OWNER_FILE);
    owner_file.exists() && matches!(try_lock(&owner_file), Ok(None))
}

/// Takes the lock of a file, which is created if missing. None if another process holds it.
pub(crate) fn try_lock(path: &Path) -> std::io::Result<Option<File>> {
    let file = platform::private(OpenOptions::new().write(true).create(true)).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Creates a temporary folder with a random name.
pub(crate) fn temporary() -> Result<PathBuf, StackError> {
    let path = std::env::temp_dir().join(format!("mensajeria-{}", files::random_hex(8)));
    platform::create_private(&path).map_err(StackError::file("make the temporary folder", &path))?;
    Ok(path)
}
