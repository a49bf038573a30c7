//! What a person may write: how long, on how many lines, and nothing that cannot be seen; and how two texts are compared.

use unicode_normalization::UnicodeNormalization;

use super::Invalid;

/// Whether a text may have line breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    One,
    Many,
}

/// The rule of a field of text.
pub(crate) struct TextRule {
    pub(crate) max_chars: usize,
    pub(crate) lines: Lines,
}

impl TextRule {
    /// Checks a text without changing it: what is accepted comes back verbatim.
    pub(crate) fn check(&self, text: &str) -> Result<(), Invalid> {
        if is_blank(text) {
            return Err(Invalid::Missing);
        }
        // No character takes less than a byte: hardly any text need be counted.
        if text.len() > self.max_chars && text.chars().nth(self.max_chars).is_some() {
            return Err(Invalid::TooLong { max: self.max_chars });
        }
        if self.lines == Lines::One && text.contains(is_line_break) {
            return Err(Invalid::LineBreak);
        }
        if may_have_control(text) && text.contains(is_forbidden_control) {
            return Err(Invalid::ControlCharacter);
        }
        Ok(())
    }
}

/// Whether nothing of a text would be seen.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

/// Whether a reader or a mail server would begin a new line here (Unicode's mandatory breaks).
pub(crate) const fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether this is a control character other than the two that text needs.
pub(crate) fn is_forbidden_control(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

/// Whether a text needs the search for forbidden controls. Each has a byte below a space, 0x7f, or 0xc2 before a byte below
/// 0xa0 in UTF-8. The mails of a campaign are checked one by one: loops over bytes that never stop early take a tenth of the
/// search's time.
fn may_have_control(text: &str) -> bool {
    let bytes = text.as_bytes();
    let in_ascii = bytes.iter().fold(false, |found, byte| {
        found | ((*byte < b' ') & (*byte != b'\n') & (*byte != b'\t')) | (*byte == 0x7f)
    });
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    in_ascii || pairs.fold(false, |found, (first, next)| found | ((*first == 0xc2) & (*next < 0xa0)))
}

/// Characters that leave no mark of their own, yet are no white space: what is copied from a chat or a web page often has
/// them at its ends. They are Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt) without variation selectors
/// and tags, which belong to the character before them, and the blank braille pattern.
pub const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}')
}

/// A text as it is compared: in Unicode's composed form (NFC, UAX #15), without invisible characters, with one space for
/// each run of white space and none at the ends. Two texts that look the same are one; what is stored stays as written.
pub fn comparable(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).nfc().collect();
    fold_white_space(&visible)
}

/// Whether two texts are one as they are compared.
pub fn is_same_text(one: &str, other: &str) -> bool {
    one == other || comparable(one) == comparable(other)
}

/// Runs of white space, line breaks included, become one space; none is left at the ends.
pub(crate) fn fold_white_space(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

/// Gives a newtype over `String` everything a value has: it is made by its `check` only, comes back verbatim, is a
/// plain string in JSON, and does not print itself in `Debug`, since it may name a person.
macro_rules! string_value {
    ($name:ident) => {
        impl $name {
            /// The value, if `text` is one.
            ///
            /// # Errors
            /// Says why it is not.
            pub fn try_new(text: impl Into<String>) -> Result<Self, $crate::value::Invalid> {
                let text = text.into();
                Self::check(&text)?;
                Ok(Self(text))
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text by move.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::value::Invalid;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                Self::try_new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::value::Invalid;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::try_new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_new(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::try_new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use string_value;

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: TextRule = TextRule { max_chars: 5, lines: Lines::One };
    const PAGE: TextRule = TextRule { max_chars: 5, lines: Lines::Many };

    #[test]
    fn a_text_of_nothing_visible_is_missing() {
        for blank in ["", " ", "\n\t", "\u{a0}", "\u{200b}", "\u{feff} ", "\r\n", "\u{2066}"] {
            assert_eq!(LINE.check(blank), Err(Invalid::Missing), "{blank:?}");
            assert_eq!(PAGE.check(blank), Err(Invalid::Missing), "{blank:?}");
        }
    }

    #[test]
    fn texts_that_look_the_same_are_one() {
        let written = "Peña Muñoz";
        for other in ["Pen\u{303}a Mun\u{303}oz", " Peña\u{a0} Muñoz\u{feff}", "Pe\u{ad}ña\r\nMuñoz", written]
        {
            assert!(is_same_text(written, other), "{other:?}");
        }
        for other in ["Pena Munoz", "PEÑA MUÑOZ", "PeñaMuñoz", "Peña Muñoz Y"] {
            assert!(!is_same_text(written, other), "{other:?}");
        }
        assert_eq!(
            comparable("Vie\u{302}\u{323}t"),
            comparable("Vi\u{1ec7}t"),
            "whatever the order of the marks"
        );
    }

    #[test]
    fn lengths_are_counted_in_characters_not_bytes() {
        assert_eq!(LINE.check("ñandú"), Ok(()));
        assert_eq!(LINE.check("😀😀😀😀😀"), Ok(()));
        assert_eq!(LINE.check("ñandús"), Err(Invalid::TooLong { max: 5 }));
    }

    #[test]
    fn a_line_has_no_line_breaks_of_any_kind() {
        for line_break in ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'] {
            assert_eq!(LINE.check(&format!("a{line_break}b")), Err(Invalid::LineBreak), "{line_break:?}");
        }
    }

    #[test]
    fn a_page_keeps_line_feeds_and_tabs() {
        assert_eq!(PAGE.check("a\nb\tc"), Ok(()));
        assert_eq!(PAGE.check("a\u{2028}b"), Ok(()));
    }

    #[test]
    fn every_other_control_character_is_refused() {
        let controls = ('\0'..='\u{9f}').filter(|c| c.is_control() && *c != '\n' && *c != '\t');
        for control in controls {
            let text = format!("a{control}b");
            assert_eq!(PAGE.check(&text), Err(Invalid::ControlCharacter), "{control:?}");
            assert!(LINE.check(&text).is_err(), "{control:?}");
        }
        assert_eq!(LINE.check("a\0b"), Err(Invalid::ControlCharacter));
        assert_eq!(LINE.check("a\tb"), Ok(()));
    }
}
