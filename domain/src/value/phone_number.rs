//! Telephone numbers, in the forms that people write and in the stored form of E.164.

use super::phone_plan::{Kind, Plan, is_number_of, kind, pattern_of_numbers};
use super::phone_readings::Readings;
use super::text::{is_invisible, string_value};
use super::{CountryCode, Invalid, PhoneFault};

/// A telephone number in E.164: a plus sign, a calling code and a national number, such as `+573001234567`.
///
/// [`PhoneNumber::parse`] reads what people write; `try_new` and JSON accept the stored form only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

string_value!(PhoneNumber);

/// The most digits of a number of ITU-T E.164, calling code included.
const MAX_DIGITS: usize = 15;
/// The fewest digits: a calling code of three and a number of four.
const MIN_DIGITS: usize = 7;
/// The longest text that is read as a number.
const MAX_WRITTEN_CHARS: usize = 40;

impl PhoneNumber {
    /// Reads a number as people of `country` write it: in national or international form, with spaces, dots, dashes
    /// and parentheses, with or without trunk prefix, with its calling code alone, or padded with zeros.
    ///
    /// A number with a plus sign does not depend on the country. Any other is read in every way that the country's plan
    /// allows, and accepted if only one number can be meant: a guess would be a message to a stranger.
    ///
    /// # Errors
    /// `Missing` when nothing is written, otherwise `Phone` with what is wrong.
    pub fn parse(text: &str, country: CountryCode) -> Result<Self, Invalid> {
        let written = Written::read(text)?;
        let readings = match Plan::of_country(country) {
            _ if written.has_plus => Readings::international(&written.digits),
            Some(plan) => Readings::in_country(&written.digits, &written.breaks, plan),
            None => Readings::abroad(&written.digits),
        };
        readings.decide().map_err(Invalid::Phone)
    }

    /// Whether an SMS can reach it: its plan says that it is mobile, or does not separate mobile numbers from
    /// landlines. A number that the plan no longer has may be of any kind.
    pub fn takes_sms(&self) -> bool {
        self.kind().is_none_or(Kind::takes_sms)
    }

    /// A pattern of the numbers of a country in their stored form, as PostgreSQL reads patterns; none for a country without
    /// numbers. Of countries that share a calling code and have no first digits of their own, each has the numbers of all.
    pub fn pattern_of(country: CountryCode) -> Option<String> {
        pattern_of_numbers(country)
    }

    /// Whether a number in its stored form is one of another country than this, as [`pattern_of`](Self::pattern_of) has it. To a
    /// country without numbers none is foreign.
    pub fn is_abroad(number: &str, home: CountryCode) -> bool {
        number.strip_prefix('+').and_then(|digits| is_number_of(home, digits)) == Some(false)
    }

    /// Whether it begins with this calling code.
    pub(super) fn is_of(&self, calling_code: &str) -> bool {
        self.0[1..].starts_with(calling_code)
    }

    fn kind(&self) -> Option<Kind> {
        let digits = &self.0[1..];
        let calling_code = Plan::of_international(digits)?.calling_code;
        kind(calling_code, &digits[calling_code.len()..])
    }

    /// Checks the stored form only: a plan may change, and old events must stay readable.
    fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() {
            return Err(Invalid::Missing);
        }
        let digits = text.strip_prefix('+').ok_or(Invalid::Phone(PhoneFault::Characters))?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Invalid::Phone(PhoneFault::Characters));
        }
        if digits.starts_with('0') || !(MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) {
            return Err(Invalid::Phone(PhoneFault::Plan));
        }
        Ok(())
    }
}

/// A written number, reduced to its plus sign, digits and separators.
struct Written {
    has_plus: bool,
    digits: String,
    /// How many digits stand before each separator.
    breaks: Vec<usize>,
}

impl Written {
    fn read(text: &str) -> Result<Self, Invalid> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        // Exports put an apostrophe before a value that a spreadsheet would read as a formula or a number.
        let text = text.strip_prefix('\'').unwrap_or(text);
        if text.is_empty() {
            return Err(Invalid::Missing);
        }
        if is_amount(text) {
            return Err(Invalid::Phone(PhoneFault::Spreadsheet));
        }
        let (has_plus, rest) = match text.trim_start_matches('(').strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if rest.chars().nth(MAX_WRITTEN_CHARS).is_some() || !rest.chars().all(is_digit_or_separator) {
            return Err(Invalid::Phone(PhoneFault::Characters));
        }
        let (mut digits, mut breaks) = (String::new(), Vec::new());
        for c in rest.chars() {
            if c.is_ascii_digit() { digits.push(c) } else { breaks.push(digits.len()) }
        }
        if digits.is_empty() {
            return Err(Invalid::Phone(PhoneFault::Characters));
        }
        Ok(Self { has_plus, digits, breaks })
    }
}

/// Whether a spreadsheet treated the number as an amount: `98765432.0`, `1.191.234.567,00`, `(5512345.000)`,
/// `5,73E+11`. The added zeros would be read as digits, and digits of the number may be lost.
fn is_amount(text: &str) -> bool {
    let text = text.trim_matches(is_sign_or_separator);
    is_scientific(text) || has_decimals(text)
}

fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let is_digit = |c: char| c.is_ascii_digit();
    !exponent.is_empty()
        && exponent.chars().all(is_digit)
        && mantissa.contains(is_digit)
        && mantissa.chars().all(|c| is_digit(c) || matches!(c, '+' | '.' | ','))
}

/// Whether a number ends in `.0` or `.00`, with point or comma, or consists of digits before any number of decimal
/// zeros. Points between pairs, as in `98.76.54.00`, are no amount.
fn has_decimals(text: &str) -> bool {
    let Some((amount, decimals)) = text.rsplit_once(['.', ',']) else { return false };
    let (amount, decimals) =
        (amount.trim_end_matches(is_sign_or_separator), decimals.trim_start_matches(is_sign_or_separator));
    let is_zero = !decimals.is_empty() && decimals.bytes().all(|byte| byte == b'0');
    let is_plain = amount.bytes().all(|byte| byte.is_ascii_digit());
    let is_grouped = || amount.contains(['.', ',']);
    let in_thousands = || amount.split(['.', ',']).skip(1).all(|group| group.len() == 3);
    is_zero && (is_plain || decimals.len() == 1 || decimals.len() == 2 && (!is_grouped() || in_thousands()))
}

fn is_sign_or_separator(c: char) -> bool {
    c == '+' || !c.is_ascii_digit() && is_digit_or_separator(c)
}

fn is_digit_or_separator(c: char) -> bool {
    c.is_ascii_digit() || c == '\t' || matches!(c, ' ' | '.' | '-' | '(' | ')') || is_typographic_separator(c)
}

/// The spaces and dashes that spreadsheets and phones put into numbers, direction marks included.
const fn is_typographic_separator(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{2000}'..='\u{200f}' | '\u{2010}'..='\u{2015}' | '\u{202a}'..='\u{202f}' | '\u{2212}')
}

#[cfg(test)]
#[path = "phone_number_tests.rs"]
mod tests;
