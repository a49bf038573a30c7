//! `mensajeria migrate`: migrates the database.

use serde_json::json;

use super::target::Target;
use super::{CliError, Exit, Global, print};
use crate::config::Config;

pub(super) async fn run(global: &Global, config: Config) -> Result<Exit, CliError> {
    let target = Target::find(global, &config, false).await?;
    let pool = target.pool(1).await?;
    commands::migrate(&pool).await?;
    print::result(global.json, &json!({ "migrated": true }), || "the tables are up to date".to_owned());
    target.close().await?;
    Ok(Exit::Done)
}
