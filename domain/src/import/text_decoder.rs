//! Turns the bytes of a file into text, a chunk at a time.

use encoding_rs::Decoder;

use super::code_pages::CodePage;

/// A decoder of one file.
pub(super) enum TextDecoder {
    /// An invalid byte becomes U+FFFD, which rejects its row.
    Standard(Box<Decoder>),
    /// An invalid byte is kept as a [foreign byte](foreign_byte).
    MixedUtf8 {
        /// The start of a character that the next chunk completes.
        unfinished: Vec<u8>,
        /// Whether the file's mark can still come.
        is_at_start: bool,
    },
    /// One character a byte.
    CodePage(CodePage),
}

/// The byte order mark.
const MARK: char = '\u{feff}';
/// An invalid byte is kept as the character with this code point plus the byte. The range is at the end of the private
/// use area, which texts do not use (Python keeps such bytes as lone surrogates: PEP 383).
const FOREIGN_BYTES: u32 = 0x10_ff00;

impl TextDecoder {
    pub(super) const fn mixed_utf8() -> Self {
        Self::MixedUtf8 { unfinished: Vec::new(), is_at_start: true }
    }

    /// Adds the text of the next bytes; `is_last` tells that no more will come.
    pub(super) fn decode(&mut self, bytes: &[u8], is_last: bool, text: &mut String) {
        match self {
            Self::Standard(decoder) => standard(decoder, bytes, is_last, text),
            Self::CodePage(page) => text.extend(bytes.iter().map(|byte| page.character(*byte))),
            Self::MixedUtf8 { unfinished, is_at_start } => {
                let bytes = [&std::mem::take(unfinished)[..], bytes].concat();
                let start = text.len();
                *unfinished = mixed_utf8(&bytes, is_last, text);
                if *is_at_start && text.len() > start {
                    *is_at_start = false;
                    if text[start..].starts_with(MARK) {
                        text.remove(start);
                    }
                }
            }
        }
    }
}

fn standard(decoder: &mut Decoder, bytes: &[u8], is_last: bool, text: &mut String) {
    let needed = decoder.max_utf8_buffer_length(bytes.len());
    text.reserve(needed.expect("a chunk's length is far from overflowing"));
    // The reserved capacity is the most that the decoder can need, so it always decodes the whole chunk.
    let _ = decoder.decode_to_string(bytes, text, is_last);
}

/// Splits off the start of a character at the end of the bytes.
fn mixed_utf8(bytes: &[u8], is_last: bool, text: &mut String) -> Vec<u8> {
    let mut taken = 0;
    for chunk in bytes.utf8_chunks() {
        let invalid = chunk.invalid();
        text.push_str(chunk.valid());
        taken += chunk.valid().len() + invalid.len();
        let may_go_on = std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
        if taken == bytes.len() && may_go_on && !is_last {
            return invalid.to_vec();
        }
        text.extend(invalid.iter().map(|byte| foreign_byte(*byte)));
    }
    Vec::new()
}

/// The character that stands for an invalid byte.
fn foreign_byte(byte: u8) -> char {
    char::from_u32(FOREIGN_BYTES + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte that a character stands for, if it stands for one.
fn byte_of(c: char) -> Option<u8> {
    u32::from(c).checked_sub(FOREIGN_BYTES).and_then(|byte| u8::try_from(byte).ok())
}

/// Whether a text has foreign bytes.
pub(super) fn has_foreign_bytes(text: &str) -> bool {
    text.chars().any(|c| byte_of(c).is_some())
}

/// The text with its foreign bytes read as Windows-1252.
pub(super) fn foreign_bytes_as_windows_1252(text: &str) -> String {
    text.chars().map(|c| byte_of(c).map_or(c, |byte| CodePage::Windows1252.character(byte))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], chunk_bytes: usize) -> String {
        let (mut decoder, mut text) = (TextDecoder::mixed_utf8(), String::new());
        for chunk in bytes.chunks(chunk_bytes) {
            decoder.decode(chunk, false, &mut text);
        }
        decoder.decode(&[], true, &mut text);
        text
    }

    #[test]
    fn bytes_that_are_no_utf8_are_kept_wherever_chunks_end() {
        let bytes = b"\xef\xbb\xbfPe\xc3\xb1a Mu\xf1oz \xf0\x9f\x98\x80 Jos\xe9\xc3\n\xc3";
        for chunk_bytes in 1..bytes.len() {
            let text = decoded(bytes, chunk_bytes);
            assert!(has_foreign_bytes(&text));
            assert_eq!(
                foreign_bytes_as_windows_1252(&text),
                "Peña Muñoz 😀 JoséÃ\nÃ",
                "in chunks of {chunk_bytes}"
            );
        }
        assert!(!has_foreign_bytes(&decoded("Peña \u{f8ff}".as_bytes(), 3)));
    }
}
