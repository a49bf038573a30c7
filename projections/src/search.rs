//! Search: stored texts and queries are folded in the same way.
//!
//! A query is split into words, each of which must be found, in any order: `munoz oscar` finds Óscar Muñoz. A number in
//! groups, such as a telephone number, is one word, without the characters between its digits: `300 123 4567` finds
//! +573001234567.

use domain::value::is_invisible;
use unicode_normalization::char::decompose_compatible;

/// How many words are searched one by one; the rest of the query is searched as one text.
const WORDS_MAX: usize = 12;
/// How many digits make a number whose groups are joined: those of the shortest telephone numbers.
const NUMBER_DIGITS_MIN: usize = 7;
/// Characters around a word that was copied from a list: `Muñoz, Óscar <oscar@example.com>;`.
const AROUND_WORDS: [char; 5] = [',', ';', '<', '>', '"'];

/// Lower case, without accents and invisible characters, with each compatible character as the plain one (NFKD, UAX #15);
/// everything else stays. "José Ñáñez" becomes "jose nanez", "３００" becomes "300".
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            folded.push(letter.to_ascii_lowercase());
        } else if !is_invisible(letter) {
            decompose_compatible(letter, |part| {
                for letter in part.to_lowercase() {
                    push_plain(letter, &mut folded);
                }
            });
        }
    }
    folded
}

/// The letter without its marks, so that composed and decomposed text are found alike; and letters that Unicode takes for
/// letters of their own as they are written without them.
fn push_plain(letter: char, folded: &mut String) {
    match letter {
        '\u{300}'..='\u{36f}' => {}
        'æ' => folded.push_str("ae"),
        'đ' | 'ð' => folded.push('d'),
        'ħ' => folded.push('h'),
        'ı' => folded.push('i'),
        'ł' => folded.push('l'),
        'ø' => folded.push('o'),
        'œ' => folded.push_str("oe"),
        'ß' => folded.push_str("ss"),
        'ŧ' => folded.push('t'),
        'þ' => folded.push_str("th"),
        other => folded.push(other),
    }
}

/// The searchable form of a text: folded, followed by its grouped numbers without the characters between the digits.
pub fn searchable(text: &str) -> String {
    let mut searchable = fold(text);
    // Most runs are empty: every letter ends one.
    let runs = searchable.split(|c| !is_of_number(c)).filter(|run| run.len() > NUMBER_DIGITS_MIN);
    let groups = runs.map(|run| run.trim_matches(|c: char| !c.is_ascii_digit()));
    let grouped = groups.filter(|groups| groups.contains(|c: char| !c.is_ascii_digit()));
    for number in grouped.filter_map(digits).collect::<Vec<_>>() {
        searchable.push('\n');
        searchable.push_str(&number);
    }
    searchable
}

/// The `like` patterns that must all fit a [`searchable`] text for it to be found by a query; none for a blank query.
pub fn patterns(query: &str) -> Option<Vec<String>> {
    let folded = fold(query);
    let words = folded.split_whitespace().map(bare).collect::<Vec<_>>();
    let mut patterns = Vec::new();
    let mut rest = words.as_slice();
    while let Some((word, after)) = rest.split_first() {
        let groups = rest.iter().take_while(|word| word.chars().all(is_of_number)).count();
        let number = asked_number(&rest[..groups].join(" "));
        let (asked, remaining) = match number {
            _ if patterns.len() + 1 == WORDS_MAX => (rest.join(" "), &[][..]),
            Some(number) => (number, &rest[groups..]),
            None => ((*word).to_owned(), after),
        };
        patterns.push(pattern(&asked));
        rest = remaining;
    }
    Some(patterns).filter(|patterns| !patterns.is_empty())
}

/// The `like` pattern that finds a folded text anywhere in another.
pub fn pattern(folded: &str) -> String {
    let mut pattern = String::with_capacity(folded.len() + 2);
    pattern.push('%');
    for letter in folded.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// A word without surrounding punctuation; none if nothing is left.
fn bare(word: &str) -> &str {
    let bare = word.trim_matches(AROUND_WORDS);
    if bare.is_empty() { word } else { bare }
}

/// Digits, and the separators between the groups of a number on one line.
const fn is_of_number(c: char) -> bool {
    c.is_ascii_digit()
        || matches!(c, ' ' | '.' | '-' | '/' | '(' | ')' | '+' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// The digits of a number, unless it is too short.
fn digits(groups: &str) -> Option<String> {
    let digits: String = groups.chars().filter(char::is_ascii_digit).collect();
    Some(digits).filter(|digits| digits.len() >= NUMBER_DIGITS_MIN)
}

/// The digits of a number in a query, without the zeros dialled before it, as far as enough digits remain.
fn asked_number(groups: &str) -> Option<String> {
    let digits = digits(groups)?;
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    Some(digits[zeros.min(digits.len() - NUMBER_DIGITS_MIN)..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a query finds a text, as the database matches them.
    fn finds(query: &str, text: &str) -> bool {
        let text = searchable(text);
        let fits = |pattern: &String| {
            let literal = pattern[1..pattern.len() - 1].replace('\\', "");
            text.contains(&literal)
        };
        patterns(query).is_none_or(|patterns| patterns.iter().all(fits))
    }

    #[test]
    fn accents_and_case_do_not_matter() {
        assert_eq!(fold("José ÑÁÑEZ Güell"), "jose nanez guell");
        assert_eq!(fold("STRAẞE Łódź Œuvre"), "strasse lodz oeuvre");
        assert_eq!(fold("ÆŁØÞĐÐĦŦ ıİ"), "aeløthddht ii".replace('ø', "o"));
    }

    #[test]
    fn composed_and_decomposed_letters_are_one() {
        assert_eq!(fold("Jose\u{301} n\u{303}"), fold("José ñ"));
        assert_eq!(fold("Vie\u{302}\u{323}t"), fold("Vi\u{1ec7}t"));
    }

    #[test]
    fn external_ids_that_look_the_same_are_one() {
        assert_eq!(fold("Mu\u{ad}ñoz\u{200b} 5\u{a0}ª ３００ ﬁn"), "munoz 5 a 300 fin");
    }

    #[test]
    fn letters_that_are_not_latin_stay() {
        assert_eq!(fold("漢字 +57 (300) ✓"), "漢字 +57 (300) ✓");
    }

    #[test]
    fn words_are_found_in_any_order() {
        for query in
            ["munoz oscar", "Óscar Muñoz", "MUÑOZ, ÓSCAR", "osc muñ", "oscar@example.com muñoz", "\"Muñoz\""]
        {
            assert!(finds(query, "Óscar Muñoz\nC-7\noscar@example.com"), "{query}");
        }
        for query in ["munoz pedro", "munoz oscarr", "munozoscar"] {
            assert!(!finds(query, "Óscar Muñoz"), "{query}");
        }
    }

    #[test]
    fn a_number_is_found_however_it_is_grouped() {
        let client = "Óscar Muñoz\n900.123.456-7\n+573001234567";
        let queries = [
            "300 123 4567",
            "300-123-4567",
            "(300) 123.4567",
            "+57 300 123 4567",
            "57 3001234567",
            "0057 300 123 4567",
            "003001234567",
            "3001234567",
            "123 4567",
            "300 123",
            "muñoz 300 123 4567",
            "300\u{a0}123\u{2011}4567 óscar",
            "900123456",
            "9001234567",
            "900.123.456-7",
            "900 123 456 7",
            "300 1234567;",
        ];
        for query in queries {
            assert!(finds(query, client), "{query}: {:?}", patterns(query));
        }
        for query in ["300 123 4568", "4567 123 300", "301 123 4567", "123 4567 300", "muñoz 301 123 4567"] {
            assert!(!finds(query, client), "{query}: {:?}", patterns(query));
        }
        assert!(!finds("0000007", "C-7"), "zeros of a short code are part of it");
    }

    #[test]
    fn a_query_is_taken_literally() {
        assert_eq!(patterns(" 50%_\\ José ").unwrap(), ["%50\\%\\_\\\\%", "%jose%"]);
        assert_eq!(patterns(" % ").unwrap(), ["%\\%%"]);
        assert_eq!(patterns(" , ").unwrap(), ["%,%"]);
        for blank in ["", "  ", "\u{301}", "\u{200b}"] {
            assert_eq!(patterns(blank), None, "{blank:?}");
        }
    }

    #[test]
    fn only_so_many_words_are_looked_for_one_by_one() {
        let query = (0..50).map(|n| format!("p{n}")).collect::<Vec<_>>().join(" ");
        let patterns = patterns(&query).unwrap();
        assert_eq!(patterns.len(), WORDS_MAX);
        assert!(patterns[WORDS_MAX - 1].starts_with("%p11 p12 p13") && finds(&query, &query));
        assert_eq!(super::patterns(&"a 1234567 ".repeat(20)).unwrap().len(), WORDS_MAX);
    }
}
