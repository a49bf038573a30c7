//! The master key and the key of checkpoints: whether they are there, whether only their owner may read them, and whether
//! the master key opens what the database has.

use std::fs;
use std::path::Path;

use commands::log::{Look, MasterKey, OpenError};
use dispatcher::probe::Finding;
use domain::DecodeError;
use projections::proof::SigningKey;
use sqlx::PgPool;

use crate::config::Config;
use crate::secrets::{self, SecretError};

/// How many of the last events are opened.
const SAMPLE: i64 = 200;

const READ_THE_LOG: &str = "read the last lines of PostgreSQL's log: they say what is wrong";
const LOST: &str = "put the right key into keys.master or keys.master_file: without it no name, address or text of the \
                    history can be read";
const SIGNS_NO_MORE: &str = "put the right key into proof.key or proof.key_file, or make another: docs/OPERATIONS.md, «What \
                             to keep», says what else changes then";

/// The configured master key, else that of the data folder. No key is made.
pub(crate) fn master_key(config: &Config, data: &Path) -> (Option<MasterKey>, Finding) {
    let configured = config.master_key.as_ref().map(|key| MasterKey::new(*key.expose()));
    let words =
        KeyWords { check: "keys.master", name: "master key", setting: "keys.master_file", advice: LOST };
    words.look(configured, &secrets::master_key_file(data), || secrets::master_key(data))
}

/// The configured key of checkpoints, else that of the data folder. No key is made.
pub(crate) fn signing_key(config: &Config, data: &Path) -> (Option<SigningKey>, Finding) {
    let words = KeyWords {
        check: "proof.key",
        name: "key of checkpoints",
        setting: "proof.key_file",
        advice: SIGNS_NO_MORE,
    };
    words.look(config.proof.signing_key(), &secrets::proof_key_file(data), || secrets::proof_key(data))
}

/// How a finding speaks of a key.
struct KeyWords {
    check: &'static str,
    name: &'static str,
    /// The setting that names its file.
    setting: &'static str,
    /// What to do about a file that holds no key.
    advice: &'static str,
}

impl KeyWords {
    fn look<K>(
        &self,
        configured: Option<K>,
        file: &Path,
        read: impl FnOnce() -> Result<K, SecretError>,
    ) -> (Option<K>, Finding) {
        let Self { check, name, setting, advice } = self;
        if configured.is_some() {
            return (configured, Finding::ok(*check, format!("the {name} is configured")));
        }
        if !file.exists() {
            let advice = format!(
                "make one with `openssl rand -hex 32` and name its file in {setting}, or start `dev` once"
            );
            return (None, Finding::fault(*check, format!("there is no {name}"), advice));
        }
        match read() {
            Ok(key) => (Some(key), self.private(file)),
            Err(error) => (None, Finding::fault(*check, error.to_string(), *advice)),
        }
    }

    fn private(&self, file: &Path) -> Finding {
        let Self { check, name, .. } = self;
        if is_private(file) {
            let seen = format!("the {name} of the data folder is readable by its owner only");
            return Finding::ok(*check, seen);
        }
        let advice = format!("chmod 600 {}", file.display());
        Finding::warning(*check, format!("others of this machine may read the {name}"), advice)
    }
}

#[cfg(unix)]
fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS: u32 = 0o077;
    fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & OTHERS == 0)
}

#[cfg(not(unix))]
fn is_private(file: &Path) -> bool {
    fs::metadata(file).is_ok()
}

/// Opens what the database has sealed last. Without a log that can be opened there is none to compare anything with.
pub(crate) async fn sample(pool: &PgPool, master: &MasterKey) -> (Option<Look>, Finding) {
    const CHECK: &str = "keys.sample";
    match Look::open(pool.clone(), master).await {
        Ok(look) if !look.is_proven => {
            (Some(look), Finding::ok(CHECK, "the database is new: nothing is sealed in it yet"))
        }
        Ok(look) => {
            let finding = opened(CHECK, &look).await;
            (Some(look), finding)
        }
        Err(error @ OpenError::WrongMasterKey) => (None, Finding::fault(CHECK, error.to_string(), LOST)),
        Err(OpenError::Database(error)) => (None, unreadable(CHECK, &error)),
    }
}

/// What is said of a database that answers, but not what was asked for: a new one has no tables.
pub(super) fn unreadable(check: &str, error: &sqlx::Error) -> Finding {
    match error {
        sqlx::Error::Database(error) => Finding::warning(
            check,
            format!("the database has no log that can be read: {error}"),
            "run `mensajeria migrate` if this database is new; otherwise correct the database's name in database.url",
        ),
        error => Finding::fault(check, format!("failed to open the log: {error}"), READ_THE_LOG),
    }
}

async fn opened(check: &str, look: &Look) -> Finding {
    let events = async {
        let head = look.reader.head().await?;
        look.reader.read_after((head - SAMPLE).max(0), SAMPLE).await
    };
    let stored = match events.await {
        Ok(stored) => stored,
        Err(error) => {
            return Finding::fault(check, format!("cannot be read: {error}"), READ_THE_LOG);
        }
    };
    match look.reader.open_events(stored).await {
        Ok(events) => {
            let closed =
                events.iter().filter(|event| matches!(event.event, Err(DecodeError::Sealed))).count();
            let seen = format!("of the last {} events {closed} do not open", events.len());
            if closed == 0 {
                return Finding::ok(
                    check,
                    format!("the last {} events open under the master key", events.len()),
                );
            }
            Finding::fault(
                check,
                seen,
                "keys in the database were changed: restore its table `keys` from a backup",
            )
        }
        Err(error) => Finding::fault(check, format!("keys cannot be read: {error}"), LOST),
    }
}
