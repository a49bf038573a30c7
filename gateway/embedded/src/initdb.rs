//! Runs `initdb`: creates a cluster, and later flushes its files to disk.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::timeout;

use crate::cluster::USER;
use crate::error::StackError;
use crate::platform::{self, Account};
use crate::programs::PostgresPrograms;

/// The timeout of a run, flushes to a slow disk included.
const INITDB_WAIT: Duration = Duration::from_secs(120);

/// The first version with a locale provider independent of the system.
const BUILTIN_LOCALE_SINCE: u32 = 17;

/// The first version with configurable rounds of password hashing.
const SCRAM_ITERATIONS_SINCE: u32 = 16;

/// Creates a cluster in an empty folder, with the password from the file `password` beside it.
///
/// Its files are not flushed, which would take seconds where the rest takes a third of one: see [`write_through`].
pub(crate) async fn make(
    programs: &PostgresPrograms,
    cluster: &Path,
    account: Option<Account>,
) -> Result<(), StackError> {
    let here = platform::place(cluster, account);
    run(programs, cluster, account, make_args(&here, programs.major)).await
}

/// Flushes every file of a cluster to disk. The server may be running meanwhile.
pub(crate) async fn write_through(
    programs: &PostgresPrograms,
    cluster: &Path,
    account: Option<Account>,
) -> Result<(), StackError> {
    let here = platform::place(cluster, account);
    run(programs, cluster, account, vec![format!("--pgdata={}", here.display()), "--sync-only".to_owned()])
        .await
}

async fn run(
    programs: &PostgresPrograms,
    cluster: &Path,
    account: Option<Account>,
    args: Vec<String>,
) -> Result<(), StackError> {
    let failed =
        |output: String| StackError::Failed { program: programs.initdb.display().to_string(), output };
    let mut command = Command::new(&programs.initdb);
    command.args(args).stdin(Stdio::null());
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

fn make_args(here: &Path, major: u32) -> Vec<String> {
    let here = here.display();
    let mut args = vec![
        format!("--pgdata={here}"),
        format!("--pwfile={here}/../password"),
        format!("--username={USER}"),
        "--auth=scram-sha-256".to_owned(),
        "--encoding=UTF8".to_owned(),
        "--no-instructions".to_owned(),
        "--no-sync".to_owned(),
    ];
    if major >= BUILTIN_LOCALE_SINCE {
        args.extend(
            ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"].map(str::to_owned),
        );
    } else {
        args.push("--locale=C.UTF-8".to_owned());
    }
    if major >= SCRAM_ITERATIONS_SINCE {
        // The password is random and long. More rounds would only slow down every connection.
        args.extend(["--set", "scram_iterations=1"].map(str::to_owned));
    }
    args
}
