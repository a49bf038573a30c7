//! All texts for callers, one file a language.

pub(super) mod en;
pub(super) mod es;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_written_in_the_largest_unit_that_divides_it() {
        assert_eq!([1 << 30, 1 << 20, 512 << 10, 1_000].map(size), ["1 GB", "1 MB", "512 KB", "1000 bytes"]);
    }
}
