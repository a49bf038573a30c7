//! PostgreSQL's cluster on disk: made once, whole or not at all, and of one major version for ever.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::timeout;

use super::error::StackError;
use super::files;
use super::options::{Durability, StackOptions};
use super::platform::{self, Account};
use super::programs::PostgresPrograms;

/// The owner of everything in the cluster.
pub(super) const USER: &str = "mensajeria";

/// How long making a cluster may take, with every file flushed to a slow disk.
const INITDB_WAIT: Duration = Duration::from_secs(120);

/// The first version with a locale provider that needs nothing of the system.
const BUILTIN_LOCALE_SINCE: u32 = 17;

/// The first version whose password hashing can be told how hard to work.
const SCRAM_ITERATIONS_SINCE: u32 = 16;

/// Older versions leave their working directory at start to find out where they are, and walk back.
const STAYS_WHERE_IT_IS_SINCE: u32 = 16;

/// A cluster on disk and the password of its owner.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) folder: PathBuf,
    pub(super) password: String,
}

impl Cluster {
    /// The cluster in this data folder, made now if there is none.
    pub(super) async fn open(
        data: &Path,
        programs: &PostgresPrograms,
        options: &StackOptions,
    ) -> Result<Self, StackError> {
        if programs.major < STAYS_WHERE_IT_IS_SINCE {
            platform::open_the_way(data, platform::lesser_account())
                .map_err(StackError::file("reach", data))?;
        }
        let folder = data.join("postgres");
        let password_file = data.join("postgres.password");
        if !folder.exists() {
            options.print.line("making the database cluster");
            make(data, &folder, &password_file, programs, options.durability).await?;
        }
        check_version(&folder, programs.major)?;
        let password =
            fs::read_to_string(&password_file).map_err(StackError::file("read", &password_file))?;
        Ok(Self { folder, password: password.trim().to_owned() })
    }
}

/// Makes the cluster in a folder beside and renames it at the end, so that a kill leaves nothing half made.
async fn make(
    data: &Path,
    folder: &Path,
    password_file: &Path,
    programs: &PostgresPrograms,
    durability: Durability,
) -> Result<(), StackError> {
    remove_unfinished(data)?;
    let account = platform::lesser_account();
    let workshop = data.join(format!("{UNFINISHED}{}", files::random_hex(4)));
    platform::create_owned(&workshop, account).map_err(StackError::file("make", &workshop))?;
    let cluster = workshop.join("cluster");
    platform::create_owned(&cluster, account).map_err(StackError::file("make", &cluster))?;
    let password = files::random_hex(32);
    let password_copy = workshop.join("password");
    files::write_private(&password_copy, &password)?;
    platform::give_to(&password_copy, account).map_err(StackError::file("hand over", &password_copy))?;
    files::write_private(password_file, &password)?;
    initdb(programs, &cluster, account, durability).await?;
    fs::rename(&cluster, folder).map_err(StackError::file("name", folder))?;
    fs::remove_dir_all(&workshop).map_err(StackError::file("remove", &workshop))
}

/// Begins the names of folders that a killed run may have left half made.
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

async fn initdb(
    programs: &PostgresPrograms,
    cluster: &Path,
    account: Option<Account>,
    durability: Durability,
) -> Result<(), StackError> {
    let failed =
        |output: String| StackError::Failed { program: programs.initdb.display().to_string(), output };
    let mut command = Command::new(&programs.initdb);
    command
        .args(initdb_args(&platform::place(cluster, account), programs.major, durability))
        .stdin(Stdio::null());
    platform::run_in(&mut command, cluster, account).map_err(StackError::file("enter", cluster))?;
    let output = tokio::process::Command::from(command).kill_on_drop(true).output();
    let output = match timeout(INITDB_WAIT, output).await {
        Ok(output) => output.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed(format!("no end within {} s", INITDB_WAIT.as_secs()))),
    };
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

fn initdb_args(here: &Path, major: u32, durability: Durability) -> Vec<String> {
    let here = here.display();
    let mut args = vec![
        format!("--pgdata={here}"),
        format!("--pwfile={here}/../password"),
        format!("--username={USER}"),
        "--auth=scram-sha-256".to_owned(),
        "--encoding=UTF8".to_owned(),
        "--no-instructions".to_owned(),
    ];
    if major >= BUILTIN_LOCALE_SINCE {
        args.extend(
            ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"].map(str::to_owned),
        );
    } else {
        args.push("--locale=C.UTF-8".to_owned());
    }
    if major >= SCRAM_ITERATIONS_SINCE {
        // The password is random and long; thousands of rounds would only slow every connection down.
        args.extend(["--set", "scram_iterations=1"].map(str::to_owned));
    }
    if durability == Durability::Test {
        args.push("--no-sync".to_owned());
    }
    args
}

/// A cluster serves only the major version that made it.
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
