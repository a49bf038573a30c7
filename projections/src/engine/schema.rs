//! Creates the schema of a projection, compares its version, and drops it.

use commands::begin;
use domain::Position;
use futures::future::try_join_all;
use sha2::{Digest, Sha256};
use sqlx::{Executor, FromRow, PgConnection, PgPool, Row};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::projection::Projection;
use crate::projector::{AFTER_THE_FILL, Projector};

/// The tables that every projection has besides its own.
const COMMON: &str = "
create table checkpoint (
  position bigint not null,
  -- Of the SQL the tables were made with.
  ddl_sha256 bytea not null,
  -- Tells these tables from those that a swap replaced.
  build uuid not null default gen_random_uuid(),
  -- Why the projection stands still.
  failure text,
  only_one boolean primary key default true check (only_one)
);
create table parked (
  position bigint not null,
  aggregate_type text not null,
  aggregate_id text not null,
  event_type text not null,
  reason text not null,
  parked_at timestamptz not null default clock_timestamp(),
  constraint event_is_parked_once primary key (position)
);
";

/// How many indexes a process creates at once, whatever it rebuilds: each takes a connection and memory from readers.
static FINISHING: Semaphore = Semaphore::const_new(2);

/// The checkpoint of a projection.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    pub(crate) build: Uuid,
    pub(crate) ddl_sha256: Vec<u8>,
}

impl Checkpoint {
    /// Whether the tables were created with the SQL of this program.
    pub(crate) fn is_of(&self, projector: &dyn Projector) -> bool {
        self.ddl_sha256 == ddl_hash(projector)
    }
}

/// The name of the schema that a rebuild fills.
pub(crate) fn beside(projection: Projection) -> String {
    format!("{projection}_rebuild")
}

/// The name that a swap gives to the replaced schema.
pub(crate) fn replaced(projection: Projection) -> String {
    format!("{projection}_old")
}

/// The checkpoint of the projection in `schema`; none if the schema does not exist.
pub(crate) async fn checkpoint(
    connection: &mut PgConnection,
    schema: &str,
) -> sqlx::Result<Option<Checkpoint>> {
    if !exists(connection, schema).await? {
        return Ok(None);
    }
    let text = format!("select position, build, ddl_sha256 from {schema}.checkpoint");
    sqlx::query_as(&text).fetch_optional(connection).await
}

pub(crate) async fn exists(connection: &mut PgConnection, schema: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("select to_regclass($1 || '.checkpoint') is not null")
        .bind(schema)
        .fetch_one(connection)
        .await
}

/// Creates the schema with its tables, at position 0, in one transaction; with `indexes`, also the indexes that a
/// rebuild creates after the fill.
pub(crate) async fn create(
    pool: &PgPool,
    projector: &dyn Projector,
    schema: &str,
    indexes: bool,
) -> sqlx::Result<()> {
    let (tables, later) = parts(projector);
    let mut tx = begin(pool).await?;
    let text = format!("create schema {schema}; set local search_path = {schema}; {COMMON} {tables}");
    statements(&mut tx, &text).await?;
    if indexes {
        statements(&mut tx, later).await?;
    }
    sqlx::query("insert into checkpoint (position, ddl_sha256) values (0, $1)")
        .bind(ddl_hash(projector))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Creates the indexes that the fill did not need, and runs `analyze`. Nobody reads these tables yet, so one
/// transaction for each statement is enough.
pub(crate) async fn finish(pool: &PgPool, projector: &dyn Projector, schema: &str) -> sqlx::Result<()> {
    let (_, later) = parts(projector);
    finish_each(pool, schema, later.split_terminator(";\n").map(str::to_owned).collect()).await?;
    let mut tx = begin(pool).await?;
    let tables = tables(&mut tx, schema).await?;
    tx.commit().await?;
    finish_each(pool, schema, tables.iter().map(|table| format!("analyze {table}")).collect()).await
}

async fn finish_each(pool: &PgPool, schema: &str, texts: Vec<String>) -> sqlx::Result<()> {
    let all = texts.into_iter().map(|text| finish_one(pool.clone(), schema.to_owned(), text));
    try_join_all(all).await?;
    Ok(())
}

/// Runs a statement in a schema and commits. It uses no parallel workers: several statements run at once, and workers
/// would cost more than they help. With `wal_level=minimal` PostgreSQL would sync each new index at its commit, and the
/// rebuild would wait; in the WAL it is synced with whatever commits next. The limit is the largest that every platform
/// takes, 2 GB.
async fn finish_one(pool: PgPool, schema: String, text: String) -> sqlx::Result<()> {
    let _turn = FINISHING.acquire().await;
    let mut tx = begin(&pool).await?;
    let text = format!(
        "set local search_path = {schema}; set local synchronous_commit = off; \
         set local wal_skip_threshold = '2097151kB'; set local max_parallel_maintenance_workers = 0; \
         set local default_statistics_target = 20; {text}"
    );
    statements(&mut tx, &text).await?;
    tx.commit().await
}

/// Runs several statements at once. `raw_sql` is not used: the compiler cannot prove its future to be `Send`.
pub(crate) async fn statements(connection: &mut PgConnection, text: &str) -> sqlx::Result<()> {
    connection.execute(text).await?;
    Ok(())
}

/// Drops a schema, if it exists. It gives up before a deadlock could cost a reader its query.
pub(crate) async fn drop(pool: &PgPool, schema: &str) -> sqlx::Result<()> {
    let mut tx = begin(pool).await?;
    let text = format!(
        "set local client_min_messages = warning; set local lock_timeout = '200ms'; drop schema if exists {schema} cascade"
    );
    statements(&mut tx, &text).await?;
    tx.commit().await
}

/// The schemas that rebuilds and swaps have left beside the live ones.
pub(crate) async fn leftovers(pool: &PgPool) -> sqlx::Result<Vec<String>> {
    let names = Projection::ALL.into_iter().flat_map(|projection| [beside(projection), replaced(projection)]);
    sqlx::query_scalar("select nspname::text from pg_namespace where nspname = any($1)")
        .bind(names.collect::<Vec<_>>())
        .fetch_all(pool)
        .await
}

/// The tables of a schema, by name.
pub(crate) async fn tables(connection: &mut PgConnection, schema: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query("select tablename::text from pg_tables where schemaname = $1 order by tablename")
        .bind(schema)
        .try_map(|row: sqlx::postgres::PgRow| row.try_get(0))
        .fetch_all(connection)
        .await
}

/// Whether a query failed because a table or schema does not exist (SQLSTATE 42P01, 3F000).
pub(crate) fn is_missing(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("42P01" | "3F000"))
}

fn parts(projector: &dyn Projector) -> (&'static str, &'static str) {
    let ddl = projector.ddl();
    ddl.split_once(AFTER_THE_FILL).unwrap_or((ddl, ""))
}

fn ddl_hash(projector: &dyn Projector) -> Vec<u8> {
    Sha256::new().chain_update(COMMON).chain_update(projector.ddl()).finalize().to_vec()
}
