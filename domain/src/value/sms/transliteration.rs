//! Texts in the alphabet of GSM: `á` becomes `a` where the alphabet lacks it, `“` becomes `"`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::alphabet::septets;

/// What stands for a character that the alphabet lacks and that is no letter with an accent. The web app has the same
/// table; `domain/vectors/sms.json` holds both to it.
const REPLACED: &[(&str, &str)] = &[
    ("“”„‟«»″", "\""),
    ("‘’‚‛‹›´`′", "'"),
    ("‐‑‒–—―−•·‣◦", "-"),
    ("…", "..."),
    ("ª", "a"),
    ("º°", "o"),
    ("ł", "l"),
    ("Ł", "L"),
    ("đ", "d"),
    ("Đ", "D"),
    ("ı", "i"),
    ("œ", "oe"),
    ("Œ", "OE"),
    ("¹", "1"),
    ("²", "2"),
    ("³", "3"),
    ("½", "1/2"),
    ("¼", "1/4"),
    ("¾", "3/4"),
    ("×", "x"),
    ("±", "+/-"),
    ("®", "(R)"),
    ("©", "(C)"),
    ("™", "(TM)"),
    ("\t\u{a0}\u{2002}\u{2003}\u{2007}\u{2009}\u{200a}\u{202f}\u{3000}", " "),
    ("\u{2028}\u{2029}", "\n"),
    ("\u{ad}\u{200b}\u{2060}\u{feff}", ""),
];

/// What a network without Unicode carries for a character that has no other form.
const LOST: char = '?';

/// The text with as few characters outside the alphabet of GSM as its meaning allows. Characters of the alphabet stay, `ñ`
/// and `é` among them; so do those that have no cheaper form, such as emoji, which then force UCS-2.
pub fn transliterate(text: &str) -> String {
    if text.chars().all(|c| septets(c).is_some()) {
        return text.to_owned();
    }
    let mut cheap = String::with_capacity(text.len());
    text.nfc().for_each(|c| push(&mut cheap, c));
    cheap
}

/// The text as it is carried without Unicode: transliterated, and `?` for each character that has no other form.
pub fn gsm_only(text: &str) -> String {
    let lossy = |c: char| if septets(c).is_some() { c } else { LOST };
    transliterate(text).chars().map(lossy).collect()
}

fn push(cheap: &mut String, c: char) {
    if septets(c).is_some() {
        return cheap.push(c);
    }
    if let Some((_, form)) = REPLACED.iter().find(|(characters, _)| characters.contains(c)) {
        return cheap.push_str(form);
    }
    let bare: String = [c].into_iter().nfd().filter(|c| !is_combining_mark(*c)).collect();
    match bare.chars().all(|c| septets(c) == Some(1)) {
        true => cheap.push_str(&bare),
        false => cheap.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_replacement_is_in_the_alphabet_and_every_replaced_character_is_not() {
        for (characters, form) in REPLACED {
            assert!(form.chars().all(|c| septets(c).is_some()), "{form:?}");
            assert!(characters.chars().all(|c| septets(c).is_none()), "{characters:?}");
        }
    }

    #[test]
    fn the_vectors_show_every_replacement() {
        let shown: String = super::super::tests::vectors().into_iter().map(|vector| vector.text).collect();
        for c in REPLACED.iter().flat_map(|(characters, _)| characters.chars()) {
            assert!(shown.contains(c), "no vector has {c:?} ({:04x})", u32::from(c));
        }
    }

    #[test]
    fn nothing_but_the_alphabet_is_carried_without_unicode() {
        assert_eq!(gsm_only("¡Camión a las 8 — 日本 😀!"), "¡Camion a las 8 - ?? ?!");
        assert!((' '..='\u{2fff}').all(|c| gsm_only(&c.to_string()).chars().all(|c| septets(c).is_some())));
    }

    #[test]
    fn a_transliterated_text_stays_as_it_is() {
        for c in ' '..='\u{2fff}' {
            let once = transliterate(&c.to_string());
            assert_eq!(transliterate(&once), once, "{c:?}");
        }
    }
}
