//! The check that PostgreSQL is durable: a 2xx promises it.

use sqlx::PgPool;

use super::StartError;

/// The required settings and their accepted values. `remote_apply` and the like include the local flush.
const SETTINGS: [(&str, &[&str]); 3] = [
    ("fsync", &["on"]),
    ("full_page_writes", &["on"]),
    ("synchronous_commit", &["on", "remote_write", "remote_apply"]),
];

/// One of the settings as PostgreSQL has it.
pub(crate) struct Setting {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its value.
    pub(crate) value: String,
    /// Whether no commit can be lost by it.
    pub(crate) is_enough: bool,
}

/// The settings of a session.
pub(crate) async fn settings(pool: &PgPool) -> sqlx::Result<Vec<Setting>> {
    let mut settings = Vec::with_capacity(SETTINGS.len());
    for (name, enough) in SETTINGS {
        let value: String =
            sqlx::query_scalar("select current_setting($1)").bind(name).fetch_one(pool).await?;
        let is_enough = enough.contains(&value.as_str());
        settings.push(Setting { name, value, is_enough });
    }
    Ok(settings)
}

/// Refuses a database that may lose commits.
pub(super) async fn check(pool: &PgPool) -> Result<(), StartError> {
    match settings(pool).await?.into_iter().find(|setting| !setting.is_enough) {
        Some(setting) => Err(StartError::NotDurable(setting.name)),
        None => Ok(()),
    }
}
