//! The check that PostgreSQL is durable: a 2xx promises it.

use sqlx::PgPool;

use super::StartError;

/// The required settings and their accepted values. `remote_apply` and the like include the local flush.
const SETTINGS: [(&str, &[&str]); 3] = [
    ("fsync", &["on"]),
    ("full_page_writes", &["on"]),
    ("synchronous_commit", &["on", "remote_write", "remote_apply"]),
];

/// Refuses a database that may lose commits.
pub(super) async fn check(pool: &PgPool) -> Result<(), StartError> {
    for (name, enough) in SETTINGS {
        let value: String =
            sqlx::query_scalar("select current_setting($1)").bind(name).fetch_one(pool).await?;
        if !enough.contains(&value.as_str()) {
            return Err(StartError::NotDurable(name));
        }
    }
    Ok(())
}
