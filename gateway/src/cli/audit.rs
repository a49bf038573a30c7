//! `mensajeria audit verify|checkpoint|key`: the proof of the log, for somebody who does not trust the program that wrote it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use domain::proof::{Checkpoint, VerifierKey};
use indicatif::{ProgressBar, ProgressStyle};
use projections::proof::{self, AuditError, Audited, KnownKeys};
use serde_json::json;
use sqlx::PgPool;

use super::target::{Servers, data_folder, signing_key};
use super::{CliError, Exit, Global, print};
use crate::config::Config;
use crate::secrets;
use crate::system::{self, ProofOptions, Timeouts};

/// The most connections of a check.
const CONNECTIONS: u32 = 18;

/// The commands for the proof of the log.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Check every event, the tree, and every checkpoint, and name the first fault
    Verify(VerifyArgs),
    /// Print the newest checkpoint, to be kept outside
    Checkpoint,
    /// Print the public keys that the configuration knows, the one that signs first
    Key,
}

/// Options of `audit verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// A checkpoint that was kept outside: the log must begin with what it says. May be repeated
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A public key as `audit key` prints it, instead of those of the configuration. May be repeated
    #[arg(long, value_name = "KEY")]
    key: Vec<VerifierKey>,
}

pub(super) async fn run(global: &Global, config: Config, command: &AuditCommand) -> Result<Exit, CliError> {
    let data = data_folder(global, &config);
    // A configured database is enough: an auditor has no broker.
    let (database_url, servers) = match &config.database.url {
        Some(url) => (url.expose().clone(), None),
        None => {
            let servers = Servers::find(&data, &config, false).await?;
            (servers.database_url.clone(), Some(servers))
        }
    };
    let pool = system::connect(&database_url, CONNECTIONS, Timeouts::default()).await?;
    let exit = match command {
        AuditCommand::Verify(args) => verify(global, &pool, &config, &data, args).await?,
        AuditCommand::Checkpoint => newest(&pool).await?,
        AuditCommand::Key => keys(global, &known(&pool, &config, &data).await?),
    };
    pool.close().await;
    if let Some(servers) = servers {
        servers.close().await?;
    }
    Ok(exit)
}

async fn verify(
    global: &Global,
    pool: &PgPool,
    config: &Config,
    data: &Path,
    args: &VerifyArgs,
) -> Result<Exit, CliError> {
    let known = match args.key.as_slice() {
        [] => known(pool, config, data).await?,
        keys => KnownKeys::new(keys.iter().cloned()),
    };
    let outside =
        args.checkpoint.iter().map(|file| kept_outside(file, &known)).collect::<Result<Vec<_>, _>>()?;
    let bar = ProgressBar::new_spinner().with_style(style());
    let outcome = proof::audit(pool, &known, &outside, |events| bar.set_position(events)).await;
    bar.finish_and_clear();
    match outcome {
        Ok(audited) => {
            print::result(global.json, &passed(&audited), || sentence(&audited));
            Ok(Exit::Done)
        }
        Err(AuditError::Fault(fault)) => {
            print::result(global.json, &json!({ "fault": fault.to_string() }), || fault.to_string());
            Ok(Exit::Faults)
        }
        Err(AuditError::Database(error)) => Err(error.into()),
    }
}

/// A checkpoint that is not signed by the log proves nothing, so it is refused rather than compared.
fn kept_outside(file: &Path, known: &KnownKeys) -> Result<Checkpoint, CliError> {
    let failed = |error| CliError::File(file.display().to_string(), error);
    let note = fs::read_to_string(file).map_err(failed)?;
    known.open(&note).map_err(|fault| CliError::refused(format!("{}: {fault}", file.display())))
}

async fn newest(pool: &PgPool) -> Result<Exit, CliError> {
    let Some(note) = proof::newest_note(pool).await? else {
        return Err(CliError::refused("no checkpoint is signed yet"));
    };
    print::line(note.trim_end_matches('\n'));
    Ok(Exit::Done)
}

fn keys(global: &Global, known: &KnownKeys) -> Exit {
    let keys: Vec<_> = known.keys().iter().map(ToString::to_string).collect();
    print::result(global.json, &json!({ "keys": keys }), || keys.join("\n"));
    Exit::Done
}

/// The public keys that the configuration and the data folder know. No key is made: a new one has signed nothing.
async fn known(pool: &PgPool, config: &Config, data: &Path) -> Result<KnownKeys, CliError> {
    let has_own = config.proof.key.is_some() || secrets::proof_key_file(data).exists();
    if has_own {
        return Ok(ProofOptions::of(&config.proof, signing_key(config, data)?).known(pool).await?);
    }
    if config.proof.former_keys.is_empty() {
        return Err(CliError::refused("no key is known: give --key, or proof.key, or proof.former_keys"));
    }
    Ok(KnownKeys::new(config.proof.former_keys.iter().cloned()))
}

fn passed(audited: &Audited) -> serde_json::Value {
    json!({
        "sealed": audited.sealed,
        "unsealed": audited.unsealed,
        "checkpoints": audited.checkpoints,
        "root": audited.root.to_string(),
    })
}

fn sentence(Audited { sealed, unsealed, checkpoints, root }: &Audited) -> String {
    format!(
        "{sealed} events are those that {checkpoints} checkpoints were signed over; {unsealed} newer ones are not sealed \
         yet. Root: {root}"
    )
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {human_pos} events, {per_sec}").expect("the template is valid")
}
