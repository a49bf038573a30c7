//! Telephone numbers, as people write them and as E.164 stores them.

use super::phone_plan::Plan;
use super::text::{is_invisible, string_value};
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

/// A number as it was written, reduced to what counts.
struct Written {
    international: bool,
    digits: String,
}

impl Written {
    fn read(text: &str) -> Result<Self, Invalid> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
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
            Some(international) if !plus => Self { international: true, digits: international.to_owned() },
            _ => Self { international: plus, digits },
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
    let national =
        plan.national(&digits[plan.calling_code.len()..]).ok_or(Invalid::Phone(PhoneFault::Plan))?;
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
    let area = area.into_iter().find(|&length| digits[length..].starts_with("15"))?;
    Some(format!("9{}{}", &digits[..area], &digits[area + 2..]))
}

fn e164(plan: &Plan, national: &str) -> Result<PhoneNumber, Invalid> {
    PhoneNumber::try_new(format!("+{}{national}", plan.calling_code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, country: &str) -> Result<String, Invalid> {
        PhoneNumber::parse(text, country.parse().unwrap()).map(PhoneNumber::into_string)
    }

    fn reads(country: &str, cases: &[(&str, &str)]) {
        for (text, e164) in cases {
            assert_eq!(parse(text, country).as_deref(), Ok(*e164), "{country} {text:?}");
        }
    }

    fn refuses(country: &str, texts: &[&str], fault: PhoneFault) {
        for text in texts {
            assert_eq!(parse(text, country), Err(Invalid::Phone(fault)), "{country} {text:?}");
        }
    }

    #[test]
    fn colombian_numbers_are_read_in_every_form() {
        reads(
            "CO",
            &[
                ("3001234567", "+573001234567"),
                ("300 123 4567", "+573001234567"),
                ("\u{202a}+57 300\u{a0}123 4567\u{202c}", "+573001234567"),
                ("300-123-45-67", "+573001234567"),
                ("(300) 123.4567", "+573001234567"),
                ("+57 300 123 4567", "+573001234567"),
                ("(+57) 300 123 4567", "+573001234567"),
                ("+57(300)1234567", "+573001234567"),
                ("0057 300 1234567", "+573001234567"),
                ("573001234567", "+573001234567"),
                ("033001234567", "+573001234567"),
                (" 300\u{a0}123\u{2011}4567\t", "+573001234567"),
                ("(601) 742-1234", "+576017421234"),
                ("6047421234", "+576047421234"),
                ("+57 601 7421234", "+576017421234"),
            ],
        );
        let outside =
            ["300123456", "30012345678", "7421234", "(1) 7421234", "1234567890", "+57300123456", "57", "123"];
        refuses("CO", &outside, PhoneFault::Plan);
    }

    #[test]
    fn venezuelan_numbers_are_read_in_every_form() {
        reads(
            "VE",
            &[
                ("0412-1234567", "+584121234567"),
                ("0424 123 45 67", "+584241234567"),
                ("4161234567", "+584161234567"),
                ("+58 414 123.45.67", "+584141234567"),
                ("+58 0426 1234567", "+584261234567"),
                ("0058 426 1234567", "+584261234567"),
                ("584121234567", "+584121234567"),
                ("(0212) 555-1234", "+582125551234"),
            ],
        );
        refuses("VE", &["0412-123456", "0412-12345678", "1234567", "0912-1234567"], PhoneFault::Plan);
    }

    #[test]
    fn mexican_numbers_lose_the_prefixes_that_mexico_dropped() {
        reads(
            "MX",
            &[
                ("55 1234 5678", "+525512345678"),
                ("+52 55 1234 5678", "+525512345678"),
                ("+52 1 55 1234 5678", "+525512345678"),
                ("+5215512345678", "+525512345678"),
                ("005215512345678", "+525512345678"),
                ("5215512345678", "+525512345678"),
                ("525512345678", "+525512345678"),
                ("044 55 1234 5678", "+525512345678"),
                ("045 55 1234 5678", "+525512345678"),
                ("01 (33) 1234-5678", "+523312345678"),
                ("1 55 1234 5678", "+525512345678"),
                ("5255123456", "+525255123456"),
            ],
        );
        refuses("MX", &["12345678", "+52 55 1234 567", "+52 1 55 1234 567", "0012345"], PhoneFault::Plan);
    }

    #[test]
    fn chilean_numbers_are_read_in_every_form() {
        reads(
            "CL",
            &[
                ("912345678", "+56912345678"),
                ("9 1234 5678", "+56912345678"),
                ("+56 9 1234 5678", "+56912345678"),
                ("+569 8765 4321", "+56987654321"),
                ("0056 9 87654321", "+56987654321"),
                ("56987654321", "+56987654321"),
                ("09 8765 4321", "+56987654321"),
                ("2 2345 6789", "+56223456789"),
                ("(32) 234 5678", "+56322345678"),
            ],
        );
        refuses(
            "CL",
            &["12345678", "22345678", "9123456789", "812345678", "+56 9 1234 567"],
            PhoneFault::Plan,
        );
    }

    #[test]
    fn numbers_of_other_countries_are_read_too() {
        reads("AR", &[("11 15 1234 5678", "+5491112345678"), ("0341 15 512-3456", "+5493415123456")]);
        reads("AR", &[("+54 9 11 1234 5678", "+5491112345678"), ("011 4321-1234", "+541143211234")]);
        reads("PE", &[("987 654 321", "+51987654321"), ("(01) 234 5678", "+5112345678")]);
        reads("EC", &[("0991234567", "+593991234567"), ("022345678", "+59322345678")]);
        reads("BR", &[("(11) 91234-5678", "+5511912345678"), ("011 2345 6789", "+551123456789")]);
        reads("PA", &[("6123-4567", "+50761234567")]);
        reads("DO", &[("809-555-1234", "+18095551234"), ("1 829 555 1234", "+18295551234")]);
        reads("US", &[("(202) 555-0123", "+12025550123"), ("011 57 300 123 4567", "+573001234567")]);
        reads("ES", &[("612 345 678", "+34612345678"), ("+34 912 345 678", "+34912345678")]);
        reads("DE", &[("030 123456", "+4930123456"), ("+49 (0)30 123456", "+4930123456")]);
        reads("IT", &[("06 1234 5678", "+390612345678")]);
        reads("GB", &[("+44 (0)20 7946 0958", "+442079460958"), ("07400 123456", "+447400123456")]);
    }

    #[test]
    fn an_international_number_does_not_depend_on_the_country() {
        for country in ["CO", "VE", "MX", "CL", "US", "JP", "AQ"] {
            assert_eq!(parse("+57 300 123 4567", country).as_deref(), Ok("+573001234567"), "{country}");
            assert_eq!(parse("0056 9 1234 5678", country).as_deref(), Ok("+56912345678"), "{country}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_reason() {
        let characters =
            ["abc", "300 FLOWERS", "3001234567/3011234567", "3001234567, 3011234567", "+", "-", "()"];
        refuses("CO", &characters, PhoneFault::Characters);
        refuses(
            "CO",
            &["3001234567 ext 5", "++573001234567", "300123456７", "3,001E+09"],
            PhoneFault::Characters,
        );
        refuses(
            "CO",
            &["=3001234567", "@3001234567", "300\u{0}1234567", "300\n1234567"],
            PhoneFault::Characters,
        );
        refuses(
            "CO",
            &["+999 123 456 789", "+0 300 1234567", "000 57 3001234567", "0000000000", "00"],
            PhoneFault::CallingCode,
        );
        refuses("AQ", &["3001234567"], PhoneFault::CallingCode);
        refuses("CO", &[&"3".repeat(40), "0", "03"], PhoneFault::Plan);
        refuses("CO", &[&"3".repeat(41)], PhoneFault::Characters);
        assert_eq!(parse("", "CO"), Err(Invalid::Missing));
        assert_eq!(parse(" \t", "CO"), Err(Invalid::Missing));
    }

    #[test]
    fn an_sms_can_reach_what_may_be_mobile() {
        let mobile = ["+573001234567", "+584121234567", "+525512345678", "+56912345678", "+15005550006"];
        let landlines = ["+576017421234", "+582125551234", "+56223456789", "+51 12345678"];
        for number in mobile {
            assert!(PhoneNumber::try_new(number).unwrap().is_mobile_possible(), "{number}");
        }
        for number in landlines {
            assert!(!PhoneNumber::try_new(number.replace(' ', "")).unwrap().is_mobile_possible(), "{number}");
        }
    }

    #[test]
    fn the_stored_form_is_e164() {
        let number: PhoneNumber = serde_json::from_str("\"+573001234567\"").unwrap();
        assert_eq!(number.to_string(), "+573001234567");
        assert_eq!(serde_json::to_string(&number).unwrap(), "\"+573001234567\"");
        assert_eq!(format!("{number:?}"), "PhoneNumber(…)");
        for refused in
            ["3001234567", "+57 300", "+0573001234", "+123456", "+1234567890123456", "", "+57300123456x"]
        {
            assert!(PhoneNumber::try_new(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn what_was_read_once_is_read_the_same_again() {
        for (text, country) in [("0412-1234567", "VE"), ("+5215512345678", "MX"), ("11 15 1234 5678", "AR")] {
            let once = parse(text, country).unwrap();
            assert_eq!(parse(&once, country).as_deref(), Ok(once.as_str()));
        }
    }
}
