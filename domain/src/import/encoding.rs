//! Which characters the bytes of a file stand for: what was declared, else its mark, else UTF-8 if all of it is, else
//! Windows-1252.

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::FileFault;

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileEncoding(&'static Encoding);

impl FileEncoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);
    /// Windows-1252, which is what Excel saves in the Americas, and includes ISO 8859-1.
    pub const WINDOWS_1252: Self = Self(WINDOWS_1252);
    /// UTF-16, least significant byte first, which Excel calls Unicode text.
    pub const UTF_16LE: Self = Self(UTF_16LE);
    /// UTF-16, most significant byte first.
    pub const UTF_16BE: Self = Self(UTF_16BE);

    /// The encoding a `charset` parameter names, by the labels of the WHATWG.
    ///
    /// # Errors
    /// `Charset` when no encoding has that name.
    pub fn declared(charset: &str) -> Result<Self, FileFault> {
        Encoding::for_label(charset.as_bytes()).map(Self).ok_or(FileFault::Charset)
    }

    /// Its usual name, such as `windows-1252`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// A decoder that leaves the file's mark out. `utf-16` alone says nothing of the order, so there the mark does.
    pub(super) fn decoder(self) -> Decoder {
        if self.0 == UTF_16LE || self.0 == UTF_16BE {
            return self.0.new_decoder();
        }
        self.0.new_decoder_with_bom_removal()
    }
}

/// Finds the encoding of a file from its bytes, chunk by chunk, in constant memory.
#[derive(Debug, Default)]
pub struct EncodingGuess {
    /// The first bytes, as many as a mark may have.
    first: Vec<u8>,
    /// The start of a character that the next chunk goes on with.
    unfinished: Vec<u8>,
    not_utf8: bool,
}

/// The bytes of the longest mark that is looked for.
const MARK_BYTES: usize = 3;
/// The bytes of the longest character of UTF-8.
const CHARACTER_BYTES: usize = 4;

impl EncodingGuess {
    /// Takes the next bytes of the file.
    pub fn take(&mut self, chunk: &[u8]) {
        let missing = MARK_BYTES - self.first.len();
        self.first.extend(chunk.iter().take(missing));
        let rest = self.finish_character(chunk);
        if !self.not_utf8 {
            self.validate(rest);
        }
    }

    /// Whether more bytes would change nothing, so that the reader may stop early.
    pub fn is_decided(&self) -> bool {
        self.first.len() == MARK_BYTES && (self.not_utf8 || self.mark().is_some())
    }

    /// The encoding, once the whole file was taken.
    pub fn finish(self) -> FileEncoding {
        let whole_is_utf8 = !self.not_utf8 && self.unfinished.is_empty();
        let otherwise = if whole_is_utf8 { FileEncoding::UTF_8 } else { FileEncoding::WINDOWS_1252 };
        self.mark().unwrap_or(otherwise)
    }

    fn mark(&self) -> Option<FileEncoding> {
        Encoding::for_bom(&self.first).map(|(encoding, _)| FileEncoding(encoding))
    }

    /// Completes the character that the last chunk ended in; what remains of the chunk is to be validated.
    fn finish_character<'a>(&mut self, mut chunk: &'a [u8]) -> &'a [u8] {
        while !self.unfinished.is_empty() && !self.not_utf8 {
            let Some((&byte, rest)) = chunk.split_first() else {
                break;
            };
            (self.unfinished, chunk) = ([&self.unfinished[..], &[byte]].concat(), rest);
            match std::str::from_utf8(&self.unfinished) {
                Ok(_) => self.unfinished.clear(),
                Err(error) => {
                    self.not_utf8 = error.error_len().is_some() || self.unfinished.len() >= CHARACTER_BYTES
                }
            }
        }
        chunk
    }

    fn validate(&mut self, bytes: &[u8]) {
        if let Err(error) = std::str::from_utf8(bytes) {
            match error.error_len() {
                Some(_) => self.not_utf8 = true,
                None => self.unfinished.extend_from_slice(&bytes[error.valid_up_to()..]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(bytes: &[u8], chunk_bytes: usize) -> FileEncoding {
        let mut guess = EncodingGuess::default();
        for chunk in bytes.chunks(chunk_bytes) {
            guess.take(chunk);
        }
        guess.finish()
    }

    fn guesses(bytes: &[u8], encoding: FileEncoding) {
        for chunk_bytes in 1..=bytes.len().max(1) {
            assert_eq!(guess(bytes, chunk_bytes), encoding, "{bytes:?} in chunks of {chunk_bytes}");
        }
    }

    #[test]
    fn a_file_that_is_utf8_to_the_end_is_utf8() {
        guesses(b"", FileEncoding::UTF_8);
        guesses(b"plain", FileEncoding::UTF_8);
        guesses("año, 中, 😀, é".as_bytes(), FileEncoding::UTF_8);
    }

    #[test]
    fn one_wrong_byte_anywhere_makes_it_windows_1252() {
        guesses(b"Jos\xe9", FileEncoding::WINDOWS_1252);
        guesses(b"\xd1u\xf1ez, Jos\xe9\n", FileEncoding::WINDOWS_1252);
        guesses("año\u{1f600}".as_bytes().split_last().unwrap().1, FileEncoding::WINDOWS_1252);
        guesses(&[&b"a".repeat(50)[..], b"\xf1"].concat(), FileEncoding::WINDOWS_1252);
        guesses(b"\xc3\x28 \xf0\x9f\x98x", FileEncoding::WINDOWS_1252);
    }

    #[test]
    fn a_mark_decides() {
        guesses(b"\xef\xbb\xbfa", FileEncoding::UTF_8);
        guesses(b"\xff\xfea\0", FileEncoding::UTF_16LE);
        guesses(b"\xfe\xff\0a", FileEncoding::UTF_16BE);
    }

    #[test]
    fn a_reader_may_stop_as_soon_as_it_is_decided() {
        let mut guess = EncodingGuess::default();
        guess.take(b"abc");
        assert!(!guess.is_decided());
        guess.take(b"\xe9 ");
        assert!(guess.is_decided());
        let mut marked = EncodingGuess::default();
        marked.take(b"\xff\xfea");
        assert!(marked.is_decided());
    }

    #[test]
    fn a_declared_encoding_is_known_by_its_usual_names() {
        let names = [
            ("utf-8", "UTF-8"),
            ("UTF8", "UTF-8"),
            ("iso-8859-1", "windows-1252"),
            ("cp1252", "windows-1252"),
        ];
        for (charset, name) in
            names.into_iter().chain([("utf-16le", "UTF-16LE"), (" Windows-1252 ", "windows-1252")])
        {
            assert_eq!(FileEncoding::declared(charset).unwrap().name(), name);
        }
        assert_eq!(FileEncoding::declared("klingon"), Err(FileFault::Charset));
    }
}
