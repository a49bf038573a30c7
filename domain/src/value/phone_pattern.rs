//! The patterns of numbering plans: literal digits, `\d`, classes, groups, alternatives and counts, which is all that
//! libphonenumber's metadata uses of regular expressions.
//!
//! A pattern is matched without compiling it. Compiled by a regex crate, the patterns of 40 countries take 90 MB.

/// A set of places in the digits: bit n stands for the place after the first n digits.
type Places = u64;

/// The most digits that can be matched: one place fewer than a set holds.
pub(super) const MAX_DIGITS: usize = 63;

/// Whether a pattern matches all the digits.
pub(super) fn matches(pattern: &str, digits: &str) -> bool {
    ends(pattern, digits) >> digits.len() & 1 == 1
}

/// Whether a pattern matches the first digits, at least one of them.
pub(super) fn begins(pattern: &str, digits: &str) -> bool {
    !pattern.is_empty() && ends(pattern, digits) > 1
}

/// The lengths of the prefixes that a pattern matches, without the empty one.
pub(super) fn prefixes(pattern: &str, digits: &str) -> impl Iterator<Item = usize> {
    let ends = ends(pattern, digits);
    (1..=digits.len()).filter(move |length| ends >> length & 1 == 1)
}

fn ends(pattern: &str, digits: &str) -> Places {
    debug_assert!(digits.len() <= MAX_DIGITS, "a caller bounds what was written");
    Matcher { pattern: pattern.as_bytes(), at: 0, digits: digits.as_bytes() }.alternatives(1)
}

/// Reads a pattern from left to right. Each part takes the places where it may begin and gives those where it may end.
struct Matcher<'a> {
    pattern: &'a [u8],
    at: usize,
    digits: &'a [u8],
}

impl Matcher<'_> {
    fn alternatives(&mut self, begins: Places) -> Places {
        let mut ends = self.sequence(begins);
        while self.take(b'|') {
            ends |= self.sequence(begins);
        }
        ends
    }

    fn sequence(&mut self, begins: Places) -> Places {
        let mut places = begins;
        while places != 0 && self.peek().is_some_and(|next| next != b'|' && next != b')') {
            places = self.repeated(places);
        }
        self.skip_sequence();
        places
    }

    /// Goes to the end of the sequence. A sequence that can begin nowhere is skipped.
    fn skip_sequence(&mut self) {
        let mut depth = 0_u32;
        while let Some(next) = self.peek() {
            match next {
                b'|' | b')' if depth == 0 => return,
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn repeated(&mut self, begins: Places) -> Places {
        let part = self.at;
        let mut places = self.once(begins);
        let (min, max) = self.count();
        let after = self.at;
        let mut ends = if min == 0 { begins } else { 0 };
        for times in 1..=max {
            if times > 1 {
                self.at = part;
                places = self.once(places);
            }
            if times >= min {
                ends |= places;
            }
        }
        self.at = after;
        ends
    }

    fn once(&mut self, begins: Places) -> Places {
        match self.next() {
            b'(' => {
                self.at += "?:".len();
                let ends = self.alternatives(begins);
                self.take(b')');
                ends
            }
            b'[' => {
                let class = self.class();
                self.step(begins, class)
            }
            b'\\' => {
                self.next();
                self.step(begins, ANY_DIGIT)
            }
            digit => self.step(begins, bit(digit)),
        }
    }

    /// How often the part before may occur: `?`, `{n}`, `{n,m}` or once.
    fn count(&mut self) -> (u32, u32) {
        if self.take(b'?') {
            return (0, 1);
        }
        if !self.take(b'{') {
            return (1, 1);
        }
        let min = self.number();
        let max = if self.take(b',') { self.number() } else { min };
        self.take(b'}');
        (min, max)
    }

    fn number(&mut self) -> u32 {
        let mut number = 0;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            self.at += 1;
            number = number * 10 + u32::from(digit - b'0');
        }
        number
    }

    /// The digits of a class such as `[02-57]`, one bit each.
    fn class(&mut self) -> u16 {
        let mut class = 0;
        while !self.take(b']') {
            let first = self.next();
            let last = if self.take(b'-') { self.next() } else { first };
            class |= (first..=last).map(bit).fold(0, |all, one| all | one);
        }
        class
    }

    fn step(&self, begins: Places, allowed: u16) -> Places {
        let (mut begins, mut ends) = (begins, 0);
        while begins != 0 {
            let place = begins.trailing_zeros() as usize;
            if self.digits.get(place).is_some_and(|digit| allowed & bit(*digit) != 0) {
                ends |= 1 << (place + 1);
            }
            begins &= begins - 1;
        }
        ends
    }

    fn peek(&self) -> Option<u8> {
        self.pattern.get(self.at).copied()
    }

    fn take(&mut self, expected: u8) -> bool {
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    /// The next byte; a closing bracket at the end, so that a pattern cut short ends too.
    fn next(&mut self) -> u8 {
        let next = self.peek().unwrap_or(b']');
        self.at += 1;
        next
    }
}

const ANY_DIGIT: u16 = 0b11_1111_1111;

const fn bit(digit: u8) -> u16 {
    if digit.is_ascii_digit() { 1 << (digit - b'0') } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_as_a_regular_expression_would() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("12", &["12"], &["1", "123", "21", ""]),
            (r"3\d{3}", &["3001"], &["300", "30012", "4001"]),
            ("[13-57]0", &["10", "30", "40", "50", "70"], &["20", "60", "80"]),
            (r"(?:1|2\d)?3", &["3", "13", "203"], &["23", "1203"]),
            (r"(?:1\d){2,3}", &["1213", "121314"], &["12", "12131415", "1223"]),
            (r"1\d{4,6}|2", &["10000", "1000000", "2"], &["1000", "10000000", "12"]),
            ("", &[""], &["1"]),
        ];
        for (pattern, matching, others) in cases {
            assert!(matching.iter().all(|digits| matches(pattern, digits)), "{pattern}");
            assert!(!others.iter().any(|digits| matches(pattern, digits)), "{pattern}");
        }
    }

    #[test]
    fn every_prefix_that_matches_is_found() {
        let found = |pattern, digits| prefixes(pattern, digits).collect::<Vec<_>>();
        assert_eq!(found("00(?:4(?:[14]4|56)|[579])", "0057300"), [3]);
        assert_eq!(found("0|80?", "80291"), [1, 2]);
        assert!(found("", "123").is_empty());
        assert!(begins("8[024]9", "8095551234") && !begins("8[024]9", "819") && !begins("", "8"));
    }
}
