//! The address file: other processes on this machine find the servers of a running stack by one private file in the
//! data folder.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::StackError;
use crate::{files, folder};

/// The address file, readable by its owner only: the addresses contain passwords.
pub(crate) const ADDRESSES_FILE: &str = "stack.json";

/// The addresses of a running stack, passwords included.
#[derive(Clone, Serialize, Deserialize)]
pub struct Addresses {
    /// `postgres://…`, if the stack runs PostgreSQL.
    pub database_url: Option<String>,
    /// `nats://…`, if the stack runs NATS.
    pub nats_url: Option<String>,
}

impl Addresses {
    pub(crate) fn write(&self, data: &Path) -> Result<(), StackError> {
        let text = serde_json::to_string(self).expect("two optional strings always serialise");
        files::write_private(&data.join(ADDRESSES_FILE), &text)
    }
}

impl std::fmt::Debug for Addresses {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Addresses { .. }")
    }
}

/// The addresses of the stack that a living process runs on this data folder, if any. Commands such as `user token` use
/// it beside a running `dev`.
///
/// # Errors
/// An address file that cannot be read.
pub fn running(data: &Path) -> Result<Option<Addresses>, StackError> {
    let path = data.join(ADDRESSES_FILE);
    if !folder::is_owned(data) || !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).map_err(StackError::file("read", &path))?;
    serde_json::from_str(&text).map(Some).map_err(|error| StackError::File {
        action: "understand",
        path,
        source: error.into(),
    })
}

/// Removes the file. A file left behind by a killed process is ignored, since its owner's lock is gone.
pub(crate) fn forget(data: &Path) {
    drop(std::fs::remove_file(data.join(ADDRESSES_FILE)));
}
