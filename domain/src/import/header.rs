//! The first row: which columns the file has, in which order, and what separates them.

use super::FileFault;
use super::scanner::{Scan, first_line_bytes, scan};
use super::text_decoder::foreign_bytes_as_windows_1252;
use crate::client::COLUMNS_MAX;
use crate::value::{ColumnName, comparable, is_invisible, words};

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
        /// Why the contact of a row is left out of an audience, in the file that a preview gives; not read.
        LeftOut = "reason",
        /// A column of the company's own; the value names it.
        Own = "own",
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
    /// The places of the company's own columns, with their names.
    pub(super) own: OwnColumns,
}

/// The possible delimiters. In a tie the first one wins.
const DELIMITERS: [char; 3] = [';', ',', '\t'];
/// How many repeated, and how many unknown columns an error names.
const NAMED_MAX: usize = 5;
/// How much of a column's name an error shows, in characters.
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
        let (columns, own) = columns(&cells)?;
        Ok((Self { delimiter, columns, own }, above + bytes))
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

/// The company's own columns: the place of each in a row, and its name.
type OwnColumns = Vec<(usize, ColumnName)>;

/// The column of each cell, and the company's own columns: what is in no other column and can be a name.
fn columns(cells: &[String]) -> Result<(Vec<Option<Column>>, OwnColumns), FileFault> {
    let known: Vec<Option<Column>> = cells.iter().map(|cell| known(cell)).collect();
    let times = |column: Column| known.iter().filter(|&&found| found == Some(column)).count();
    let missing: Vec<Column> = Column::FILE.into_iter().filter(|&column| times(column) == 0).collect();
    let repeated = Column::FILE.into_iter().filter(|&column| times(column) > 1);
    let mut repeated: Vec<String> = repeated.map(|column| column.as_str().to_owned()).collect();
    let (mut own, mut unknown): (OwnColumns, Vec<&str>) = (Vec::new(), Vec::new());
    let others = cells.iter().enumerate().zip(&known).filter(|(_, known)| known.is_none());
    // Blank columns, which spreadsheets leave, do not count.
    for ((at, cell), _) in others.filter(|((_, cell), _)| !comparable(cell).is_empty()) {
        match ColumnName::of_header(cell) {
            Err(_) => unknown.push(cell),
            // It may be the missing one, written otherwise.
            Ok(_) if !missing.is_empty() => unknown.push(cell),
            Ok(name) if own.iter().any(|(_, other)| *other == name) => repeated.push(shown(cell)),
            Ok(name) => own.push((at, name)),
        }
    }
    if !(missing.is_empty() && repeated.is_empty() && unknown.is_empty()) {
        return Err(FileFault::Columns { missing, repeated: named(repeated), unknown: named(unknown) });
    }
    if own.len() > COLUMNS_MAX {
        return Err(FileFault::TooManyColumns);
    }
    let is_own = |at: usize| own.iter().any(|(place, _)| *place == at);
    let columns = known.into_iter().enumerate();
    let columns = columns.map(|(at, known)| known.or_else(|| is_own(at).then_some(Column::Own)));
    Ok((columns.collect(), own))
}

/// `External ID` and `external-id` are `external_id`.
fn known(cell: &str) -> Option<Column> {
    let name = comparable(cell).to_lowercase().replace([' ', '-'], "_");
    Column::FILE.into_iter().chain([Column::LeftOut]).find(|column| column.as_str() == name)
}

/// The first few columns as the file writes them, so that a person recognizes them.
fn named(cells: Vec<impl AsRef<str>>) -> Vec<String> {
    let mut named: Vec<String> = cells.iter().take(NAMED_MAX + 1).map(|cell| shown(cell.as_ref())).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Header, FileFault> {
        Header::read(text, true).map(|(header, _)| header)
    }

    fn columns_fault(missing: &[Column], repeated: &[&str], unknown: &[&str]) -> FileFault {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        FileFault::Columns { missing: missing.to_vec(), repeated: texts(repeated), unknown: texts(unknown) }
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
        assert_eq!(fault, columns_fault(&[Column::Kind, Column::ContactName], &["name"], &["Teléfono"]));
        let fault = read("external_id,name,kind,contact_name,phone,email,row").unwrap_err();
        assert_eq!(fault, columns_fault(&[], &[], &["row"]));
    }

    #[test]
    fn what_else_a_file_has_are_the_companys_own_columns() {
        let six = "external_id,name,kind,contact_name,phone,email";
        let header = read(&format!("Saldo vencido,{six},,Día")).unwrap();
        let own: Vec<_> = header.own.iter().map(|(at, name)| (*at, name.as_str())).collect();
        assert_eq!(own, [(0, "saldo_vencido"), (8, "dia")]);
        assert_eq!(
            (header.columns[0], header.columns[7], header.columns[8]),
            (Some(Column::Own), None, Some(Column::Own))
        );
        let of_ours = read(&format!("{six},reason")).unwrap();
        assert_eq!(
            (of_ours.columns[6], of_ours.own),
            (Some(Column::LeftOut), vec![]),
            "the file of the excluded"
        );
        let twice = read(&format!("{six},Saldo,saldo"));
        assert_eq!(twice.unwrap_err(), columns_fault(&[], &["saldo"], &[]));
        let so_many = |count: usize| (0..count).map(|n| format!(",c{n}")).collect::<String>();
        assert!(read(&format!("{six}{}", so_many(COLUMNS_MAX))).is_ok());
        assert_eq!(read(&format!("{six}{}", so_many(COLUMNS_MAX + 1))), Err(FileFault::TooManyColumns));
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
