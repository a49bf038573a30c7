//! The first row: which columns the file has, in which order, and what separates them.

use super::FileFault;
use super::scanner::{Scan, first_line_bytes, scan};
use super::text_decoder::foreign_bytes_as_windows_1252;
use crate::value::{comparable, is_invisible, words};

words! {
    /// A column of the file, or the row as a whole.
    Column {
        /// The client's code at its company.
        ExternalId = "external_id",
        /// The client's name.
        Name = "name",
        /// Who the contact is to the client.
        Kind = "kind",
        /// The contact's name.
        ContactName = "contact_name",
        /// The contact's telephone.
        Phone = "phone",
        /// The contact's e-mail address.
        Email = "email",
        /// No column: the row itself is at fault.
        Row = "row",
    }
}

impl Column {
    /// The columns every file has.
    pub const FILE: [Self; 6] =
        [Self::ExternalId, Self::Name, Self::Kind, Self::ContactName, Self::Phone, Self::Email];
}

/// The layout of the rows below the header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) delimiter: char,
    /// The column of each cell; `None` under a blank header cell.
    pub(super) columns: Vec<Option<Column>>,
}

/// The possible delimiters. In a tie the first one wins.
const DELIMITERS: [char; 3] = [';', ',', '\t'];
/// How many unknown columns an error names.
const NAMED_MAX: usize = 5;
/// How much of an unknown column's name an error shows, in characters.
const NAME_MAX_CHARS: usize = 40;

impl Header {
    /// Reads the header at the start of a text; `ended` tells whether the file ends with the text.
    pub(super) fn read(text: &str, ended: bool) -> Result<(Self, usize), FileFault> {
        let (declared, above) = declared_delimiter(text, ended).unzip();
        let above = above.unwrap_or_default();
        let text = &text[above..];
        if text.trim().is_empty() {
            return Err(FileFault::Empty);
        }
        let delimiter = declared.unwrap_or_else(|| delimiter(text));
        let Scan::Row { cells, bytes } = scan(text, delimiter, ended) else {
            return Err(FileFault::Header);
        };
        Ok((Self { delimiter, columns: columns(&cells)? }, above + bytes))
    }
}

/// The delimiter that a first line `sep=;` declares, and the length of that line in bytes: Excel reads and hides it,
/// and other programs write it for Excel.
fn declared_delimiter(text: &str, ended: bool) -> Option<(char, usize)> {
    let bytes = first_line_bytes(text, ended)?;
    let line = text[..bytes].trim_matches(|c| matches!(c, '\r' | '\n' | '"') || is_invisible(c));
    let (keyword, delimiter) = line.split_at_checked(SEPARATOR.len())?;
    let mut delimiter = delimiter.chars();
    match (delimiter.next(), delimiter.next()) {
        (Some(c), None) if keyword.eq_ignore_ascii_case(SEPARATOR) && !c.is_alphanumeric() => {
            Some((c, bytes))
        }
        _ => None,
    }
}

/// The start of a line that declares the delimiter.
const SEPARATOR: &str = "sep=";

/// The delimiter that occurs most often in the header, outside quotes.
fn delimiter(text: &str) -> char {
    let mut quoted = false;
    let mut counts = [0_usize; DELIMITERS.len()];
    for c in text.chars() {
        match DELIMITERS.iter().position(|&delimiter| delimiter == c) {
            _ if c == '"' => quoted = !quoted,
            _ if quoted => {}
            Some(index) => counts[index] += 1,
            None if c == '\n' || c == '\r' => break,
            None => {}
        }
    }
    // Of equal maxima, max_by_key gives the last.
    let most = (0..DELIMITERS.len()).rev().max_by_key(|&index| counts[index]);
    DELIMITERS[most.unwrap_or_default()]
}

fn columns(cells: &[String]) -> Result<Vec<Option<Column>>, FileFault> {
    let names: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
    let known = |name: &str| Column::FILE.into_iter().find(|column| column.as_str() == name);
    let columns: Vec<Option<Column>> = names.iter().map(|name| known(name)).collect();
    let times = |column: Column| columns.iter().filter(|&&found| found == Some(column)).count();
    let fault = FileFault::Columns {
        missing: Column::FILE.into_iter().filter(|&column| times(column) == 0).collect(),
        repeated: Column::FILE.into_iter().filter(|&column| times(column) > 1).collect(),
        unknown: unknown(cells, &names),
    };
    if fault.is_none() { Ok(columns) } else { Err(fault) }
}

/// The unknown columns as the file writes them, so that a person recognizes them. Blank columns at the end, which spreadsheets
/// leave, do not count.
fn unknown(cells: &[String], names: &[String]) -> Vec<String> {
    let is_unknown =
        |name: &str| !name.is_empty() && Column::FILE.iter().all(|column| column.as_str() != name);
    let unknown = cells.iter().zip(names).filter(|(_, name)| is_unknown(name));
    let mut named: Vec<String> = unknown.take(NAMED_MAX + 1).map(|(cell, _)| shown(cell)).collect();
    if named.len() > NAMED_MAX {
        named[NAMED_MAX] = "…".to_owned();
    }
    named
}

/// The start of a name, without characters that must not reach a screen, since the file may be no text.
fn shown(cell: &str) -> String {
    let name: String = cell.trim().chars().filter(|c| !c.is_control()).take(NAME_MAX_CHARS).collect();
    foreign_bytes_as_windows_1252(&name)
}

/// `External ID` and `external-id` are `external_id`.
fn plain(cell: &str) -> String {
    comparable(cell).to_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Header, FileFault> {
        Header::read(text, true).map(|(header, _)| header)
    }

    fn columns_fault(missing: &[Column], repeated: &[Column], unknown: &[&str]) -> FileFault {
        let unknown = unknown.iter().map(ToString::to_string).collect();
        FileFault::Columns { missing: missing.to_vec(), repeated: repeated.to_vec(), unknown }
    }

    #[test]
    fn the_delimiter_is_what_separates_the_header() {
        for delimiter in DELIMITERS {
            let text = "external_id,name,kind,contact_name,phone,email".replace(',', &delimiter.to_string());
            let header = read(&text).unwrap();
            assert_eq!(header.delimiter, delimiter);
            assert_eq!(header.columns, Column::FILE.map(Some));
        }
    }

    #[test]
    fn delimiters_inside_quotes_separate_nothing() {
        assert_eq!(delimiter("\"a,b,c,d\";e;f\ng,h,i,j,k"), ';');
        assert_eq!(delimiter("a"), ';');
    }

    #[test]
    fn columns_may_have_any_order_and_case() {
        let header = read("EMAIL; Phone ;\"Contact Name\";kind;NAME;External-ID;;\n1").unwrap();
        let order = [
            Column::Email,
            Column::Phone,
            Column::ContactName,
            Column::Kind,
            Column::Name,
            Column::ExternalId,
        ];
        assert_eq!(header.columns[..6], order.map(Some));
        assert_eq!(header.columns[6..], [None, None]);
    }

    #[test]
    fn every_column_that_is_missing_repeated_or_unknown_is_named() {
        let fault = read("external_id,name,name,Teléfono,phone,email").unwrap_err();
        assert_eq!(
            fault,
            columns_fault(&[Column::Kind, Column::ContactName], &[Column::Name], &["Teléfono"])
        );
        let fault = read("external_id,name,kind,contact_name,phone,email,row").unwrap_err();
        assert_eq!(fault, columns_fault(&[], &[], &["row"]));
    }

    #[test]
    fn an_error_names_only_so_many_unknown_columns() {
        let header = format!(
            "external_id,name,kind,contact_name,phone,email{}",
            format!(",{}", "x".repeat(90)).repeat(90)
        );
        let name = "x".repeat(NAME_MAX_CHARS);
        let named = [&[name.as_str(); NAMED_MAX][..], &["…"]].concat();
        assert_eq!(read(&header).unwrap_err(), columns_fault(&[], &[], &named));
        let binary = read("external_id,name,kind,contact_name,phone,email,\u{1b}[2J\u{7}x");
        assert_eq!(binary.unwrap_err(), columns_fault(&[], &[], &["[2Jx"]));
    }

    #[test]
    fn a_first_line_declares_the_delimiter_as_for_excel() {
        let header = "external_id,name,kind,contact_name,phone,email";
        let declared = [
            ("sep=;\r\n", ";"),
            ("sep=,\n", ","),
            ("SEP=|\r", "|"),
            ("\u{feff}sep=\t\r\n", "\t"),
            ("\"sep=;\"\n", ";"),
        ];
        for (line, delimiter) in declared {
            let text = format!("{line}{}\n1", header.replace(',', delimiter));
            let (read, bytes) = Header::read(&text, true).unwrap();
            assert_eq!((read.delimiter.to_string().as_str(), read.columns.len()), (delimiter, 6), "{line:?}");
            assert_eq!(&text[bytes..], "1", "{line:?}");
        }
        let other = read(&format!("sep=,\n{}", header.replace(',', ";")));
        assert!(matches!(other, Err(FileFault::Columns { .. })), "what it says holds, as in Excel");
        assert_eq!(read("sep=;"), Err(FileFault::Empty));
        for none in ["sep=\n", "sep=ab\n", "sep=a\n", "set=;\n"] {
            assert!(matches!(read(&format!("{none}{header}")), Err(FileFault::Columns { .. })), "{none:?}");
        }
    }

    #[test]
    fn a_file_without_a_header_is_refused() {
        assert_eq!(read(""), Err(FileFault::Empty));
        assert_eq!(read(" \r\n\n"), Err(FileFault::Empty));
        assert_eq!(read("\"external_id,name"), Err(FileFault::Header));
    }
}
