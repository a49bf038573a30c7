//! Creates and migrates the tables of the write side. Many processes may run it at once.

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Applies the missing migrations.
///
/// # Errors
/// When the database refuses, or was migrated by a newer version of the program.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATIONS.run(pool).await
}
