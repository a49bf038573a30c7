//! The servers that a run is measured on: durable as in production, in a folder that goes when the run ends.

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
use tests::figures::{Failed, Outcome, cpu_of_tree};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::scale::Scale;

/// The master key of every measured log, as it is configured: it protects nothing.
pub(crate) const MASTER_KEY: [u8; 32] = [7; 32];
/// A database that nobody has written to.
const EMPTY_TEMPLATE: &str = "template0";
/// How long a command of the program may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// Servers, the program, and how much is measured on them.
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

    /// Where there is room for more files.
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

    /// The program, to be run on a database, and nothing of what the bench's own environment configures.
    pub(crate) fn command(&self, database_url: &str) -> Command {
        let mut command = self.bare_command();
        command
            .env("DATABASE_URL", database_url)
            .env("NATS_URL", self.stack.nats_url().unwrap_or_default())
            .env("MENSAJERIA__KEYS__MASTER", MASTER_KEY.map(|byte| format!("{byte:02x}")).concat());
        command
    }

    /// The program, to be run on servers of its own.
    pub(crate) fn bare_command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_remove("DATABASE_URL").env_remove("NATS_URL").stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a command of the program to its good end, and gives what it printed.
    pub(crate) async fn run(&self, database_url: &str, arguments: &[&str], input: &str) -> Outcome<String> {
        output(self.command(database_url).args(arguments), input).await
    }

    /// The CPU time of all of PostgreSQL's processes up to now.
    pub(crate) async fn postgres_cpu(&self) -> Outcome<Duration> {
        let postgres = self.stack.postgres_pid().await;
        postgres.and_then(cpu_of_tree).ok_or_else(|| Failed::because("this system does not tell CPU times"))
    }

    /// A connection to the broker that is not the program's. The client reads no credentials out of a URL.
    pub(crate) async fn nats(&self) -> Outcome<Client> {
        let server: ServerAddr = self.stack.nats_url().unwrap_or_default().parse()?;
        let [user, password] =
            [server.username(), server.password()].map(|part| part.unwrap_or_default().to_owned());
        Ok(ConnectOptions::with_user_and_password(user, password).connect(server).await?)
    }

    /// Removes what a measurement left, so that the next one starts like the first.
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

/// Runs a command to its good end, with this on its standard input, and gives what it printed.
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
