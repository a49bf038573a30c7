//! Guesses the code page of a file that is not Unicode, by the characters that its bytes would be in each page.
//!
//! Such a file does not name its code page. Windows-1252 is used unless it makes most bytes beyond ASCII characters
//! that names and addresses do not have: DOS wrote `á é í ó ú ñ Ñ` as A0 82 A1 A2 A3 A4 A5, which Windows-1252 reads as
//! a no-break space and `‚ ¡ ¢ £ ¤ ¥`, and an old Mac wrote them as 87 8E 92 97 9C 96 84, which are `‡ Ž ’ — œ – „`.
//! Then the page is used in which most of them are letters of a Spanish or Portuguese word, if there is one.

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};

/// A code page: ASCII and 128 more characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodePage {
    /// Windows in the Americas.
    Windows1252,
    /// DOS in Latin America. Code page 437 has the same letters of Spanish.
    Cp850,
    /// Mac OS before Unicode.
    Macintosh,
}

/// The characters of code page 850 from 0x80 (Unicode's mapping CP850.TXT).
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
    ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

impl CodePage {
    /// In the order in which a tie is decided.
    const ALL: [Self; 3] = [Self::Windows1252, Self::Cp850, Self::Macintosh];

    /// The character of a byte.
    pub(super) fn character(self, byte: u8) -> char {
        match self {
            _ if byte.is_ascii() => char::from(byte),
            Self::Windows1252 => one(WINDOWS_1252, byte),
            Self::Macintosh => one(MACINTOSH, byte),
            Self::Cp850 => CP850.chars().nth(usize::from(byte - 0x80)).unwrap_or(char::REPLACEMENT_CHARACTER),
        }
    }
}

fn one(encoding: &'static Encoding, byte: u8) -> char {
    let (text, _) = encoding.decode_without_bom_handling(std::slice::from_ref(&byte));
    text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Counts, piece by piece, how many bytes are plausible in each page.
#[derive(Debug)]
pub(super) struct CodePages {
    /// The meaning of each byte beyond ASCII, by page.
    signs: [[Sign; 128]; 3],
    plausible: [u64; 3],
    all: u64,
    /// The previous byte, and the byte that waits for the one after it.
    window: (u8, Option<u8>),
}

/// The role of a character in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Small,
    Capital,
    /// Stands between letters: `D’Angelo`.
    Apostrophe,
    /// Stands beside a word, never within one.
    Mark,
    Other,
}

impl Sign {
    fn of(c: char) -> Self {
        match c {
            'á' | 'é' | 'í' | 'ó' | 'ú' | 'ü' | 'ñ' | 'ã' | 'õ' | 'â' | 'ê' | 'ô' | 'à' | 'ç' => {
                Self::Small
            }
            'Á' | 'É' | 'Í' | 'Ó' | 'Ú' | 'Ü' | 'Ñ' | 'Ã' | 'Õ' | 'Â' | 'Ê' | 'Ô' | 'À' | 'Ç' => {
                Self::Capital
            }
            '’' => Self::Apostrophe,
            'º' | 'ª' | '°' | '‘' | '“' | '”' | '«' | '»' | '–' | '—' | '…' | '€' | '¿' | '¡' | '\u{a0}' => {
                Self::Mark
            }
            _ => Self::Other,
        }
    }

    /// Whether it can stand between these two: `JESéS` and `JosÚ` are no words.
    fn is_plausible_between(self, before: u8, after: u8) -> bool {
        let is_lone = is_separator(before) && is_separator(after);
        match self {
            Self::Small => {
                let is_in_capitals = before.is_ascii_uppercase() && !after.is_ascii_lowercase();
                !is_lone && !is_in_capitals && !after.is_ascii_uppercase()
            }
            Self::Capital => !is_lone && !before.is_ascii_lowercase(),
            Self::Mark => !(may_be_letter(before) && may_be_letter(after)),
            Self::Apostrophe => true,
            Self::Other => false,
        }
    }
}

fn may_be_letter(byte: u8) -> bool {
    !byte.is_ascii() || byte.is_ascii_alphabetic()
}

fn is_separator(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric()
}

impl Default for CodePages {
    fn default() -> Self {
        let sign = |page: CodePage| std::array::from_fn(|at| Sign::of(page.character(0x80 + at as u8)));
        Self { signs: CodePage::ALL.map(sign), plausible: [0; 3], all: 0, window: (b'\n', None) }
    }
}

impl CodePages {
    /// Takes the next bytes.
    pub(super) fn take(&mut self, piece: &[u8]) {
        match (self.window, piece.last()) {
            ((_, Some(waiting)), Some(&last)) if waiting.is_ascii() && piece.is_ascii() => {
                self.window = (piece.iter().rev().nth(1).copied().unwrap_or(waiting), Some(last));
            }
            _ => piece.iter().for_each(|byte| self.slide(*byte)),
        }
    }

    /// The page, after the whole file.
    pub(super) fn finish(mut self) -> CodePage {
        self.slide(b'\n');
        let [windows, ..] = self.plausible;
        let best =
            CodePage::ALL.into_iter().zip(self.plausible).rev().max_by_key(|(_, plausible)| *plausible);
        match best {
            Some((page, plausible)) if windows * 2 < self.all && plausible * 2 > self.all => page,
            _ => CodePage::Windows1252,
        }
    }

    fn slide(&mut self, after: u8) {
        let (before, waiting) = self.window;
        if let Some(byte) = waiting.filter(|byte| !byte.is_ascii()) {
            self.all += 1;
            for (signs, plausible) in self.signs.iter().zip(&mut self.plausible) {
                let sign = signs[usize::from(byte - 0x80)];
                *plausible += u64::from(sign.is_plausible_between(before, after));
            }
        }
        self.window = (waiting.unwrap_or(before), Some(after));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(bytes: &[u8]) -> CodePage {
        let found = page_in_chunks(bytes, bytes.len());
        for chunk_bytes in 1..bytes.len() {
            assert_eq!(page_in_chunks(bytes, chunk_bytes), found, "in chunks of {chunk_bytes}");
        }
        found
    }

    fn page_in_chunks(bytes: &[u8], chunk_bytes: usize) -> CodePage {
        let mut pages = CodePages::default();
        bytes.chunks(chunk_bytes).for_each(|chunk| pages.take(chunk));
        pages.finish()
    }

    fn encoded(text: &str, page: CodePage) -> Vec<u8> {
        let byte =
            |c: char| (0..=255).find(|byte| page.character(*byte) == c).expect("a character of the page");
        text.chars().map(byte).collect()
    }

    #[test]
    fn the_letters_of_dos_are_where_they_were() {
        assert_eq!(CP850.chars().count(), 128);
        let letters =
            [0xa0, 0x82, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0x81, 0xb5, 0x90, 0xd6, 0xe0, 0xe9, 0x9a, 0xff];
        let text: String = letters.into_iter().map(|byte| CodePage::Cp850.character(byte)).collect();
        assert_eq!(text, "áéíóúñÑüÁÉÍÓÚÜ\u{a0}");
    }

    #[test]
    fn a_text_in_any_of_the_pages_is_found_to_be_in_it() {
        let texts = [
            "José",
            "Peña",
            "Marta Núñez;Óscar Pérez;María Ríos",
            "MUÑOZ;GARCÍA;PÉREZ;ÓSCAR ÁNGEL;JESÚS",
            "JESÚS",
            "João Conceição;São Paulo",
            "C-1;Ñ7;Güiza",
            "Ferretería «Núñez» e Hijos; Nº 5, 1ª planta",
        ];
        for text in texts {
            for page in CodePage::ALL {
                // A character that a page lacks cannot be written in it.
                if text.chars().all(|c| (0..=255).any(|byte| page.character(byte) == c)) {
                    assert_eq!(page_of(&encoded(text, page)), page, "{text}");
                }
            }
        }
    }

    #[test]
    fn signs_and_foreign_letters_of_windows_are_not_taken_for_letters_of_another_page() {
        for text in [
            "O’Higgins",
            "D’Angelo",
            "Edificio A – Torre 2",
            "“Sol”",
            "5 €",
            "Schröder",
            "300\u{a0}123",
            "Zoë",
            "±",
        ] {
            assert_eq!(page_of(&encoded(text, CodePage::Windows1252)), CodePage::Windows1252, "{text}");
        }
    }
}
