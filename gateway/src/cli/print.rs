//! Results on standard output: a line for people, or one JSON object for programs.

use std::io::Write;

use serde::Serialize;

/// Prints a result as JSON with `--json`, otherwise as a line.
pub(super) fn result(json: bool, value: &impl Serialize, line: impl FnOnce() -> String) {
    self::line(&if json { serde_json::to_string(value).expect("results are plain data") } else { line() });
}

/// Prints a line. A closed pipe, as of `head`, is no error.
pub(super) fn line(text: &str) {
    if let Err(error) = writeln!(std::io::stdout(), "{text}")
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        panic!("failed to print: {error}");
    }
}
