//! The rows of a file of clients, one after the other.

use std::io::{self, Chain, Cursor, Read};

use super::decoded::{Decoded, fill};
use super::file_kind::{FileKind, HEAD_BYTES};
use super::header::Header;
use super::scanner::{Scan, first_line_bytes, line_breaks, scan};
use super::{Column, FileEncoding, FileFault, ImportRow, ROW_MAX_BYTES, RowFault, RowReason};
use crate::value::CountryCode;

/// How many bytes are decoded at a time.
const CHUNK_BYTES: usize = 32 * 1024;

/// Reads a file row by row, in memory bounded by [`ROW_MAX_BYTES`].
pub struct ClientRows<R> {
    text: Decoded<Chain<Cursor<Vec<u8>>, R>>,
    header: Header,
    country: CountryCode,
    /// The line on which the next row starts.
    line: u64,
}

/// A row of the file that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A contact of a client, with the warnings about its row.
    Good(ImportRow, Vec<RowFault>),
    /// A rejected row, with all of its faults; never without one.
    Refused(Vec<RowFault>),
}

impl<R: Read> ClientRows<R> {
    /// Reads the header. A telephone in national form will be read as one of `country`, the company's.
    ///
    /// # Errors
    /// The outer one when the reader fails; the inner one when the file is no list of clients.
    pub fn open(
        reader: R,
        encoding: FileEncoding,
        country: CountryCode,
    ) -> io::Result<Result<Self, FileFault>> {
        Self::open_in_chunks(reader, encoding, country, CHUNK_BYTES)
    }

    pub(super) fn open_in_chunks(
        mut reader: R,
        encoding: FileEncoding,
        country: CountryCode,
        chunk_bytes: usize,
    ) -> io::Result<Result<Self, FileFault>> {
        let mut head = vec![0; HEAD_BYTES];
        let filled = fill(&mut reader, &mut head)?;
        head.truncate(filled);
        if let Some(kind) = FileKind::of(&head) {
            return Ok(Err(FileFault::NotCsv(kind)));
        }
        let mut text = Decoded::new(Cursor::new(head).chain(reader), encoding, chunk_bytes);
        while !text.has_ended() && text.text().len() < ROW_MAX_BYTES {
            text.grow()?;
        }
        let (header, bytes) = match Header::read(text.text(), text.has_ended()) {
            Ok(read) => read,
            Err(fault) => return Ok(Err(fault)),
        };
        let mut rows = Self { text, header, country, line: 1 };
        rows.consume(bytes);
        Ok(Ok(rows))
    }

    /// The next row that is not blank; `None` at the end of the file.
    fn next_row(&mut self) -> io::Result<Option<Row>> {
        loop {
            match scan(self.text.text(), self.header.delimiter, self.text.has_ended()) {
                Scan::Unfinished if self.text.text().len() < ROW_MAX_BYTES => self.text.grow()?,
                Scan::Unfinished => return self.refuse_line(RowReason::RowTooLong).map(Some),
                Scan::Misquoted => return self.refuse_line(RowReason::Misquoted).map(Some),
                Scan::Row { .. } if self.text.text().is_empty() => return Ok(None),
                Scan::Row { cells, bytes } => {
                    let line = self.consume(bytes);
                    if cells.iter().any(|cell| !cell.trim().is_empty()) {
                        return Ok(Some(self.read(line, &cells)));
                    }
                }
            }
        }
    }

    fn read(&self, line: u64, cells: &[String]) -> Row {
        match ImportRow::read(line, cells, &self.header, self.country) {
            Ok((row, warnings)) => Row::Good(row, warnings),
            Err(faults) => Row::Refused(faults),
        }
    }

    /// Rejects one line, not everything behind an open quote: the rows below may be good.
    fn refuse_line(&mut self, reason: RowReason) -> io::Result<Row> {
        let mut start = String::new();
        let line = self.line;
        loop {
            let text = self.text.text();
            let end = first_line_bytes(text, self.text.has_ended());
            if start.is_empty() {
                start.push_str(text[..end.unwrap_or(text.len())].trim_end());
            }
            match end {
                Some(bytes) => {
                    self.consume(bytes);
                    return Ok(Row::Refused(vec![RowFault::new(line, Column::Row, &start, reason)]));
                }
                // A last \r may be half a line break, so it stays.
                None => self.text.consume(text.trim_end_matches('\r').len()),
            }
            self.text.grow()?;
        }
    }

    /// Consumes a row of the text. Returns the line on which it started.
    fn consume(&mut self, bytes: usize) -> u64 {
        let line = self.line;
        self.line += line_breaks(&self.text.text()[..bytes]);
        self.text.consume(bytes);
        line
    }
}

impl<R: Read> Iterator for ClientRows<R> {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}
