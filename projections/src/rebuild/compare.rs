//! Compares a projection's tables with its history: fills others beside them and finds different rows.

use std::sync::Arc;

use commands::begin;
use commands::leader::Leadership;
use commands::log::Reader;
use domain::Position;
use sqlx::PgConnection;

use super::RebuildError;
use super::fill::Fill;
use crate::engine::{BatchError, Target, schema, swap_key};
use crate::projection::Projection;

/// Tables that do not follow from history: times of parking, and the build.
const NOT_HISTORY: [&str; 2] = ["checkpoint", "parked"];

/// A table that differs from its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: String,
    /// How many rows only the live table has.
    pub only_live: i64,
    /// How many rows only the rebuilt table has.
    pub only_rebuilt: i64,
    /// The first row that is in one of them only, as text: personal data, so for tests and not for logs.
    pub example: Option<String>,
}

/// Fills tables beside the live ones up to the live checkpoint, compares row by row, and drops them again. The live
/// projector waits while the rows are compared. Empty: they are equal.
///
/// # Errors
/// When the database does not answer.
pub async fn compare(log: &Reader, projection: Projection) -> Result<Vec<Difference>, RebuildError> {
    let _alone = Leadership::acquire(log.pool(), &format!("comparison {projection}")).await;
    let schema = format!("{projection}_compared");
    let projector = crate::projector_of(log, projection);
    let target = Target { projector: Arc::clone(&projector), schema: schema.clone(), live: false };
    let mut fill = Fill::begin(log, target, None).await.map_err(database)?;
    let mut connection = log.pool().acquire().await?;
    fill.up_to(position(&mut connection, projection).await?).await.map_err(database)?;
    drop(connection);
    // The end of a fill blanks erased people, so it must run here too.
    schema::finish(log.pool(), &*projector, &schema).await?;
    let mut tx = begin(log.pool()).await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(swap_key(projection)).execute(&mut *tx).await?;
    fill.up_to(position(&mut tx, projection).await?).await.map_err(database)?;
    let mut differences = Vec::new();
    for table in schema::tables(&mut tx, projection.name()).await? {
        if !NOT_HISTORY.contains(&table.as_str()) {
            differences.extend(difference(&mut tx, projection.name(), &schema, table).await?);
        }
    }
    tx.commit().await?;
    schema::drop(log.pool(), &schema).await?;
    Ok(differences)
}

async fn position(connection: &mut PgConnection, projection: Projection) -> sqlx::Result<Position> {
    Ok(schema::checkpoint(connection, projection.name()).await?.map_or(0, |live| live.position))
}

async fn difference(
    tx: &mut PgConnection,
    live: &str,
    rebuilt: &str,
    table: String,
) -> sqlx::Result<Option<Difference>> {
    let text = format!(
        "with live as (select r::text as row from {live}.{table} r),
              rebuilt as (select r::text as row from {rebuilt}.{table} r),
              only_live as (select row from live except all select row from rebuilt),
              only_rebuilt as (select row from rebuilt except all select row from live)
         select (select count(*) from only_live), (select count(*) from only_rebuilt),
                coalesce((select 'live: ' || min(row) from only_live) || ' ', '')
                  || coalesce((select 'rebuilt: ' || min(row) from only_rebuilt), '')"
    );
    let (only_live, only_rebuilt, example) = sqlx::query_as(&text).fetch_one(tx).await?;
    let differs = only_live > 0 || only_rebuilt > 0;
    Ok(differs.then_some(Difference { table, only_live, only_rebuilt, example }))
}

fn database(error: BatchError) -> RebuildError {
    match error {
        BatchError::Database(error) => RebuildError::Database(error),
        other => RebuildError::Database(sqlx::Error::Protocol(other.to_string())),
    }
}
