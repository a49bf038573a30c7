//! The executable under test: a release build as people build it, without the features of tests.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tests::measurements::{Failed, Outcome};
use tokio::process::Command;
use tokio::time::timeout;

/// The timeout of the build.
const BUILD_TIMEOUT: Duration = Duration::from_secs(3_600);

/// The given executable, else that of this tree, built if necessary.
pub(crate) async fn find(given: Option<PathBuf>) -> Outcome<PathBuf> {
    match given {
        Some(program) => Ok(program.canonicalize()?),
        None => build().await,
    }
}

/// The bench itself is built with failpoints, which the executable under test must not have: cargo builds the workspace
/// once more without them.
async fn build() -> Outcome<PathBuf> {
    eprintln!("building the program");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--workspace"]).stdin(Stdio::null());
    let building = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    let status = timeout(BUILD_TIMEOUT, building).await??;
    if !status.success() {
        return Err(Failed::because("the program does not build"));
    }
    let program = beside_this_executable(&std::env::current_exe()?).join("mensajeria");
    Ok(program.canonicalize()?)
}

/// The folder of executables: cargo puts benches into `release/deps` and programs into `release`.
fn beside_this_executable(this: &Path) -> PathBuf {
    this.ancestors().nth(2).unwrap_or(this).to_owned()
}
