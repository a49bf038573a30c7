//! «Optimizar sin tildes»: the same text in the alphabet of GSM, as far as Spanish goes.

use super::alphabet::septets;

/// Replaces what would force UCS-2 by what reads the same: á→a, “”→", ’→', —→-, …→... and the like.
///
/// What GSM has stays (é ñ ü ¿ ¡); what has no likeness, such as an emoji, stays too and still forces UCS-2.
pub fn without_accents(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if let Some(mark) = Mark::of(c) {
            mark.put_on_last(&mut plain);
        } else if septets(c).is_some() {
            plain.push(c);
        } else if let Some(likeness) = likeness(c) {
            plain.push_str(likeness);
        } else {
            plain.push(c);
        }
    }
    plain
}

/// A combining mark, as texts from macOS have them: e and U+0301 are é.
struct Mark(char);

impl Mark {
    fn of(c: char) -> Option<Self> {
        ('\u{300}'..='\u{36f}').contains(&c).then_some(Self(c))
    }

    /// Joins the mark with its letter if GSM has the two as one, else drops it. Without a letter it is dropped too.
    fn put_on_last(&self, text: &mut String) {
        let joined = text.chars().next_back().and_then(|letter| self.joined(letter));
        if let Some(joined) = joined {
            text.pop();
            text.push(joined);
        }
    }

    const fn joined(&self, letter: char) -> Option<char> {
        Some(match (letter, self.0) {
            ('n', '\u{303}') => 'ñ',
            ('N', '\u{303}') => 'Ñ',
            ('e', '\u{301}') => 'é',
            ('E', '\u{301}') => 'É',
            ('a', '\u{308}') => 'ä',
            ('A', '\u{308}') => 'Ä',
            ('o', '\u{308}') => 'ö',
            ('O', '\u{308}') => 'Ö',
            ('u', '\u{308}') => 'ü',
            ('U', '\u{308}') => 'Ü',
            ('a', '\u{300}') => 'à',
            ('e', '\u{300}') => 'è',
            ('i', '\u{300}') => 'ì',
            ('o', '\u{300}') => 'ò',
            ('u', '\u{300}') => 'ù',
            ('a', '\u{30a}') => 'å',
            ('A', '\u{30a}') => 'Å',
            ('C', '\u{327}') => 'Ç',
            _ => return None,
        })
    }
}

/// What stands for a character that GSM lacks; an empty text for what cannot be seen.
const fn likeness(c: char) -> Option<&'static str> {
    let letter = letter(c);
    if letter.is_some() { letter } else { sign(c) }
}

const fn letter(c: char) -> Option<&'static str> {
    Some(match c {
        'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'Á' | 'À' | 'Â' | 'Ã' | 'Ā' | 'Ă' | 'Ą' => "A",
        'ç' | 'ć' | 'č' => "c",
        'Ć' | 'Č' => "C",
        'ð' | 'ď' | 'đ' => "d",
        'Ð' | 'Ď' | 'Đ' => "D",
        'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'È' | 'Ê' | 'Ë' | 'Ē' | 'Ę' | 'Ě' => "E",
        'ğ' => "g",
        'Ğ' => "G",
        'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'Í' | 'Ì' | 'Î' | 'Ï' | 'Ī' | 'İ' => "I",
        'ł' => "l",
        'Ł' => "L",
        'ń' | 'ň' => "n",
        'Ń' | 'Ň' => "N",
        'ó' | 'ô' | 'õ' | 'ō' | 'ő' | 'º' | '°' => "o",
        'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ō' | 'Ő' => "O",
        'ř' => "r",
        'Ř' => "R",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'Ś' | 'Š' | 'Ş' | 'Ș' => "S",
        'ť' | 'ţ' | 'ț' => "t",
        'Ť' | 'Ţ' | 'Ț' => "T",
        'ú' | 'û' | 'ū' | 'ů' | 'ű' => "u",
        'Ú' | 'Ù' | 'Û' | 'Ū' | 'Ů' | 'Ű' => "U",
        'ý' | 'ÿ' => "y",
        'Ý' | 'Ÿ' => "Y",
        'ź' | 'ż' | 'ž' => "z",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'œ' => "oe",
        'Œ' => "OE",
        _ => return None,
    })
}

const fn sign(c: char) -> Option<&'static str> {
    Some(match c {
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' => "\"",
        '‘' | '’' | '‚' | '‛' | '‹' | '›' | '′' | '´' | '`' => "'",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '•' => "-",
        '·' => ".",
        '…' => "...",
        '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => " ",
        '\u{2028}' | '\u{2029}' => "\n",
        '\u{ad}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'
        | '\u{feff}' => "",
        '¹' => "1",
        '²' => "2",
        '³' => "3",
        '¼' => "1/4",
        '½' => "1/2",
        '¾' => "3/4",
        '×' => "x",
        '÷' => "/",
        '©' => "(c)",
        '®' => "(R)",
        '™' => "(TM)",
        '№' => "No",
        _ => return None,
    })
}
