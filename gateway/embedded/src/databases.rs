//! A database for each test, copied from a migrated template.

use sqlx::{Connection, PgConnection};

use crate::Stack;
use crate::error::StackError;
use crate::postgres::Postgres;

impl Stack {
    /// Creates the database `name` as a copy of `template`, which must have no connections, and returns its URL.
    /// `template0` is empty.
    ///
    /// # Errors
    /// PostgreSQL's refusal, such as a name that exists.
    pub async fn create_database(&self, template: &str, name: &str) -> Result<String, StackError> {
        let postgres = self.postgres()?;
        let (quoted_name, quoted_template) = (quoted(name), quoted(template));
        self.execute(&format!("create database {quoted_name} template {quoted_template}")).await?;
        Ok(postgres.url_of(name))
    }

    /// Drops the database, and the connections to it, if it exists.
    ///
    /// # Errors
    /// PostgreSQL's refusal.
    pub async fn drop_database(&self, name: &str) -> Result<(), StackError> {
        self.execute(&format!("drop database if exists {} with (force)", quoted(name))).await
    }

    pub(crate) fn postgres(&self) -> Result<&Postgres, StackError> {
        self.postgres.as_ref().ok_or(StackError::NotStarted("PostgreSQL"))
    }

    /// Uses a connection of its own: tests with different runtimes share a stack.
    async fn execute(&self, statement: &str) -> Result<(), StackError> {
        let mut connection: PgConnection = self.postgres()?.connect().await?;
        let done = sqlx::raw_sql(statement).execute(&mut connection).await;
        drop(connection.close().await);
        Ok(done.map(drop)?)
    }
}

/// A quoted identifier: these statements take no parameters.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
