//! Cuts one row of a delimited file into cells, by RFC 4180 with the liberties that spreadsheets take
//! (docs/decisions/0028).

use std::mem;

/// The result of scanning the start of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// A row, and how many bytes it takes with its line break.
    Row { cells: Vec<String>, bytes: usize },
    /// The start of a row: the text ends first.
    Unfinished,
    /// Not a row: something other than a delimiter follows a closing quote, or a quote is not closed.
    Misquoted,
}

/// Cuts the first row of a text into its cells.
///
/// Blanks around quotes are left out, quotes inside an unquoted cell are text, and `\n`, `\r\n` and `\r` end a row.
/// `ended` tells whether the file ends with the text.
pub(super) fn scan(text: &str, delimiter: char, ended: bool) -> Scan {
    let mut scanner = Scanner { delimiter, place: Place::Start, cell: String::new(), cells: Vec::new() };
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\r' && scanner.place != Place::Quoted {
            match characters.peek() {
                Some((_, '\n')) => continue,
                None if !ended => return Scan::Unfinished,
                _ => return scanner.row(at + 1),
            }
        }
        match scanner.take(c) {
            Step::Goes => {}
            Step::Ends => return scanner.row(at + c.len_utf8()),
            Step::Misquoted => return Scan::Misquoted,
        }
    }
    match scanner.place {
        _ if !ended => Scan::Unfinished,
        Place::Quoted => Scan::Misquoted,
        _ => scanner.row(text.len()),
    }
}

/// How many bytes of a text its first line takes, with its line break; `None` when it ends before the line does.
pub(super) fn first_line_bytes(text: &str, ended: bool) -> Option<usize> {
    let Some(at) = text.find(['\n', '\r']) else {
        return ended.then_some(text.len());
    };
    match &text.as_bytes()[at..] {
        [b'\r', b'\n', ..] => Some(at + 2),
        [b'\r'] if !ended => None,
        _ => Some(at + 1),
    }
}

/// How many line breaks a text has: `\n`, `\r\n` and `\r` are one each.
pub(super) fn line_breaks(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = |at: usize| bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    (0..bytes.len()).map(|at| u64::from(ends(at))).sum()
}

/// The scanner's state within a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the cell, or after leading blanks.
    Start,
    /// In a cell without quotes.
    Bare,
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: the closing one, unless another follows.
    Closed,
    /// After blanks that follow a closing quote.
    Behind,
}

enum Step {
    Goes,
    Ends,
    Misquoted,
}

struct Scanner {
    delimiter: char,
    place: Place,
    cell: String,
    cells: Vec<String>,
}

impl Scanner {
    fn take(&mut self, c: char) -> Step {
        match (self.place, c) {
            (Place::Quoted, '"') => self.place = Place::Closed,
            (Place::Quoted, _) => self.cell.push(c),
            (Place::Closed, '"') => self.quote(),
            (_, '\n') => return Step::Ends,
            _ if c == self.delimiter => self.end_cell(),
            (Place::Start, '"') => self.open(),
            (Place::Closed | Place::Behind, ' ' | '\t') => self.place = Place::Behind,
            (Place::Closed | Place::Behind, _) => return Step::Misquoted,
            (Place::Start, ' ' | '\t') => self.cell.push(c),
            _ => self.push(c),
        }
        Step::Goes
    }

    fn open(&mut self) {
        self.cell.clear();
        self.place = Place::Quoted;
    }

    /// A quote written twice between quotes.
    fn quote(&mut self) {
        self.cell.push('"');
        self.place = Place::Quoted;
    }

    fn push(&mut self, c: char) {
        self.cell.push(c);
        self.place = Place::Bare;
    }

    fn end_cell(&mut self) {
        self.cells.push(mem::take(&mut self.cell));
        self.place = Place::Start;
    }

    fn row(mut self, bytes: usize) -> Scan {
        self.end_cell();
        Scan::Row { cells: self.cells, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<String> {
        match scan(text, ';', true) {
            Scan::Row { cells, bytes } => {
                assert_eq!(bytes, text.len(), "{text:?}");
                cells
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn a_row_is_cut_at_its_delimiters() {
        assert_eq!(cells("a;b;c\n"), ["a", "b", "c"]);
        assert_eq!(cells("a;b;c\r\n"), ["a", "b", "c"]);
        assert_eq!(cells("a;b;c\r"), ["a", "b", "c"]);
        assert_eq!(cells("a;b;c"), ["a", "b", "c"]);
        assert_eq!(cells(";;\n"), ["", "", ""]);
        assert_eq!(cells("\n"), [""]);
        assert_eq!(cells("a,b;ñ 😀"), ["a,b", "ñ 😀"]);
    }

    #[test]
    fn quotes_hold_delimiters_line_breaks_and_quotes() {
        assert_eq!(cells("\"a;b\";\"c\nd\r\ne\rf\"\n"), ["a;b", "c\nd\r\ne\rf"]);
        assert_eq!(cells("\"dice \"\"hola\"\"\";\"\"\n"), ["dice \"hola\"", ""]);
        assert_eq!(cells("\"\"\"\"\n"), ["\""]);
    }

    #[test]
    fn quotes_inside_an_unquoted_cell_are_text() {
        assert_eq!(cells("Edificio \"El Sol\";5\"\n"), ["Edificio \"El Sol\"", "5\""]);
    }

    #[test]
    fn blanks_around_quotes_are_left_out() {
        assert_eq!(cells("  \"a;b\" \t; c \n"), ["a;b", " c "]);
    }

    #[test]
    fn a_quote_that_is_not_closed_before_the_delimiter_is_no_row() {
        assert_eq!(scan("\"a\"b;c\n", ';', true), Scan::Misquoted);
        assert_eq!(scan("\"a\" \"b\";c\n", ';', true), Scan::Misquoted);
        assert_eq!(scan("\"a;b\nc;d", ';', true), Scan::Misquoted);
    }

    #[test]
    fn a_row_is_unfinished_until_its_line_break_is_seen() {
        assert_eq!(scan("a;b", ';', false), Scan::Unfinished);
        assert_eq!(scan("a;\"b", ';', false), Scan::Unfinished);
        assert_eq!(scan("a;b\r", ';', false), Scan::Unfinished);
        assert!(matches!(scan("a;b\r\n", ';', false), Scan::Row { bytes: 5, .. }));
        assert!(matches!(scan("a;b\rc", ';', false), Scan::Row { bytes: 4, .. }));
    }

    #[test]
    fn lines_are_counted_however_they_end() {
        assert_eq!(line_breaks("a\nb\r\nc\rd"), 3);
        assert_eq!(line_breaks("\r\r\n\n"), 3);
        assert_eq!(line_breaks("abc"), 0);
    }

    #[test]
    fn the_first_line_ends_at_its_line_break() {
        assert_eq!(first_line_bytes("ab\ncd", false), Some(3));
        assert_eq!(first_line_bytes("ab\r\ncd", false), Some(4));
        assert_eq!(first_line_bytes("ab\rcd", false), Some(3));
        assert_eq!(first_line_bytes("ab\r", false), None);
        assert_eq!(first_line_bytes("ab", false), None);
        assert_eq!(first_line_bytes("ab", true), Some(2));
        assert_eq!(first_line_bytes("ab\r", true), Some(3));
    }
}
