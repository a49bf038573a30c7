//! `mensajeria relay recreate`: repairs a stream that differs from PostgreSQL.

use clap::Subcommand;
use commands::relay;
use serde_json::json;

use super::target::{CONNECTIONS, Target, reach};
use super::{CliError, Exit, Global, print};
use crate::config::Config;

/// The commands for the mirror.
#[derive(Debug, Subcommand)]
pub(super) enum RelayCommand {
    /// Delete the stream and fill it again from PostgreSQL; nothing is lost, because it is a mirror
    Recreate,
}

pub(super) async fn run(global: &Global, config: Config, command: &RelayCommand) -> Result<Exit, CliError> {
    let RelayCommand::Recreate = command;
    let target = Target::find(global, &config, false).await?;
    let log = target.log(CONNECTIONS).await?;
    let broker = target.broker().await?;
    reach(&broker).await?;
    let first = relay::recreate(log.reader(), &broker).await?;
    print::result(global.json, &json!({ "first_position": first }), || {
        format!("the stream begins anew at position {first}; a running relay fills it")
    });
    drop(log);
    target.close().await?;
    Ok(Exit::Done)
}
