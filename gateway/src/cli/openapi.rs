//! `mensajeria openapi`: the API's description, generated from the code.

use super::{CliError, Exit, print};
use crate::api;

pub(super) fn run() -> Result<Exit, CliError> {
    print::line(&serde_json::to_string_pretty(&api::openapi()).map_err(CliError::failed)?);
    Ok(Exit::Done)
}
