//! Finds the servers' programs: in the cache, by download, or on PATH. Otherwise the error says what to do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::cache::Cache;
use crate::environment::variable;
use crate::error::StackError;
use crate::options::Print;
use crate::wheel::{NATS, POSTGRES, Wheel};

/// The oldest supported PostgreSQL.
const POSTGRES_MIN: u32 = 15;

/// The oldest supported nats-server: 2.10 introduced a stream's first sequence.
const NATS_MIN: (u32, u32) = (2, 10);

/// The timeout of a program's `--version`.
const VERSION_WAIT: Duration = Duration::from_secs(10);

/// PostgreSQL's programs, all from one folder.
#[derive(Debug, Clone)]
pub(crate) struct PostgresPrograms {
    pub(crate) postgres: PathBuf,
    pub(crate) initdb: PathBuf,
    pub(crate) major: u32,
}

/// PostgreSQL's programs of the cache, a download, or PATH.
pub(crate) async fn find_postgres(cache: &Cache, print: &Print) -> Result<PostgresPrograms, StackError> {
    let why_not = match fetched(&POSTGRES, cache, print).await {
        Ok(folder) => return postgres_in(&folder).await,
        Err(error) => error,
    };
    let on_path = search(&path_folders(), "postgres");
    let Some(folder) = on_path.as_deref().and_then(Path::parent) else {
        return Err(nowhere("PostgreSQL", &why_not, "no `postgres` is on PATH", POSTGRES_REMEDIES));
    };
    let programs = postgres_in(folder).await?;
    if programs.major < POSTGRES_MIN || !programs.initdb.exists() {
        let found = format!(
            "{} is version {}, and {POSTGRES_MIN} or later with `initdb` beside it is needed",
            programs.postgres.display(),
            programs.major
        );
        return Err(nowhere("PostgreSQL", &why_not, &found, POSTGRES_REMEDIES));
    }
    print.line(&format!("{why_not}\nusing {}", programs.postgres.display()));
    Ok(programs)
}

/// The nats-server of the cache, a download, or PATH.
pub(crate) async fn find_nats(cache: &Cache, print: &Print) -> Result<PathBuf, StackError> {
    let why_not = match fetched(&NATS, cache, print).await {
        Ok(folder) => return Ok(program(&folder, "nats-server")),
        Err(error) => error,
    };
    let Some(path) = search(&path_folders(), "nats-server") else {
        return Err(nowhere("NATS", &why_not, "no `nats-server` is on PATH", NATS_REMEDIES));
    };
    if version(&path).await? < NATS_MIN {
        let found = format!("{} is older than {}.{}", path.display(), NATS_MIN.0, NATS_MIN.1);
        return Err(nowhere("NATS", &why_not, &found, NATS_REMEDIES));
    }
    print.line(&format!("{why_not}\nusing {}", path.display()));
    Ok(path)
}

async fn fetched(wheel: &'static Wheel, cache: &Cache, print: &Print) -> Result<PathBuf, StackError> {
    match cache.installed(wheel) {
        Some(folder) => Ok(folder),
        None => cache.install(wheel, print).await,
    }
}

async fn postgres_in(folder: &Path) -> Result<PostgresPrograms, StackError> {
    let postgres = program(folder, "postgres");
    let (major, _) = version(&postgres).await?;
    Ok(PostgresPrograms { postgres, initdb: program(folder, "initdb"), major })
}

fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The folders of PATH, then the folders where distributions install PostgreSQL's server, newest version first.
fn path_folders() -> Vec<PathBuf> {
    let mut hidden: Vec<_> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().collect();
    hidden.sort_by_key(|version| std::cmp::Reverse(version.file_name()));
    let path = variable("PATH").unwrap_or_default();
    let hidden = hidden.into_iter().map(|version| version.path().join("bin"));
    std::env::split_paths(&path).chain(hidden).collect()
}

/// The first program of this name, with links resolved: its companions are in its real folder.
fn search(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    folders.iter().find_map(|folder| program(folder, name).canonicalize().ok().filter(|path| path.is_file()))
}

/// The major and minor version of a program.
async fn version(program: &Path) -> Result<(u32, u32), StackError> {
    let failed =
        |output: String| StackError::Failed { program: format!("{} --version", program.display()), output };
    let output = Command::new(program).arg("--version").kill_on_drop(true).output();
    let output = timeout(VERSION_WAIT, output).await.map_err(|_| failed("no answer".to_owned()))?;
    let output = output.map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    parse_version(&text).ok_or_else(|| failed(format!("it said {:?}", text.trim())))
}

/// Parses both `postgres (PostgreSQL) 18.6` and `nats-server: v2.15.1`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let number = text.split_whitespace().find_map(|word| {
        let word = word.trim_start_matches('v');
        word.starts_with(|first: char| first.is_ascii_digit()).then_some(word)
    })?;
    let mut parts = number.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((parts.next()?.ok()?, parts.next().and_then(Result::ok).unwrap_or(0)))
}

const POSTGRES_REMEDIES: &str = "  - install pip, so that it can be downloaded once:   apt install python3-pip    (or: python3 -m ensurepip --user)
  - or install PostgreSQL 15 or later:                apt install postgresql     (macOS: brew install postgresql@18)
  - or name a server that runs already:               export DATABASE_URL=postgres://user:password@host/database";

const NATS_REMEDIES: &str = "  - install pip, so that it can be downloaded once:   apt install python3-pip    (or: python3 -m ensurepip --user)
  - or install nats-server 2.10 or later:             go install github.com/nats-io/nats-server/v2@latest    (macOS: brew install nats-server)
  - or name a server that runs already:               export NATS_URL=nats://user:password@host:4222";

fn nowhere(server: &str, download: &StackError, path: &str, remedies: &str) -> StackError {
    StackError::NoProgram(format!(
        "failed to find {server} for this machine ({} {}; downloads are pinned for Linux and Windows on x86_64 and \
         Linux on aarch64).\n{download}\n{path}.\nChoose one of:\n{remedies}",
        std::env::consts::OS,
        std::env::consts::ARCH,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_both_servers_are_understood() {
        assert_eq!(parse_version("postgres (PostgreSQL) 18.6\n"), Some((18, 6)));
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some((15, 18)));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1"), Some((19, 0)));
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(parse_version("something else"), None);
    }

    #[test]
    fn a_missing_program_is_reported_with_remedies_to_copy() {
        let why_not = StackError::NoProgram("no network".to_owned());
        let text = nowhere("PostgreSQL", &why_not, "no `postgres` is on PATH", POSTGRES_REMEDIES).to_string();
        for part in ["no network", "on PATH", "apt install", "DATABASE_URL=", std::env::consts::ARCH] {
            assert!(text.contains(part), "{text}");
        }
    }
}
