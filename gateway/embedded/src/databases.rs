//! A database for each test, copied from a migrated template.

use sqlx::{Connection, PgConnection};

use crate::Stack;
use crate::error::StackError;
use crate::postgres::Postgres;

impl Stack {
    /// Makes the database `name` as a copy of `template`, which nobody may be connected to, and returns its URL.
    /// `template0` is an empty one.
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

    /// On a connection of its own: a stack is shared by tests whose runtimes come and go.
    async fn execute(&self, statement: &str) -> Result<(), StackError> {
        let mut connection: PgConnection = self.postgres()?.connect().await?;
        let done = sqlx::raw_sql(statement).execute(&mut connection).await;
        drop(connection.close().await);
        Ok(done.map(drop)?)
    }
}

/// A name as PostgreSQL quotes identifiers, which no statement can take as a parameter here.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
