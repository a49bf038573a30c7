//! The text of a file, decoded a piece at a time.

use std::io::{self, Read};

use encoding_rs::Decoder;

use super::FileEncoding;

/// A window on the decoded text of a reader: it grows at its end, and is consumed from its start.
pub(super) struct Decoded<R> {
    reader: R,
    decoder: Decoder,
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

    /// What was decoded and not consumed yet.
    pub(super) fn text(&self) -> &str {
        &self.text[self.consumed..]
    }

    /// Whether the text goes on to the end of the file.
    pub(super) const fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.consumed += bytes;
    }

    /// Decodes one chunk more. Bytes that are no character become U+FFFD, which rows are refused for.
    pub(super) fn grow(&mut self) -> io::Result<()> {
        self.text.drain(..self.consumed);
        self.consumed = 0;
        let read = self.read()?;
        self.ended = read == 0;
        let bytes = &self.chunk[..read];
        let needed =
            self.decoder.max_utf8_buffer_length(read).expect("a chunk's length is far from overflowing");
        self.text.reserve(needed);
        // The room reserved is the most that the decoder can ask for, so it always takes the whole chunk.
        let _ = self.decoder.decode_to_string(bytes, &mut self.text, self.ended);
        Ok(())
    }

    /// Fills the chunk, however few bytes the reader gives at a time: a row is looked for again after each chunk.
    fn read(&mut self) -> io::Result<usize> {
        let mut filled = 0;
        while filled < self.chunk.len() {
            match self.reader.read(&mut self.chunk[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}
