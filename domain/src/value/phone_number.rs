//! Telephone numbers, as people write them and as E.164 stores them.

use super::phone_plan::Plan;
use super::text::string_value;
use super::{CountryCode, Invalid, PhoneFault};

/// A telephone number in E.164: a plus sign, a calling code and a national number, such as `+573001234567`.
///
/// What people write is read by [`PhoneNumber::parse`]; `try_new` and JSON take the stored form only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

string_value!(PhoneNumber);

/// The most digits of a number of ITU-T E.164, calling code included.
const MAX_DIGITS: usize = 15;
/// The fewest: a four-digit number behind a three-digit calling code.
const MIN_DIGITS: usize = 7;
/// The longest way to write a number that is read at all.
const MAX_WRITTEN_CHARS: usize = 40;

impl PhoneNumber {
    /// Reads a number as people of `country` write it: in national or international form (`+` or `00`), with spaces,
    /// dots, dashes and parentheses, with or without trunk prefix, or with its calling code alone.
    ///
    /// # Errors
    /// `Missing` when nothing is written, otherwise `Phone` with what is wrong.
    pub fn parse(text: &str, country: CountryCode) -> Result<Self, Invalid> {
        let written = Written::read(text)?;
        if written.international {
            return from_international(&written.digits);
        }
        from_national(&written.digits, country)
    }

    /// Whether it may be a mobile telephone, so that an SMS can reach it.
    pub fn is_mobile_possible(&self) -> bool {
        let digits = &self.0[1..];
        Plan::of_international(digits)
            .is_none_or(|plan| plan.may_be_mobile(&digits[plan.calling_code.len()..]))
    }

    /// Checks the stored form only: a plan may change, and history must still be read.
    fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() {
            return Err(Invalid::Missing);
        }
        let digits = text
            .strip_prefix('+')
            .ok_or(Invalid::Phone(PhoneFault::Characters))?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Invalid::Phone(PhoneFault::Characters));
        }
        if digits.starts_with('0') || !(MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) {
            return Err(Invalid::Phone(PhoneFault::Plan));
        }
        Ok(())
    }
}

/// A number as it was written, reduced to what counts.
struct Written {
    international: bool,
    digits: String,
}

impl Written {
    fn read(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Invalid::Missing);
        }
        let (plus, rest) = match text.trim_start_matches('(').strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if rest.chars().nth(MAX_WRITTEN_CHARS).is_some() || !rest.chars().all(is_digit_or_separator) {
            return Err(Invalid::Phone(PhoneFault::Characters));
        }
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            return Err(Invalid::Phone(PhoneFault::Characters));
        }
        Ok(match digits.strip_prefix("00") {
            Some(international) if !plus => Self {
                international: true,
                digits: international.to_owned(),
            },
            _ => Self {
                international: plus,
                digits,
            },
        })
    }
}

fn is_digit_or_separator(c: char) -> bool {
    c.is_ascii_digit() || c == '\t' || matches!(c, ' ' | '.' | '-' | '(' | ')') || is_typographic_separator(c)
}

/// The spaces and dashes that spreadsheets and phones put into numbers, direction marks included.
const fn is_typographic_separator(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{2000}'..='\u{200f}' | '\u{2010}'..='\u{2015}' | '\u{202a}'..='\u{202f}' | '\u{2212}')
}

fn from_international(digits: &str) -> Result<PhoneNumber, Invalid> {
    let plan = Plan::of_international(digits).ok_or(Invalid::Phone(PhoneFault::CallingCode))?;
    let national = plan
        .national(&digits[plan.calling_code.len()..])
        .ok_or(Invalid::Phone(PhoneFault::Plan))?;
    e164(plan, national)
}

fn from_national(digits: &str, country: CountryCode) -> Result<PhoneNumber, Invalid> {
    let plan = Plan::of_country(country).ok_or(Invalid::Phone(PhoneFault::CallingCode))?;
    if let Some(national) = plan.national(digits) {
        return e164(plan, national);
    }
    if let Some(mobile) = argentine_mobile(plan, digits) {
        return e164(plan, &mobile);
    }
    // Spreadsheets drop the plus sign: 573001234567 is +57 300 123 4567, and 011 57 … is how North America dials it.
    if let Some(international) = digits.strip_prefix("011").filter(|_| plan.calling_code == "1") {
        return from_international(international);
    }
    if digits.starts_with(plan.calling_code) {
        return from_international(digits);
    }
    Err(Invalid::Phone(PhoneFault::Plan))
}

/// Argentina writes a mobile number as area, 15, number, ten digits without the 15; abroad it is 9, area, number.
fn argentine_mobile(plan: &Plan, digits: &str) -> Option<String> {
    let digits = digits.strip_prefix('0').unwrap_or(digits);
    if plan.calling_code != "54" || digits.len() != 12 {
        return None;
    }
    let area = if digits.starts_with("11") { 2..=2 } else { 3..=4 };
    let area = area
        .into_iter()
        .find(|&length| digits[length..].starts_with("15"))?;
    Some(format!("9{}{}", &digits[..area], &digits[area + 2..]))
}

fn e164(plan: &Plan, national: &str) -> Result<PhoneNumber, Invalid> {
    PhoneNumber::try_new(format!("+{}{national}", plan.calling_code))
}
