//! File operations: private files, atomic writes, random names.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::error::StackError;
use crate::platform;

/// How much of the end of a log an error message shows, in bytes.
const TAIL_BYTES: u64 = 2_000;

/// The size at which a log is rotated at the next start, in bytes.
const LOG_MAX_BYTES: u64 = 8_000_000;

/// Writes a private file atomically.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), StackError> {
    let new = path.with_extension(format!("{}.new", random_hex(4)));
    let written = platform::private(OpenOptions::new().write(true).create_new(true))
        .open(&new)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&new, path));
    written.map_err(StackError::file("write", path))
}

/// `bytes` random bytes as hexadecimal digits.
pub(crate) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut random).expect("the system's random generator never fails once it is seeded");
    hex::encode(random)
}

/// The last lines of a log, or why they cannot be read.
pub(crate) fn tail(path: &Path) -> String {
    read_tail(path).unwrap_or_else(|error| format!("(no log at {}: {error})", path.display()))
}

fn read_tail(path: &Path) -> std::io::Result<String> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// Opens a log for appending. A log that is too long replaces the previous rotated one first.
pub(crate) fn open_log(path: &Path) -> std::io::Result<fs::File> {
    if fs::metadata(path).is_ok_and(|log| log.len() > LOG_MAX_BYTES) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    platform::private(OpenOptions::new().append(true).create(true)).open(path)
}
