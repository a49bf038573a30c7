//! A company's file of clients, read row by row: any encoding, any delimiter, every fault named, never the whole file in
//! memory.
//!
//! A file is read twice: once through [`EncodingGuess`], unless its encoding was declared, then through [`ClientRows`],
//! which gives a good row, with what to look at in it, or all the faults of a bad one. Rows of one client may be far apart: keep the good ones
//! (they are serde values), order them by client and line, and join them in [`ClientDraft`].

mod client_rows;
mod code_pages;
mod decoded;
mod draft;
mod encoding;
mod fault;
mod file_kind;
mod header;
mod row;
mod scanner;
mod text_decoder;

pub use self::client_rows::{ClientRows, Row};
pub use self::draft::ClientDraft;
pub use self::encoding::{EncodingGuess, FileEncoding};
pub use self::fault::{FileFault, RowFault, RowReason};
pub use self::file_kind::FileKind;
pub use self::header::Column;
pub use self::row::ImportRow;

/// The longest row, in bytes of UTF-8, line breaks inside quotes included. What is longer is a quote left open.
pub const ROW_MAX_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests;
