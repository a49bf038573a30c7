//! All texts for callers, one file a language.

pub(super) mod en;
pub(super) mod es;
pub(super) mod pt;

use chrono::{DateTime, Utc};
use domain::notification::Times;

/// A number of bytes in the largest unit that divides it.
fn size(bytes: usize) -> String {
    let units = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")];
    let whole = units.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// A name that a caller wrote, not longer than a line.
fn shown(name: &str) -> String {
    const CHARS_MAX: usize = 80;
    name.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect()
}

/// When it would expire and when it would begin: `2026-12-01 15:00 UTC`.
fn times_of(Times { expires_at, begins_at }: Times) -> (String, String) {
    let written = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M UTC").to_string();
    (written(expires_at), written(begins_at))
}

/// The most changes that are told without a word of doubt: of more, some may have cancelled each other.
const EXACT_CHANGES_MAX: u64 = 8;

/// How many came and how many went: `+3, −1`.
fn changes(added: u64, removed: u64, at_least: &str) -> String {
    let doubt = if added + removed > EXACT_CHANGES_MAX { at_least } else { "" };
    format!("{doubt}+{added}, −{removed}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_changes_are_at_least_so_many() {
        assert_eq!(changes(3, 1, "al menos "), "+3, −1");
        assert_eq!(changes(60, 0, "al menos "), "al menos +60, −0");
    }

    #[test]
    fn a_limit_is_written_in_the_largest_unit_that_divides_it() {
        assert_eq!([1 << 30, 1 << 20, 512 << 10, 1_000].map(size), ["1 GB", "1 MB", "512 KB", "1000 bytes"]);
    }
}
