//! The command line: `mensajeria [dev]`, `serve`, and the commands for operators.

mod audit;
mod deliveries;
mod dev;
mod doctor;
mod exit;
mod import;
mod migrate;
mod openapi;
mod print;
mod provider;
mod relay;
mod replay;
mod serve;
mod suppressions;
mod target;
mod user;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use domain::value::Language;

pub use self::exit::{CliError, Exit};
use crate::config::Config;

/// The language of the command line, like that of logs: only the web app and the API's sentences for it know others.
const LANGUAGE: Language = Language::En;

/// Messages between workers and notifications to clients, with proof.
#[derive(Debug, Parser)]
#[command(name = "mensajeria", version, after_help = exit::TABLE, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    dev: dev::DevArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The folder of the embedded servers, keys and passwords
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// A configuration file, laid over the defaults
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print results as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything in one process, with embedded servers and simulated providers (the default)
    Dev(dev::DevArgs),
    /// Run the production roles with the configured servers
    Serve(serve::ServeArgs),
    /// Migrate the database
    Migrate,
    /// Rebuild projections from the events; sends nothing
    Replay(replay::ReplayArgs),
    /// Manage the mirror of the events in JetStream
    #[command(subcommand)]
    Relay(relay::RelayCommand),
    /// Import data
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Manage users, and tokens for programs
    #[command(subcommand)]
    User(user::UserCommand),
    /// List deliveries over all notifications, send failed ones again, discard them, or end doubts
    #[command(subcommand)]
    Deliveries(deliveries::DeliveriesCommand),
    /// Look at everything that sending stands on: providers, senders' domains, servers, keys, machine
    Doctor,
    /// Prove that the log is the one that was signed
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Try providers
    #[command(subcommand)]
    Provider(provider::ProviderCommand),
    /// Manage the addresses to which nothing is sent
    #[command(subcommand)]
    Suppressions(suppressions::SuppressionsCommand),
    /// Print the API's description, OpenAPI 3.1
    Openapi,
    /// Guard one embedded server, and stop it when standard input ends
    #[command(hide = true)]
    Guard {
        /// Set by the process that starts the guard
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
}

/// Runs the program with these arguments, the program's name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(refusal) => {
            // Help and version are no failures; clap knows which stream each belongs to.
            let exit = if refusal.use_stderr() { Exit::Usage } else { Exit::Done };
            drop(refusal.print());
            return exit.into();
        }
    };
    if let Some(Command::Guard { rest }) = cli.command {
        return embedded::guard_main(&rest);
    }
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("mensajeria: {error}");
            error.exit().into()
        }
    }
}

fn run(cli: Cli) -> Result<Exit, CliError> {
    let config = Config::load(cli.global.config.as_deref(), std::env::vars_os())?;
    crate::telemetry::log_to_stderr(&config.log);
    install_cryptography();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::runtime)?;
    runtime.block_on(dispatch(cli, config))
}

async fn dispatch(cli: Cli, config: Config) -> Result<Exit, CliError> {
    let global = cli.global;
    let Some(command) = cli.command else { return dev::run(&global, config, cli.dev).await };
    if cli.dev != dev::DevArgs::default() {
        return Err(CliError::usage("--listen, --no-demo and the like belong behind the command"));
    }
    match command {
        Command::Dev(args) => dev::run(&global, config, args).await,
        Command::Serve(args) => serve::run(&global, config, &args).await,
        Command::Migrate => migrate::run(&global, config).await,
        Command::Replay(args) => replay::run(&global, config, &args).await,
        Command::Relay(command) => relay::run(&global, config, &command).await,
        Command::Import(command) => import::run(&global, config, &command).await,
        Command::User(command) => user::run(&global, config, command).await,
        Command::Deliveries(command) => deliveries::run(&global, config, command).await,
        Command::Doctor => doctor::run(&global, config).await,
        Command::Audit(command) => audit::run(&global, config, &command).await,
        Command::Provider(command) => provider::run(&global, config, &command).await,
        Command::Suppressions(command) => suppressions::run(&global, config, command).await,
        Command::Openapi => openapi::run(),
        Command::Guard { .. } => Ok(Exit::Done),
    }
}

/// Installs the TLS provider. With two providers compiled in and none installed, the first TLS connection would panic.
fn install_cryptography() {
    // Fails only if one is installed already, as in tests that run the program in their own process.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}

/// Waits for SIGINT or SIGTERM.
pub async fn stop_signal() {
    let interrupt = async { drop(tokio::signal::ctrl_c().await) };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be listened to");
        tokio::select! {
            () = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
