//! `mensajeria serve`: the roles of production, against the servers of the configuration.

use clap::Args;

use super::target::Target;
use super::{CliError, Exit, Global};
use crate::config::Config;
use crate::system::{Role, Roles, Settings, System, stop_signal};

/// Options of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// What this process does
    #[arg(long, value_delimiter = ',', default_value = "gateway,relay,projector,dispatcher")]
    roles: Vec<Role>,
}

pub(super) async fn run(global: &Global, config: Config, args: &ServeArgs) -> Result<Exit, CliError> {
    config.validate_for_serve()?;
    let target = Target::find(global, &config, false).await?;
    let settings = Settings::of(&config, Roles::of(&args.roles));
    let system = System::start(settings, &target.database_url, &target.nats_url, &target.master, None).await?;
    if let Some(address) = system.address() {
        tracing::info!(%address, "listening");
    }
    stop_signal().await;
    system.stop().await;
    Ok(Exit::Done)
}
