//! How text is made searchable: the same folding for what is stored and for what is asked.

/// Lower case, without accents, in the Latin letters; everything else stays. "José Ñáñez" becomes "jose nanez".
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match plain(letter) {
            Plain::Same => folded.push(letter),
            Plain::Letters(letters) => folded.push_str(letters),
        }
    }
    folded
}

/// The `like` pattern that finds `query` anywhere in folded text; none for a blank query.
pub fn pattern(query: &str) -> Option<String> {
    let folded = fold(query.trim());
    if folded.is_empty() {
        return None;
    }
    let mut pattern = String::with_capacity(folded.len() + 2);
    pattern.push('%');
    for letter in folded.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    Some(pattern)
}

enum Plain {
    Same,
    Letters(&'static str),
}

/// The letter without its marks. Combining marks vanish, so composed and decomposed text are found alike.
const fn plain(letter: char) -> Plain {
    Plain::Letters(match letter {
        '\u{300}'..='\u{36f}' => "",
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'º' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return Plain::Same,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_case_do_not_matter() {
        assert_eq!(fold("José ÑÁÑEZ Güell"), "jose nanez guell");
        assert_eq!(fold("STRAẞE Łódź Œuvre"), "strasse lodz oeuvre");
    }

    #[test]
    fn composed_and_decomposed_letters_are_one() {
        assert_eq!(fold("Jose\u{301} n\u{303}"), fold("José ñ"));
    }

    #[test]
    fn what_is_not_latin_stays() {
        assert_eq!(fold("漢字 +57 (300) ✓"), "漢字 +57 (300) ✓");
    }

    #[test]
    fn a_query_is_taken_literally() {
        assert_eq!(pattern(" 50%_\\ José ").as_deref(), Some("%50\\%\\_\\\\ jose%"));
        assert_eq!(pattern("  "), None);
        assert_eq!(pattern("\u{301}"), None);
    }
}
