//! PostgreSQL's cluster on disk: created atomically, and bound to one major version.

use std::fs;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use crate::error::StackError;
use crate::options::{Durability, StackOptions};
use crate::platform;
use crate::programs::PostgresPrograms;
use crate::{files, initdb};

/// The owner of everything in the cluster.
pub(crate) const USER: &str = "mensajeria";

/// The cluster's folder within a data folder.
const FOLDER: &str = "postgres";

/// Older versions change their working directory at start to find their own path.
const STAYS_WHERE_IT_IS_SINCE: u32 = 16;

/// A cluster on disk and the password of its owner.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) folder: PathBuf,
    pub(crate) password: String,
    /// Cancelled once the cluster's files are on disk.
    pub(crate) written: CancellationToken,
}

impl Cluster {
    /// Opens the cluster of a data folder, or creates it.
    pub(crate) async fn open(
        data: &Path,
        programs: &PostgresPrograms,
        options: &StackOptions,
    ) -> Result<Self, StackError> {
        if programs.major < STAYS_WHERE_IT_IS_SINCE {
            platform::grant_traversal(data, platform::unprivileged_account())
                .map_err(StackError::file("reach", data))?;
        }
        let folder = data.join(FOLDER);
        let password_file = data.join("postgres.password");
        if !folder.exists() {
            options.print.line("making the database cluster");
            make(data, &folder, &password_file, programs).await?;
        }
        check_version(&folder, programs.major)?;
        let written = CancellationToken::new();
        if options.durability == Durability::Durable {
            write_through(data, &folder, programs, written.clone());
        } else {
            written.cancel();
        }
        let password =
            fs::read_to_string(&password_file).map_err(StackError::file("read", &password_file))?;
        Ok(Self { folder, password: password.trim().to_owned(), written })
    }
}

/// Whether a data folder contains a cluster.
pub fn has_cluster(data: &Path) -> bool {
    data.join(FOLDER).exists()
}

/// Creates the cluster in a temporary folder and renames it at the end, so that a kill leaves no incomplete cluster.
async fn make(
    data: &Path,
    folder: &Path,
    password_file: &Path,
    programs: &PostgresPrograms,
) -> Result<(), StackError> {
    remove_unfinished(data)?;
    let account = platform::unprivileged_account();
    let workshop = data.join(format!("{UNFINISHED}{}", files::random_hex(4)));
    platform::create_owned(&workshop, account).map_err(StackError::file("make", &workshop))?;
    let cluster = workshop.join("cluster");
    platform::create_owned(&cluster, account).map_err(StackError::file("make", &cluster))?;
    let password = files::random_hex(32);
    let password_copy = workshop.join("password");
    files::write_private(&password_copy, &password)?;
    platform::give_to(&password_copy, account).map_err(StackError::file("hand over", &password_copy))?;
    files::write_private(password_file, &password)?;
    initdb::make(programs, &cluster, account).await?;
    let marker = data.join(UNWRITTEN);
    files::write_private(&marker, "")?;
    fs::rename(&cluster, folder).map_err(StackError::file("name", folder))?;
    fs::remove_dir_all(&workshop).map_err(StackError::file("remove", &workshop))
}

/// Flushes a new cluster to disk while the server already runs, so that the first start does not wait for a slow disk.
/// Commits are durable from the end of the flush. A killed start leaves the marker file, and the next start flushes
/// again.
fn write_through(data: &Path, folder: &Path, programs: &PostgresPrograms, written: CancellationToken) {
    let (marker, folder, programs) = (data.join(UNWRITTEN), folder.to_owned(), programs.clone());
    let written = written.drop_guard();
    if !marker.exists() {
        return;
    }
    tokio::spawn(async move {
        let _written = written;
        match initdb::write_through(&programs, &folder, platform::unprivileged_account()).await {
            Ok(()) => drop(fs::remove_file(marker)),
            Err(error) => {
                tracing::warn!(%error, "failed to flush the new cluster to disk; the next start tries again")
            }
        }
    });
}

/// The marker file of a cluster that may not be on disk yet.
const UNWRITTEN: &str = "postgres.unwritten";

/// The prefix of incomplete clusters that a killed process may have left.
const UNFINISHED: &str = "postgres.new-";

fn remove_unfinished(data: &Path) -> Result<(), StackError> {
    let entries = fs::read_dir(data).map_err(StackError::file("list", data))?;
    for entry in entries.filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path()).map_err(StackError::file("remove", &entry.path()))?;
        }
    }
    Ok(())
}

/// A cluster works only with the major version that created it.
fn check_version(folder: &Path, found: u32) -> Result<(), StackError> {
    let file = folder.join("PG_VERSION");
    let made_by = fs::read_to_string(&file).map_err(StackError::file("read", &file))?;
    let made_by = made_by.trim().to_owned();
    if made_by == found.to_string() {
        return Ok(());
    }
    Err(StackError::OtherVersion { path: folder.to_owned(), made_by, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_of_another_major_version_is_refused_with_both_versions() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("PG_VERSION"), "18\n").unwrap();
        let text = check_version(folder.path(), 17).unwrap_err().to_string();
        assert!(text.contains("made by PostgreSQL 18") && text.contains("found is 17"), "{text}");
        assert!(check_version(folder.path(), 18).is_ok());
    }
}
