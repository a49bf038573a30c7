//! CSV files for spreadsheets: UTF-8 with a byte order mark, and no cell that a spreadsheet would run as a formula.

use domain::import::marked;

/// Opens a file: spreadsheets take a CSV file without it for one of the machine's own encoding.
pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A line of a file (RFC 4180).
pub(crate) fn line(cells: &[&str]) -> String {
    let mut line = String::new();
    for (number, cell) in cells.iter().enumerate() {
        if number > 0 {
            line.push(',');
        }
        push(&mut line, cell);
    }
    line.push_str("\r\n");
    line
}

fn push(line: &mut String, cell: &str) {
    let cell = marked(cell);
    // A marked cell is quoted too, so that the mark cannot be taken for a quote.
    if !cell.starts_with('\'') && !cell.contains(['"', ',', ';', '\n', '\r']) {
        return line.push_str(&cell);
    }
    line.push('"');
    line.push_str(&cell.replace('"', "\"\""));
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be() {
        assert_eq!(line(&["a", "b c", ""]), "a,b c,\r\n");
        assert_eq!(
            line(&["a,b", "él dijo \"ya\"", "uno\ndos"]),
            "\"a,b\",\"él dijo \"\"ya\"\"\",\"uno\ndos\"\r\n"
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+573001234567", "-2", "@SUM(A1)", "\t=1", " =1", "＝1", "\r=1"] {
            assert_eq!(line(&[cell]), format!("\"'{cell}\"\r\n"));
        }
        assert_eq!(line(&["a=1", "'=1", "'a"]), "a=1,\"''=1\",\"'a\"\r\n");
    }
}
