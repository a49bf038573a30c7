//! The mark that keeps a spreadsheet from running a cell as a formula: files of ours have it, and an import takes it off.

use std::borrow::Cow;

/// Spreadsheets take what stands behind it for text.
const MARK: char = '\'';

/// A cell as a file for spreadsheets has it: marked if it would be run as a formula. One that has marks before a formula
/// gets another, so that [`unmarked`] gives back every cell as it was.
pub fn marked(cell: &str) -> Cow<'_, str> {
    match is_formula_behind_marks(cell) {
        true => Cow::Owned(format!("{MARK}{cell}")),
        false => Cow::Borrowed(cell),
    }
}

/// The text of a cell of such a file.
pub fn unmarked(cell: &str) -> &str {
    cell.strip_prefix(MARK).filter(|text| is_formula_behind_marks(text)).unwrap_or(cell)
}

/// Whether a spreadsheet would run it (OWASP, «CSV Injection»), but for the marks. It skips white space, and takes the
/// full-width forms of the signs too.
fn is_formula_behind_marks(cell: &str) -> bool {
    let cell = cell.trim_start_matches(MARK);
    cell.starts_with(['\t', '\r', '\n'])
        || cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_marked_and_nothing_else() {
        for formula in ["=1+1", "+573001234567", "-Ana", "@SUM(A1)", "\t=1", " =1", "＝1", "\r=1", "'=1"] {
            assert_eq!(marked(formula), format!("'{formula}"));
        }
        for plain in ["", "'", "a=1", "Ana-María", "'Ana"] {
            assert_eq!(marked(plain), plain);
        }
    }

    #[test]
    fn every_cell_comes_back_as_it_was() {
        for cell in ["-Ana", "'-Ana", "''-Ana", "'Ana", "Ana", "'", "", " +57", "O'Higgins", "=", "'@"] {
            assert_eq!(unmarked(&marked(cell)), cell);
        }
        assert_eq!(unmarked("'-Ana"), "-Ana");
    }
}
