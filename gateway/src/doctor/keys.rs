//! The master key: whether it is there, whether only its owner may read it, and whether it opens what the database has.

use std::fs;
use std::path::Path;

use commands::log::{Look, MasterKey, OpenError};
use dispatcher::probe::Finding;
use domain::DecodeError;
use sqlx::PgPool;

use crate::config::Config;
use crate::secrets;

/// How many of the last events are opened.
const SAMPLE: i64 = 200;

const READ_THE_LOG: &str = "read the last lines of PostgreSQL's log: they say what is wrong";
const LOST: &str = "put the right key into keys.master or keys.master_file: without it no name, address or text of the \
                    history can be read";

/// The configured key, else that of the data folder. No key is made.
pub(crate) fn keys(config: &Config, data: &Path) -> (Option<MasterKey>, Finding) {
    const CHECK: &str = "keys.master";
    if let Some(key) = &config.master_key {
        return (Some(MasterKey::new(*key.expose())), Finding::ok(CHECK, "the master key is configured"));
    }
    let file = secrets::master_key_file(data);
    if !file.exists() {
        let advice =
            "make one with `openssl rand -hex 32` and name its file in keys.master_file, or start `dev` once";
        return (None, Finding::fault(CHECK, "there is no master key", advice));
    }
    match secrets::master_key(data) {
        Ok(key) => (Some(key), private(CHECK, &file)),
        Err(error) => (None, Finding::fault(CHECK, error.to_string(), LOST)),
    }
}

fn private(check: &str, file: &Path) -> Finding {
    if is_private(file) {
        return Finding::ok(check, "the master key of the data folder is readable by its owner only");
    }
    let advice = format!("chmod 600 {}", file.display());
    Finding::warning(check, "others of this machine may read the master key", advice)
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
        Err(OpenError::Database(sqlx::Error::Database(error))) => {
            let seen = format!("the database has no log that can be read: {error}");
            (
                None,
                Finding::warning(
                    CHECK,
                    seen,
                    "run `mensajeria migrate` if this database is new; otherwise correct the database's name in database.url",
                ),
            )
        }
        Err(error) => (None, Finding::fault(CHECK, error.to_string(), READ_THE_LOG)),
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
