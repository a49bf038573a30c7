//! `mensajeria serve`: the roles of production, against the servers of the configuration.

use clap::Args;

use super::target::Target;
use super::{CliError, Exit, Global, stop_signal};
use crate::config::Config;
use crate::system::{Outside, Role, Roles, System, SystemOptions};

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
    let outside = Outside::configured(&config)?;
    let urls = (target.database_url.as_str(), target.nats_url.as_str());
    let options = SystemOptions::of(&config, Roles::of(&args.roles), urls, target.master, outside);
    let system = System::start(options).await?;
    if let Some(address) = system.address() {
        println!("listening on http://{address}");
    }
    let exit = tokio::select! {
        () = stop_signal() => Exit::Done,
        () = system.failed() => Exit::Failed,
    };
    system.stop().await;
    Ok(exit)
}
