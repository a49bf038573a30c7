//! The normal form in which a password is hashed and compared, so that two keyboards give the same password.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The password by the OpaqueString profile (RFC 8265, 4.2.2): every space becomes the ASCII space, and letters are
/// composed (NFC). Case and width stay. Characters that the profile forbids stay too: a password with them can never be
/// set, so it is only wrong.
pub(crate) fn opaque(password: &str) -> Cow<'_, str> {
    if is_nfc(password) && !password.contains(is_other_space) {
        return Cow::Borrowed(password);
    }
    let spaced = password.chars().map(|c| if is_other_space(c) { ' ' } else { c });
    Cow::Owned(spaced.nfc().collect())
}

/// The spaces of Unicode (Zs) beyond ASCII.
const fn is_other_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_may_come_composed_or_decomposed_and_spaces_of_any_kind() {
        for typed in
            ["contrasen\u{303}a año", "contraseña\u{a0}an\u{303}o", "contraseña\u{3000}año", "contraseña año"]
        {
            assert_eq!(opaque(typed), "contraseña año", "{typed:?}");
        }
        assert!(matches!(opaque("contraseña año"), Cow::Borrowed(_)), "not copied without need");
    }

    #[test]
    fn case_and_width_and_blanks_at_the_ends_stay() {
        for typed in ["Contraseña", "ｃｏｎｔｒａ", " contra ", "ﬁn", "π5ß"] {
            assert_eq!(opaque(typed), typed);
        }
    }
}
