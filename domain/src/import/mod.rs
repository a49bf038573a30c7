//! Reads a company's file of clients row by row: any encoding, any delimiter, every fault reported, and never the whole
//! file in memory.
//!
//! A file is read twice: once through [`EncodingGuess`], unless its encoding was declared, then through [`ClientRows`],
//! which gives a good row with its warnings, or all faults of a bad one. Rows of one client may be far apart: store the
//! good ones (they are serde values), sort them by client and line, and join them in [`ClientDraft`].

mod client_rows;
mod code_pages;
mod decoded;
mod draft;
mod encoding;
mod fault;
mod fault_text;
mod file_kind;
mod formula_mark;
mod header;
mod row;
mod scanner;
mod text_decoder;

pub use self::client_rows::{ClientRows, Row};
pub use self::draft::ClientDraft;
pub use self::encoding::{EncodingGuess, FileEncoding};
pub use self::fault::{FileFault, RowFault, RowReason};
pub use self::file_kind::FileKind;
pub use self::formula_mark::{marked, unmarked};
pub use self::header::Column;
pub use self::row::ImportRow;

/// The longest row, in bytes of UTF-8, line breaks inside quotes included. A longer one is an open quote.
pub const ROW_MAX_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests;
