//! The embedded PostgreSQL: its settings, its start, and the check that the answering server is this stack's own.

use std::path::Path;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::cache::Cache;
use crate::cluster::{Cluster, USER};
use crate::error::StackError;
use crate::options::{Durability, Print, StackOptions};
use crate::programs::{PostgresPrograms, find_postgres};
use crate::protocol::Serve;
use crate::server::{Probe, Server, on_a_free_port, with_retries};
use crate::{files, platform};

/// Held while the server lives.
pub(crate) const LOCK_FILE: &str = "postgres.lock";

/// The program's database.
const DATABASE: &str = "mensajeria";

/// A running PostgreSQL.
#[derive(Debug)]
pub(crate) struct Postgres {
    pub(crate) server: Server,
    pub(crate) probe: PostgresProbe,
    pub(crate) written: CancellationToken,
    server_url: String,
    url: String,
}

/// The address of this stack's server, and what identifies it.
#[derive(Debug)]
pub(crate) struct PostgresProbe {
    connect: PgConnectOptions,
    cluster_name: String,
}

impl Postgres {
    pub(crate) async fn start(
        options: &StackOptions,
        cache: &Cache,
        data: &Path,
    ) -> Result<Self, StackError> {
        let programs = find_postgres(cache, &options.print).await?;
        let cluster = Cluster::open(data, &programs, options).await?;
        let postgres = on_a_free_port(async |port| {
            let postgres = Self::at(port, options, data, &programs, &cluster);
            postgres.server.start(&postgres.probe, &options.print).await.map(|()| postgres)
        });
        let postgres = postgres.await?;
        postgres.make_database().await?;
        Ok(postgres)
    }

    fn at(
        port: u16,
        options: &StackOptions,
        data: &Path,
        programs: &PostgresPrograms,
        cluster: &Cluster,
    ) -> Self {
        let cluster_name = files::random_hex(8);
        let account = platform::unprivileged_account();
        let serve = Serve {
            program: programs.postgres.clone(),
            args: args(&platform::place(&cluster.folder, account), port, &cluster_name, options.durability),
            folder: cluster.folder.clone(),
            account,
            log: data.join("postgres.log"),
            lock: data.join(LOCK_FILE),
            pid_file: data.join("postgres.pid"),
        };
        let connect = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(port)
            .username(USER)
            .password(&cluster.password)
            .database("postgres")
            .ssl_mode(PgSslMode::Disable);
        let server_url = format!("postgres://{USER}:{}@127.0.0.1:{port}", cluster.password);
        Self {
            server: Server::new("PostgreSQL", serve, &options.guard),
            probe: PostgresProbe { connect, cluster_name },
            written: cluster.written.clone(),
            url: url_of(&server_url, DATABASE),
            server_url,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn url_of(&self, database: &str) -> String {
        url_of(&self.server_url, database)
    }

    /// A connection to the database that always exists.
    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.probe.connect).await
    }

    async fn make_database(&self) -> Result<(), StackError> {
        let mut connection = self.connect().await?;
        let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            sqlx::query("create database mensajeria").execute(&mut connection).await?;
        }
        Ok(connection.close().await?)
    }

    pub(crate) async fn restart(&self) -> Result<(), StackError> {
        with_retries(async || self.server.start(&self.probe, &Print::silent()).await).await
    }
}

impl Probe for PostgresProbe {
    /// The password identifies this stack's server, and the random cluster name this start of it.
    async fn is_ready(&self) -> bool {
        let Ok(mut connection) = PgConnection::connect_with(&self.connect).await else {
            return false;
        };
        let name = sqlx::query_scalar::<_, String>("select current_setting('cluster_name')")
            .fetch_one(&mut connection);
        let is_ours = name.await.is_ok_and(|name| name == self.cluster_name);
        drop(connection.close().await);
        is_ours
    }
}

/// TLS is disabled: the build has none, and the connection is on loopback.
fn url_of(server_url: &str, database: &str) -> String {
    let mut url = url::Url::parse(server_url).expect("made of a number and hexadecimal digits");
    url.set_path(database);
    url.set_query(Some("sslmode=disable"));
    url.into()
}

/// Loopback only, no Unix socket (its path could be too long), no replicas, little memory.
fn args(here: &Path, port: u16, cluster_name: &str, durability: Durability) -> Vec<String> {
    let durability: &[&str] = match durability {
        Durability::Durable => &["fsync=on", "full_page_writes=on"],
        Durability::Test => &["fsync=off", "full_page_writes=off", "autovacuum_naptime=1h"],
    };
    let settings = [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "synchronous_commit=on",
        "max_connections=300",
        "shared_buffers=128MB",
        "wal_level=minimal",
        "max_wal_senders=0",
        "jit=off",
        "timezone=UTC",
        "log_timezone=UTC",
        "log_checkpoints=off",
    ];
    let mut args = vec![
        "-D".to_owned(),
        here.display().to_string(),
        "-p".to_owned(),
        port.to_string(),
        "-c".to_owned(),
        format!("cluster_name={cluster_name}"),
    ];
    let settings = settings.iter().chain(durability);
    args.extend(settings.flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]));
    args
}
