//! How an SMS is encoded and how many parts it takes: Spanish decides between 160 characters and 70.

mod alphabet;
mod transliteration;

use std::collections::BTreeSet;

use serde::Serialize;

use self::alphabet::septets;
pub use self::transliteration::{gsm_only, transliterate};
use super::word::words;

/// The first digits of numbers whose networks carry no Unicode: Mexico (providers' tables of countries, 2026).
pub const WITHOUT_UNICODE: [&str; 1] = ["+52"];

/// Whether the network of a number in E.164 carries Unicode. Otherwise it would show other characters or refuse the SMS.
pub fn takes_unicode(number: &str) -> bool {
    !WITHOUT_UNICODE.iter().any(|first_digits| number.starts_with(first_digits))
}

words! {
    /// How the text of an SMS is encoded.
    SmsEncoding {
        /// The alphabet of GSM, 7 bits a unit (3GPP TS 23.038, 6.2.1).
        Gsm7 = "gsm7",
        /// UTF-16, 16 bits a unit, as soon as one character is not in that alphabet.
        Ucs2 = "ucs2",
    }
}

impl SmsEncoding {
    /// The units of an SMS that is alone.
    pub const fn single_units(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// The units of a part among several: six bytes of header tell phones how to join them.
    pub const fn part_units(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    /// The units a character takes.
    fn units(self, c: char) -> usize {
        match self {
            Self::Gsm7 => septets(c).unwrap_or(0),
            Self::Ucs2 => c.len_utf16(),
        }
    }
}

/// What a text costs as an SMS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SmsCount {
    /// How it is encoded.
    pub encoding: SmsEncoding,
    /// What its characters take: septets in GSM-7, UTF-16 code units in UCS-2.
    pub units: usize,
    /// The parts it is sent, and paid, in; none for an empty text.
    pub segments: usize,
    /// The units that may still be written before it takes one part more.
    pub units_left_in_last_segment: usize,
    /// The characters that force UCS-2, each once, in the order they stand.
    pub forcing: Vec<char>,
}

impl SmsCount {
    /// Counts a text after its variables were filled in, in one pass over it.
    pub fn of(text: &str) -> Self {
        let forcing = forcing(text);
        let encoding = if forcing.is_empty() { SmsEncoding::Gsm7 } else { SmsEncoding::Ucs2 };
        let units = text.chars().map(|c| encoding.units(c)).sum();
        let (segments, units_left_in_last_segment) = segments(text, encoding, units);
        Self { encoding, units, segments, units_left_in_last_segment, forcing }
    }
}

fn forcing(text: &str) -> Vec<char> {
    let mut seen = BTreeSet::new();
    text.chars().filter(|&c| septets(c).is_none() && seen.insert(c)).collect()
}

/// Fills parts one character after the other: an escape and the character it announces stay together, and so do the
/// two halves of a surrogate pair, so a part may end one unit early.
fn segments(text: &str, encoding: SmsEncoding, units: usize) -> (usize, usize) {
    if units <= encoding.single_units() {
        return (usize::from(units > 0), encoding.single_units() - units);
    }
    let (mut parts, mut left) = (0, 0);
    for c in text.chars() {
        let wanted = encoding.units(c);
        if wanted > left {
            parts += 1;
            left = encoding.part_units();
        }
        left -= wanted;
    }
    (parts, left)
}

#[cfg(test)]
mod tests;
