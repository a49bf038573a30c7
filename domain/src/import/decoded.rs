//! The text of a file, decoded a piece at a time.

use std::io::{self, Read};

use super::FileEncoding;
use super::text_decoder::TextDecoder;

/// A window on the decoded text of a reader: it grows at its end, and is consumed from its start.
pub(super) struct Decoded<R> {
    reader: R,
    decoder: TextDecoder,
    chunk: Vec<u8>,
    text: String,
    consumed: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    /// `chunk_bytes` are decoded at a time.
    pub(super) fn new(reader: R, encoding: FileEncoding, chunk_bytes: usize) -> Self {
        let chunk = vec![0; chunk_bytes];
        Self { reader, decoder: encoding.decoder(), chunk, text: String::new(), consumed: 0, ended: false }
    }

    /// The text that is decoded and not yet consumed.
    pub(super) fn text(&self) -> &str {
        &self.text[self.consumed..]
    }

    /// Whether the text reaches the end of the file.
    pub(super) const fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.consumed += bytes;
    }

    /// Decodes one more chunk.
    pub(super) fn grow(&mut self) -> io::Result<()> {
        self.text.drain(..self.consumed);
        self.consumed = 0;
        // Fill the chunk, because each one costs a search for a row.
        let read = fill(&mut self.reader, &mut self.chunk)?;
        self.ended = read == 0;
        self.decoder.decode(&self.chunk[..read], self.ended, &mut self.text);
        Ok(())
    }
}

/// Fills a buffer from a reader that may give few bytes at a time, until the buffer is full or the file ends.
pub(super) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
