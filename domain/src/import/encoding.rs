//! Finds the encoding of a file. A declared charset is used; otherwise, in this order:
//!
//! 1. its byte order mark;
//! 2. UTF-16, if every second byte of its start is zero: the header is ASCII in every language;
//! 3. UTF-8, if all of it is valid, or at least one in ten of its lines beyond ASCII: a line of another charset is
//!    hardly ever valid UTF-8 by chance, so such a file was joined from two, and the other charset would garble these
//!    lines;
//! 4. Windows-1252, unless [`CodePages`] finds that DOS or an old Mac wrote it.

use encoding_rs::{Decoder, Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::FileFault;
use super::code_pages::{CodePage, CodePages};
use super::text_decoder::TextDecoder;

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileEncoding(Charset);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Standard(&'static Encoding),
    MixedUtf8,
    Cp850,
}

impl FileEncoding {
    /// UTF-8. A row with invalid bytes is rejected.
    pub const UTF_8: Self = Self(Charset::Standard(UTF_8));
    /// UTF-8 by its mark or by its lines, with invalid bytes.
    ///
    /// An invalid byte in a name is read as Windows-1252, because a wrong letter harms less than a person who is not
    /// told, and the report warns about it. In an id or address it rejects the row.
    pub const MIXED_UTF_8: Self = Self(Charset::MixedUtf8);
    /// Windows-1252, which Excel saves in the Americas; it includes ISO 8859-1.
    pub const WINDOWS_1252: Self = Self(Charset::Standard(WINDOWS_1252));
    /// IBM code page 850, which programs for DOS write in Latin America.
    pub const CP850: Self = Self(Charset::Cp850);
    /// Mac OS Roman, which Excel for Mac saves as plain CSV.
    pub const MACINTOSH: Self = Self(Charset::Standard(MACINTOSH));
    /// UTF-16, least significant byte first, which Excel calls Unicode text.
    pub const UTF_16LE: Self = Self(Charset::Standard(UTF_16LE));
    /// UTF-16, most significant byte first.
    pub const UTF_16BE: Self = Self(Charset::Standard(UTF_16BE));

    /// The encoding a `charset` parameter names, by the labels of the WHATWG, and code page 850 by those of IANA.
    ///
    /// # Errors
    /// `Charset` when no encoding has that name.
    pub fn declared(charset: &str) -> Result<Self, FileFault> {
        if CP850_LABELS.iter().any(|label| label.eq_ignore_ascii_case(charset.trim())) {
            return Ok(Self::CP850);
        }
        let standard = Encoding::for_label_no_replacement(charset.as_bytes());
        standard.map(|encoding| Self(Charset::Standard(encoding))).ok_or(FileFault::Charset)
    }

    /// Its usual name, such as `windows-1252`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Charset::Standard(encoding) => encoding.name(),
            Charset::MixedUtf8 => UTF_8.name(),
            Charset::Cp850 => CP850_LABELS[0],
        }
    }

    /// A decoder that leaves the file's mark out.
    pub(super) fn decoder(self) -> TextDecoder {
        match self.0 {
            Charset::Standard(encoding) => TextDecoder::Standard(Box::new(standard(encoding))),
            Charset::MixedUtf8 => TextDecoder::mixed_utf8(),
            Charset::Cp850 => TextDecoder::CodePage(CodePage::Cp850),
        }
    }
}

/// IANA's names of code page 850.
const CP850_LABELS: [&str; 4] = ["IBM850", "cp850", "850", "csPC850Multilingual"];

/// `utf-16` does not name a byte order, so the mark decides.
fn standard(encoding: &'static Encoding) -> Decoder {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return encoding.new_decoder();
    }
    encoding.new_decoder_with_bom_removal()
}

/// Finds the encoding of a file from its bytes, chunk by chunk, in constant memory.
#[derive(Debug, Default)]
pub struct EncodingGuess {
    /// The first bytes of the file.
    first: Vec<u8>,
    lines: Utf8Lines,
    pages: CodePages,
}

/// How many invalid lines a UTF-8 file may have for each valid line beyond ASCII.
const INVALID_PER_VALID_MAX: u64 = 9;
/// How many first bytes are examined: four characters of UTF-16, and more than the longest mark.
const FIRST_BYTES: usize = 8;

impl EncodingGuess {
    /// Takes the next bytes of the file.
    pub fn take(&mut self, chunk: &[u8]) {
        let missing = FIRST_BYTES - self.first.len();
        self.first.extend(chunk.iter().take(missing));
        for piece in chunk.split_inclusive(|byte| is_line_break(*byte)) {
            self.lines.take(piece);
            self.pages.take(piece);
        }
    }

    /// The encoding, after the whole file.
    pub fn finish(mut self) -> FileEncoding {
        self.lines.end();
        let utf8 = if self.lines.invalid == 0 { FileEncoding::UTF_8 } else { FileEncoding::MIXED_UTF_8 };
        if let Some((encoding, _)) = Encoding::for_bom(&self.first) {
            return if encoding == UTF_8 { utf8 } else { FileEncoding(Charset::Standard(encoding)) };
        }
        if let Some(utf16) = utf16(&self.first) {
            return utf16;
        }
        if self.lines.valid * INVALID_PER_VALID_MAX >= self.lines.invalid {
            utf8
        } else {
            page(self.pages.finish())
        }
    }
}

/// UTF-16 without a mark, by the zero byte of each ASCII character.
fn utf16(first: &[u8]) -> Option<FileEncoding> {
    let is_ascii = |high: usize| {
        first.len() == FIRST_BYTES && first.chunks(2).all(|pair| pair[high] == 0 && pair[1 - high] != 0)
    };
    is_ascii(1).then_some(FileEncoding::UTF_16LE).or_else(|| is_ascii(0).then_some(FileEncoding::UTF_16BE))
}

const fn page(page: CodePage) -> FileEncoding {
    match page {
        CodePage::Windows1252 => FileEncoding::WINDOWS_1252,
        CodePage::Cp850 => FileEncoding::CP850,
        CodePage::Macintosh => FileEncoding::MACINTOSH,
    }
}

const fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// How many lines beyond ASCII are valid UTF-8, and how many are not.
#[derive(Debug, Default)]
struct Utf8Lines {
    valid: u64,
    invalid: u64,
    /// The state of the line that is being read.
    line: Utf8Line,
    /// The start of a character that the next piece completes.
    unfinished: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Utf8Line {
    #[default]
    Ascii,
    Valid,
    Invalid,
}

impl Utf8Lines {
    /// Takes the next piece of a line, the last one with its line break.
    fn take(&mut self, piece: &[u8]) {
        if !(self.unfinished.is_empty() && piece.is_ascii()) {
            self.validate(piece);
        }
        if piece.last().is_some_and(|byte| is_line_break(*byte)) {
            self.end();
        }
    }

    fn validate(&mut self, piece: &[u8]) {
        let bytes = [&std::mem::take(&mut self.unfinished)[..], piece].concat();
        let error = std::str::from_utf8(&bytes).err();
        match (self.line, error.map(|error| (error.error_len(), error.valid_up_to()))) {
            (Utf8Line::Invalid, _) | (_, Some((Some(_), _))) => self.line = Utf8Line::Invalid,
            (_, None) => self.line = Utf8Line::Valid,
            (_, Some((None, valid_up_to))) => {
                self.line = Utf8Line::Valid;
                self.unfinished.extend_from_slice(&bytes[valid_up_to..]);
            }
        }
    }

    /// Ends a line, or the file. A character does not continue beyond it.
    fn end(&mut self) {
        let is_cut = !std::mem::take(&mut self.unfinished).is_empty();
        match std::mem::take(&mut self.line) {
            Utf8Line::Ascii => {}
            Utf8Line::Valid if !is_cut => self.valid += 1,
            Utf8Line::Valid | Utf8Line::Invalid => self.invalid += 1,
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
    fn a_file_without_a_line_of_utf8_is_windows_1252() {
        guesses(b"Jos\xe9", FileEncoding::WINDOWS_1252);
        guesses(b"\xd1u\xf1ez, Jos\xe9\n", FileEncoding::WINDOWS_1252);
        guesses("año\u{1f600}".as_bytes().split_last().unwrap().1, FileEncoding::WINDOWS_1252);
        guesses(&[&b"a".repeat(50)[..], b"\xf1"].concat(), FileEncoding::WINDOWS_1252);
        guesses(b"\xc3\x28 \xf0\x9f\x98x", FileEncoding::WINDOWS_1252);
    }

    #[test]
    fn some_bytes_of_another_charset_do_not_make_a_file_of_utf8_another() {
        let lines = |valid: usize, invalid: usize| {
            [&"Peña\nAna\r\n".repeat(valid).into_bytes()[..], &b"Mu\xf1oz\rAna\n".repeat(invalid)].concat()
        };
        guesses(&lines(2, 1), FileEncoding::MIXED_UTF_8);
        guesses(&lines(1, 1), FileEncoding::MIXED_UTF_8);
        guesses(&lines(1, 9), FileEncoding::MIXED_UTF_8);
        guesses(&lines(1, 10), FileEncoding::WINDOWS_1252);
        guesses("Peña\nMu\u{f1}oz\nÑá".as_bytes().split_last().unwrap().1, FileEncoding::MIXED_UTF_8);
        guesses(b"\xef\xbb\xbfname\nMu\xf1oz\nPe\xf1a", FileEncoding::MIXED_UTF_8);
    }

    #[test]
    fn a_mark_decides() {
        guesses(b"\xef\xbb\xbfa", FileEncoding::UTF_8);
        guesses(b"\xff\xfea\0", FileEncoding::UTF_16LE);
        guesses(b"\xfe\xff\0a", FileEncoding::UTF_16BE);
    }

    #[test]
    fn utf_16_is_known_without_a_mark() {
        let utf16 =
            |bytes: fn(u16) -> [u8; 2]| "external_id;José".encode_utf16().flat_map(bytes).collect::<Vec<_>>();
        guesses(&utf16(u16::to_le_bytes), FileEncoding::UTF_16LE);
        guesses(&utf16(u16::to_be_bytes), FileEncoding::UTF_16BE);
        guesses(b"a\0b\0c\0", FileEncoding::UTF_8);
        guesses(b"a\0b\0c\0dd", FileEncoding::UTF_8);
        guesses(&[0; 16], FileEncoding::UTF_8);
    }

    #[test]
    fn a_declared_encoding_is_known_by_its_usual_names() {
        let names = [
            ("utf-8", "UTF-8"),
            ("UTF8", "UTF-8"),
            ("iso-8859-1", "windows-1252"),
            ("cp1252", "windows-1252"),
            ("utf-16le", "UTF-16LE"),
            (" Windows-1252 ", "windows-1252"),
            ("macintosh", "macintosh"),
            ("CP850", "IBM850"),
            (" ibm850", "IBM850"),
        ];
        for (charset, name) in names {
            assert_eq!(FileEncoding::declared(charset).unwrap().name(), name);
        }
        for unknown in ["klingon", "", "utf-7", "iso-2022-kr", "cp437"] {
            assert_eq!(FileEncoding::declared(unknown), Err(FileFault::Charset), "{unknown}");
        }
    }
}
