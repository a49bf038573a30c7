//! The servers of a run: durable as in production, in a folder that is removed at the end.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, ServerAddr, jetstream};
use commands::clock;
use embedded::{Print, Stack, StackOptions};
use futures::TryStreamExt;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tests::measurements::{Failed, Outcome, cpu_of_tree};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::scale::Scale;

/// The master key of every measured log. It protects nothing.
pub(crate) const MASTER_KEY: [u8; 32] = [7; 32];
/// The template of an empty database.
const EMPTY_TEMPLATE: &str = "template0";
/// The timeout of a command of the program.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// The servers, the program and the loads of a run.
pub(crate) struct World {
    stack: Stack,
    program: PathBuf,
    pub(crate) scale: Scale,
    databases: Mutex<Vec<String>>,
}

impl World {
    /// Starts the servers in a new folder below `data`, else below the system's temporary folder.
    pub(crate) async fn start(data: Option<PathBuf>, program: PathBuf, scale: Scale) -> Outcome<Self> {
        let below = data.unwrap_or_else(std::env::temp_dir);
        let data = below.join(format!("mensajeria-bench-{}", clock::new_id().simple()));
        eprintln!("starting servers in {}", data.display());
        let print = Print::to(|line| eprintln!("{line}"));
        let stack = Stack::start(StackOptions { keep: false, print, ..StackOptions::new(data) }).await?;
        Ok(Self { stack, program, scale, databases: Mutex::default() })
    }

    pub(crate) async fn stop(self) -> Outcome<()> {
        Ok(self.stack.stop().await?)
    }

    /// A folder for further files.
    pub(crate) fn folder(&self) -> &Path {
        self.stack.data()
    }

    /// An empty database.
    pub(crate) async fn database(&self) -> Outcome<String> {
        let name = format!("bench_{}", clock::new_id().simple());
        let url = self.stack.create_database(EMPTY_TEMPLATE, &name).await?;
        self.databases.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        Ok(url)
    }

    /// A database with the program's tables.
    pub(crate) async fn migrated_database(&self) -> Outcome<String> {
        let url = self.database().await?;
        self.run(&url, &["migrate"], "").await?;
        Ok(url)
    }

    /// A command of the program on a database, without the bench's own environment.
    pub(crate) fn command(&self, database_url: &str) -> Command {
        let mut command = self.bare_command();
        command
            .env("DATABASE_URL", database_url)
            .env("NATS_URL", self.stack.nats_url().unwrap_or_default())
            .env("MENSAJERIA__KEYS__MASTER", MASTER_KEY.map(|byte| format!("{byte:02x}")).concat())
            .env("MENSAJERIA__PROOF__KEY", "09".repeat(32));
        command
    }

    /// A command of the program with servers of its own.
    pub(crate) fn bare_command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_remove("DATABASE_URL").env_remove("NATS_URL").stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a command of the program, which must succeed. Returns its output.
    pub(crate) async fn run(&self, database_url: &str, arguments: &[&str], input: &str) -> Outcome<String> {
        output(self.command(database_url).args(arguments), input).await
    }

    /// The CPU time of all of PostgreSQL's processes so far.
    pub(crate) async fn postgres_cpu(&self) -> Outcome<Duration> {
        let postgres = self.stack.postgres_pid().await;
        postgres.and_then(cpu_of_tree).ok_or_else(|| Failed::because("this system does not tell CPU times"))
    }

    /// Stops PostgreSQL and starts it again.
    pub(crate) async fn restart_postgres(&self) -> Outcome<()> {
        self.stack.stop_postgres().await?;
        Ok(self.stack.start_postgres().await?)
    }

    /// A separate connection to the broker. The client ignores credentials in a URL.
    pub(crate) async fn nats(&self) -> Outcome<Client> {
        let server: ServerAddr = self.stack.nats_url().unwrap_or_default().parse()?;
        let [user, password] =
            [server.username(), server.password()].map(|part| part.unwrap_or_default().to_owned());
        Ok(ConnectOptions::with_user_and_password(user, password).connect(server).await?)
    }

    /// Drops the databases and streams of a measurement, so that the next measurement starts like the first.
    pub(crate) async fn tidy_up(&self) -> Outcome<()> {
        let databases = std::mem::take(&mut *self.databases.lock().unwrap_or_else(PoisonError::into_inner));
        for name in databases {
            self.stack.drop_database(&name).await?;
        }
        let jetstream = jetstream::new(self.nats().await?);
        let names: Vec<String> = jetstream.stream_names().try_collect().await?;
        for name in names {
            jetstream.delete_stream(name).await?;
        }
        Ok(())
    }
}

/// Runs a command, which must succeed, with this standard input. Returns its output.
pub(crate) async fn output(command: &mut Command, input: &str) -> Outcome<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await?;
    }
    let output = timeout(COMMAND_TIMEOUT, child.wait_with_output()).await??;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Failed::because(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// A pool with all of its connections open.
pub(crate) async fn connect(url: &str, connections: u32) -> Outcome<PgPool> {
    Ok(PgPoolOptions::new().max_connections(connections).min_connections(connections).connect(url).await?)
}
