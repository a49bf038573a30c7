//! The accepted rows of a file, sorted by client in the database, so that memory does not grow with the file.

use domain::import::ImportRow;
use futures::{Stream, TryStreamExt};
use sqlx::{Connection, PgConnection, PgPool};

use crate::problem::{Answer, Problem};

/// A temporary table on a connection of its own. It is dropped with the connection, however the import ends.
pub(super) struct Rows {
    connection: PgConnection,
}

impl Rows {
    /// An empty table.
    pub(super) async fn open(pool: &PgPool) -> sqlx::Result<Self> {
        let mut connection = pool.acquire().await?.detach();
        sqlx::query("create temp table import_rows (external_key text not null, line bigint not null, row text not null)")
            .execute(&mut connection)
            .await?;
        Ok(Self { connection })
    }

    /// Adds rows.
    pub(super) async fn add(&mut self, rows: Vec<ImportRow>) -> Answer<()> {
        let texts = rows.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>();
        let texts = texts.map_err(|error| Problem::internal(&error))?;
        let ids: Vec<String> = rows.iter().map(|row| row.external_id.key()).collect();
        let lines: Vec<i64> = rows.iter().map(|row| row.line.cast_signed()).collect();
        sqlx::query("insert into import_rows select * from unnest($1::text[], $2::bigint[], $3::text[])")
            .bind(ids)
            .bind(lines)
            .bind(texts)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// All rows: clients by their first line, with the rows of each client together and by line.
    pub(super) fn by_client(&mut self) -> impl Stream<Item = Answer<ImportRow>> + Send + '_ {
        sqlx::query_scalar::<_, String>(
            "select row
             from (select row, line, min(line) over (partition by external_key) as first_line from import_rows) as rows
             order by first_line, line",
        )
        .fetch(&mut self.connection)
        .map_err(Problem::from)
        .and_then(async |text| serde_json::from_str(&text).map_err(|error| Problem::internal(&error)))
    }

    /// Drops the table.
    pub(super) async fn close(self) -> sqlx::Result<()> {
        self.connection.close().await
    }
}
