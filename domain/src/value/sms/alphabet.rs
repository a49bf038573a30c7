//! The default alphabet of GSM and its extension table (3GPP TS 23.038, 6.2.1 and 6.2.1.1).

/// The septets a character takes: two in the extension table, behind an escape; `None` if it is in neither.
pub(super) const fn septets(c: char) -> Option<usize> {
    match c {
        '[' | '\\' | ']' | '^' | '{' | '|' | '}' | '~' | '€' | '\u{c}' => Some(2),
        '\n' | '\r' | ' '..='Z' | '_' | 'a'..='z' => Some(1),
        '£' | '¥' | 'è' | 'é' | 'ù' | 'ì' | 'ò' | 'Ç' | 'Ø' | 'ø' | 'Å' | 'å' => Some(1),
        'Δ' | 'Φ' | 'Γ' | 'Λ' | 'Ω' | 'Π' | 'Ψ' | 'Σ' | 'Θ' | 'Ξ' | 'Æ' | 'æ' | 'ß' | 'É' => {
            Some(1)
        }
        '¤' | '¡' | 'Ä' | 'Ö' | 'Ñ' | 'Ü' | '§' | '¿' | 'ä' | 'ö' | 'ñ' | 'ü' | 'à' => Some(1),
        _ => None,
    }
}
