//! `mensajeria relay recreate`: repairs a stream that differs from PostgreSQL.

use std::time::Duration;

use clap::Subcommand;
use commands::relay;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::target::{CONNECTIONS, Target};
use super::{CliError, Exit, Global, print};
use crate::config::Config;

/// The timeout of the connection to the broker.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the connection is polled.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

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
    let connected = async {
        while !broker.is_connected() {
            sleep(LOOK_INTERVAL).await;
        }
    };
    let away = |_| CliError::Unavailable("failed to reach NATS".to_owned());
    timeout(CONNECT_TIMEOUT, connected).await.map_err(away)?;
    let first = relay::recreate(log.reader(), &broker).await?;
    print::result(global.json, &json!({ "first_position": first }), || {
        format!("the stream begins anew at position {first}; a running relay fills it")
    });
    drop(log);
    target.close().await?;
    Ok(Exit::Done)
}
