//! Whether PostgreSQL keeps what it commits: a 2xx promises that it does.

use sqlx::PgPool;

use super::StartError;

/// What must be on, and the values that count as on: `remote_apply` and the like wait for more than the disk here.
const SETTINGS: [(&str, &[&str]); 3] = [
    ("fsync", &["on"]),
    ("full_page_writes", &["on"]),
    ("synchronous_commit", &["on", "remote_write", "remote_apply"]),
];

/// Refuses a database that would lose what it has answered for.
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
