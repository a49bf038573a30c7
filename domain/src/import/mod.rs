//! A company's file of clients, read row by row: any encoding, any delimiter, every fault named, never the whole file in
//! memory.
//!
//! A file is read twice: once through [`EncodingGuess`], unless its encoding was declared, then through [`ClientRows`],
//! which gives a good row or all the faults of a bad one. Rows of one client may be far apart: keep the good ones
//! (they are serde values), order them by client and line, and join them in [`ClientDraft`].

mod client_rows;
mod decoded;
mod draft;
mod encoding;
mod fault;
mod header;
mod row;
mod scanner;

pub use self::client_rows::{ClientRows, Row};
pub use self::draft::ClientDraft;
pub use self::encoding::{EncodingGuess, FileEncoding};
pub use self::fault::{FileFault, RowFault, RowReason};
pub use self::header::Column;
pub use self::row::ImportRow;

/// The longest row, in bytes of UTF-8, line breaks inside quotes included. What is longer is a quote left open.
pub const ROW_MAX_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests;
