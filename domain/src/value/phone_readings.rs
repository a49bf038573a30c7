//! Every number that written digits may mean.

use super::phone_pattern::prefixes;
use super::phone_plan::{Plan, kind};
use super::{PhoneFault, PhoneNumber};

/// The different numbers that digits can be read as, and what was wrong with a reading that is no number.
#[derive(Default)]
pub(super) struct Readings {
    pub(super) numbers: Vec<PhoneNumber>,
    pub(super) fault: Option<PhoneFault>,
}

/// What people write before a number abroad whatever their country dials. Most countries dial it too.
const ABROAD: &str = "00";
/// Brazil's calling code, and the digits that its mobile numbers had: area, and eight that begin with 6 to 9.
const BRAZIL: &str = "55";
const BRAZIL_OLD_DIGITS: usize = 10;
/// Argentina's calling code, the lengths of its area codes, and what is written between area and mobile number at home.
const ARGENTINA: &str = "54";
const ARGENTINA_AREAS: std::ops::RangeInclusive<usize> = 2..=4;
const ARGENTINA_MOBILE: &str = "15";
/// Digits of an Argentine mobile number at home: area, 15 and the rest.
const ARGENTINA_HOME_DIGITS: usize = 12;

impl Readings {
    /// What digits behind a plus sign mean.
    pub(super) fn international(digits: &str) -> Self {
        let mut readings = Self::default();
        readings.expect_calling_code(digits);
        readings.add_international(digits);
        readings
    }

    /// What digits without a plus sign mean where there is no numbering plan: a number only behind `00`.
    pub(super) fn abroad(digits: &str) -> Self {
        Self::international(digits.strip_prefix(ABROAD).unwrap_or_default())
    }

    /// What digits without a plus sign mean in a country.
    ///
    /// The prefix to dial abroad may select a carrier: Colombia's `009 1 …` calls +1, and `00 91 …` is how anybody
    /// writes +91. Both are readings. The country's own calling code behind `00` leaves no doubt, however: nobody
    /// selects a carrier to call abroad in order to write down a number of home.
    ///
    /// `breaks` are the places between digits where something else is written: `009 1 212 …` cannot be +91.
    pub(super) fn in_country(digits: &str, breaks: &[usize], plan: &Plan) -> Self {
        let mut readings = Self::default();
        let own = plan.calling_code;
        readings.add_national(own, digits);
        readings.add_behind(own, digits);
        let is_home = readings.add_behind_zeros(own, digits);
        readings.add_padded(own, digits);
        if !is_home {
            readings.add_abroad(digits, breaks, plan);
        }
        readings
    }

    /// A number of the country behind `00` and its own calling code.
    fn add_behind_zeros(&mut self, own: &str, digits: &str) -> bool {
        let Some(rest) = digits.strip_prefix(ABROAD) else { return false };
        self.expect_calling_code(rest);
        self.add_behind(own, rest)
    }

    /// A number behind a prefix to dial abroad, or behind the 1 that is a trunk prefix here and a calling code there. A
    /// calling code that is written in one piece leaves no reading that parts one.
    fn add_abroad(&mut self, digits: &str, breaks: &[usize], plan: &Plan) {
        let universal = digits.starts_with(ABROAD).then_some(ABROAD.len());
        let trunk = (digits.starts_with('1') && plan.trunks(digits).any(|trunk| trunk == 1)).then_some(0);
        let starts = prefixes(plan.abroad, digits).chain(universal).chain(trunk);
        let (parted, whole): (Vec<_>, Vec<_>) =
            starts.partition(|&start| parts_calling_code(digits, start, breaks));
        whole.into_iter().for_each(|start| self.add_international(&digits[start..]));
        if self.numbers.is_empty() {
            parted.into_iter().for_each(|start| self.add_international(&digits[start..]));
        }
    }

    /// A number of the country that zeros fill up to a fixed width, unless the zeros are its own or a trunk prefix.
    fn add_padded(&mut self, own: &str, digits: &str) {
        let number = digits.trim_start_matches('0');
        if number.len() == digits.len() || self.numbers.iter().any(|found| found.is_of(own)) {
            return;
        }
        self.add(own, number);
        if let Some(national) = number.strip_prefix(own) {
            self.add(own, national);
        }
    }

    fn add_international(&mut self, digits: &str) {
        if let Some(plan) = Plan::of_international(digits) {
            self.add_behind(plan.calling_code, digits);
        }
    }

    /// Says what is wrong if no country has the calling code, unless a reading is wrong for a better reason.
    fn expect_calling_code(&mut self, digits: &str) {
        if Plan::of_international(digits).is_none() {
            self.fault = Some(PhoneFault::CallingCode);
        }
    }

    /// The national number behind its calling code, if that stands there.
    fn add_behind(&mut self, calling_code: &str, digits: &str) -> bool {
        digits.strip_prefix(calling_code).is_some_and(|national| self.add_national(calling_code, national))
    }

    /// A national number as it is, else without what is only dialled before or inside it.
    fn add_national(&mut self, calling_code: &str, digits: &str) -> bool {
        if self.add(calling_code, digits) {
            return true;
        }
        let mut found = false;
        if let Some(plan) = Plan::of_international(calling_code) {
            for trunk in plan.trunks(digits) {
                found |= self.add(calling_code, &digits[trunk..]);
            }
        }
        if calling_code == ARGENTINA {
            for mobile in argentine_mobiles(digits) {
                found |= self.add(calling_code, &mobile);
            }
        }
        found
    }

    /// Adds a number if it exists and may be a client's; otherwise keeps the reason, if it says more than that.
    fn add(&mut self, calling_code: &str, national: &str) -> bool {
        match kind(calling_code, national) {
            Some(kind) if kind.is_taken() => self.keep(calling_code, national),
            Some(_) => self.refuse(PhoneFault::Service),
            None if lacks_the_ninth_digit(calling_code, national) => self.refuse(PhoneFault::NinthDigit),
            None => false,
        }
    }

    fn keep(&mut self, calling_code: &str, national: &str) -> bool {
        let Ok(number) = PhoneNumber::try_new(format!("+{calling_code}{national}")) else { return false };
        if !self.numbers.contains(&number) {
            self.numbers.push(number);
        }
        true
    }

    fn refuse(&mut self, fault: PhoneFault) -> bool {
        self.fault = Some(fault);
        false
    }
}

/// Whether something is written between the digits of the calling code that begins at `start`.
fn parts_calling_code(digits: &str, start: usize, breaks: &[usize]) -> bool {
    let code = Plan::of_international(&digits[start..]).map_or(0, |plan| plan.calling_code.len());
    breaks.iter().any(|&place| start < place && place < start + code)
}

/// Argentina writes a mobile number as area, 15, number at home and as 9, area, number abroad; people mix the two.
fn argentine_mobiles(digits: &str) -> impl Iterator<Item = String> {
    let digits = digits.strip_prefix('9').unwrap_or(digits);
    let digits = digits.strip_prefix('0').unwrap_or(digits);
    let areas = ARGENTINA_AREAS.filter(move |_| digits.len() == ARGENTINA_HOME_DIGITS);
    areas.filter_map(move |area| {
        let (area, rest) = digits.split_at(area);
        Some(format!("9{area}{}", rest.strip_prefix(ARGENTINA_MOBILE)?))
    })
}

/// Brazil put a 9 before its mobile numbers between 2012 and 2016: Anatel, Resolução 553/2010.
fn lacks_the_ninth_digit(calling_code: &str, national: &str) -> bool {
    if calling_code != BRAZIL || national.len() != BRAZIL_OLD_DIGITS {
        return false;
    }
    let (area, number) = national.split_at(2);
    number.starts_with(['6', '7', '8', '9']) && kind(BRAZIL, &format!("{area}9{number}")).is_some()
}
