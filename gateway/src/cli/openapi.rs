//! `mensajeria openapi`: the API's description, generated from the code.

use super::{CliError, Exit};

#[expect(clippy::unnecessary_wraps, reason = "every command has the same shape")]
pub(super) fn run() -> Result<Exit, CliError> {
    println!("{}", crate::api::openapi_json());
    Ok(Exit::Done)
}
