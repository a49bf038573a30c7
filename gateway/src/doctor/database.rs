//! PostgreSQL: whether it answers, keeps what it commits, has enough connections, and the same time as we.

use chrono::{DateTime, Utc};
use commands::clock;
use dispatcher::probe::{Finding, clock_finding};
use sqlx::PgPool;

use crate::system::durability::settings;
use crate::system::{Timeouts, connect};

/// The connections of the checks.
const CONNECTIONS: u32 = 2;
/// PostgreSQL 15, as `server_version_num` writes it.
const VERSION_MIN: i32 = 150_000;
/// What a process with all roles opens beside `database.max_connections`: its leaders' and its dispatcher's connections,
/// and those of imports (docs/OPERATIONS.md).
const CONNECTIONS_BESIDE: u32 = 39;

/// The pool of the checks, or why there is none.
pub(crate) async fn pool(database_url: &str) -> Result<PgPool, Finding> {
    connect(database_url, CONNECTIONS, Timeouts::default()).await.map_err(|error| {
        Finding::fault(
            "postgres.connection",
            format!("cannot be reached: {error}"),
            "start PostgreSQL if it is stopped; if it runs, correct host, port, user or password in database.url",
        )
    })
}

/// Looks at the server. `connections` is the configured `database.max_connections`.
pub(crate) async fn database(pool: &PgPool, connections: u32) -> Vec<Finding> {
    match look(pool, connections).await {
        Ok(findings) => findings,
        Err(error) => vec![Finding::fault(
            "postgres.connection",
            format!("did not answer: {error}"),
            "read the last lines of PostgreSQL's log: they say what it waits for",
        )],
    }
}

async fn look(pool: &PgPool, connections: u32) -> sqlx::Result<Vec<Finding>> {
    let mut findings = vec![version(pool).await?];
    findings.extend(durability(pool).await?);
    findings.push(room(pool, connections).await?);
    findings.push(time(pool).await?);
    Ok(findings)
}

async fn version(pool: &PgPool) -> sqlx::Result<Finding> {
    let (number, name): (i32, String) = sqlx::query_as(
        "select current_setting('server_version_num')::int, current_setting('server_version')",
    )
    .fetch_one(pool)
    .await?;
    let (check, seen) = ("postgres.version", format!("PostgreSQL {name} answers"));
    if number >= VERSION_MIN {
        return Ok(Finding::ok(check, seen));
    }
    Ok(Finding::fault(check, seen, "use PostgreSQL 15 or later"))
}

async fn durability(pool: &PgPool) -> sqlx::Result<Vec<Finding>> {
    let findings = settings(pool).await?.into_iter().map(|setting| {
        let (check, seen) =
            (format!("postgres.{}", setting.name), format!("{} is {}", setting.name, setting.value));
        if setting.is_enough {
            return Finding::ok(check, seen);
        }
        let advice = format!(
            "set {} = on: `serve` refuses to start, because what is committed could be lost",
            setting.name
        );
        Finding::fault(check, seen, advice)
    });
    Ok(findings.collect())
}

/// Whether one process with all roles has room beside what is connected now.
async fn room(pool: &PgPool, connections: u32) -> sqlx::Result<Finding> {
    let (most, used): (i32, i64) = sqlx::query_as(
        "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
           (select count(*) from pg_stat_activity where backend_type = 'client backend')",
    )
    .fetch_one(pool)
    .await?;
    let needed = i64::from(connections + CONNECTIONS_BESIDE);
    let check = "postgres.max_connections";
    let seen = format!("{most} connections, {used} in use; a process with all roles opens up to {needed}");
    if i64::from(most) >= needed {
        return Ok(Finding::ok(check, seen));
    }
    Ok(Finding::warning(
        check,
        seen,
        "raise max_connections to what all processes may open, or lower database.max_connections",
    ))
}

async fn time(pool: &PgPool) -> sqlx::Result<Finding> {
    let asked_at = clock::now();
    let theirs: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp()").fetch_one(pool).await?;
    let ours = asked_at + (clock::now() - asked_at) / 2;
    Ok(clock_finding("postgres.clock", "PostgreSQL's clock", theirs, ours))
}
