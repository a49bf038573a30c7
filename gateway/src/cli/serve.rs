//! `mensajeria serve`: the roles of production, against the servers of the configuration.

use std::net::SocketAddr;

use clap::Args;
use serde_json::json;

use super::target::{Target, signing_key};
use super::{CliError, Exit, Global, print, stop_signal};
use crate::config::Config;
use crate::system::{Providers, Role, Roles, System, SystemOptions};

/// Options of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The roles of this process
    #[arg(long, value_delimiter = ',', default_value = "gateway,relay,projector,dispatcher")]
    roles: Vec<Role>,
    /// Address and port to listen on, instead of the configured one; without the role gateway, /livez, /readyz and
    /// /metrics alone are answered, and only if this is given
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub(super) async fn run(global: &Global, config: Config, args: &ServeArgs) -> Result<Exit, CliError> {
    config.validate_for_serve()?;
    let target = Target::find(global, &config, false).await?;
    let providers = Providers::configured(&config)?;
    let keys = (target.master, signing_key(&config, &target.data)?);
    let urls = (target.database_url.as_str(), target.nats_url.as_str());
    let mut options = SystemOptions::of(&config, Roles::of(&args.roles), urls, keys, providers);
    options.listen = args.listen.unwrap_or(options.listen);
    options.watch = args.listen;
    let system = System::start(options).await?;
    if let Some(address) = system.address() {
        let (url, admin) = (url_of(address), system.admin_address().map(url_of));
        print::result(global.json, &json!({ "url": url, "admin_url": admin }), || {
            let beside = admin.filter(|admin| *admin != url).map(|admin| format!(" and {admin}"));
            format!("listening on {url}{}", beside.unwrap_or_default())
        });
    }
    let exit = tokio::select! {
        () = stop_signal() => Exit::Done,
        () = system.failed() => Exit::Failed,
    };
    system.stop().await;
    Ok(exit)
}

fn url_of(address: SocketAddr) -> String {
    format!("http://{address}")
}
