//! The tables of the write side, made and brought up to date; safe to run from many processes at once.

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Applies what is missing.
///
/// # Errors
/// When the database refuses, or was migrated by a newer version of the program.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATIONS.run(pool).await
}
