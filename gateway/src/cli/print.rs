//! Results on standard output: a line for people, or one JSON object for programs.

use serde::Serialize;

/// Prints a result as JSON with `--json`, otherwise as its line.
pub(super) fn result(json: bool, value: &impl Serialize, line: impl FnOnce() -> String) {
    if json {
        println!("{}", serde_json::to_string(value).expect("results are plain data"));
    } else {
        println!("{}", line());
    }
}
