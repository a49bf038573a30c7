//! Finds every number that written digits may mean.

use super::phone_pattern::prefixes;
use super::phone_plan::{Plan, kind, planned_kind};
use super::{PhoneFault, PhoneNumber};

/// The different numbers that digits can be read as, and the fault of a reading that is no number.
#[derive(Default)]
pub(super) struct Readings {
    numbers: Vec<PhoneNumber>,
    /// Possible numbers that are written too unusually to be accepted. They only make the other readings ambiguous.
    doubts: Vec<PhoneNumber>,
    fault: Option<PhoneFault>,
    blocks: Blocks,
    /// Whether one of the numbers that do not exist is in a reserved block.
    has_planned: bool,
}

/// Which numbers count as existing.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Blocks {
    #[default]
    Open,
    /// Also those of blocks that a plan reserves for people and may open any day.
    Planned,
}

/// The prefix that people write before a number abroad in every country. Most countries dial it too.
const ABROAD: &str = "00";
/// North America's calling code, which is its trunk prefix too.
const NORTH_AMERICA: &str = "1";
/// Brazil's calling code, and the former form of its mobile numbers: the area, and eight digits that begin with 6 to 9.
const BRAZIL: &str = "55";
const BRAZIL_OLD_DIGITS: usize = 10;
/// Argentina's calling code, the lengths of its area codes, and the digits between area and mobile number in national
/// form.
const ARGENTINA: &str = "54";
const ARGENTINA_AREAS: std::ops::RangeInclusive<usize> = 2..=4;
const ARGENTINA_MOBILE: &str = "15";
/// The digits of an Argentine mobile number in national form: area, 15 and the rest.
const ARGENTINA_HOME_DIGITS: usize = 12;

impl Readings {
    /// Reads digits behind a plus sign.
    pub(super) fn international(digits: &str) -> Self {
        Self::of(|readings| {
            readings.expect_calling_code(digits);
            readings.add_international(digits);
        })
    }

    /// Reads digits without a plus sign where there is no numbering plan: they are a number only behind `00`.
    pub(super) fn abroad(digits: &str) -> Self {
        Self::international(digits.strip_prefix(ABROAD).unwrap_or_default())
    }

    /// Reads digits without a plus sign in a country.
    ///
    /// The prefix for calls abroad may select a carrier: Colombia's `009 1 …` calls +1, while `00 91 …` is the usual
    /// way to write +91. Both are readings. `00` and the country's own calling code are not ambiguous, whether the
    /// number exists or not: nobody selects a carrier to write down a national number.
    ///
    /// What begins with the country's prefix for calls abroad is never taken for a padded number of the country: in the
    /// United States `011 57 1 234 5678` is a wrong Colombian number, and no American one behind zeros.
    ///
    /// `breaks` are the places between digits where something else is written: `009 1 212 …` cannot be +91, and `00 91
    /// …` can be nothing else.
    pub(super) fn in_country(digits: &str, breaks: &[usize], plan: &Plan) -> Self {
        if is_calling_code_apart(digits, breaks) {
            return Self::abroad(digits);
        }
        Self::of(|readings| readings.add_in_country(digits, breaks, plan))
    }

    /// The one number that is meant.
    ///
    /// # Errors
    /// What is wrong with it, or two numbers that may be meant.
    pub(super) fn decide(self) -> Result<PhoneNumber, PhoneFault> {
        let Self { numbers, mut doubts, fault, .. } = self;
        doubts.retain(|doubt| !numbers.contains(doubt));
        match (numbers.as_slice(), doubts.as_slice()) {
            ([number], []) => Ok(number.clone()),
            ([one, other, ..], _) | ([one], [other, ..]) | ([], [one, other, ..]) => {
                Err(PhoneFault::Ambiguous(one.into(), other.into()))
            }
            ([], _) => Err(fault.unwrap_or(PhoneFault::Plan)),
        }
    }

    /// Reads by the open blocks. Reserved blocks count only if nothing else can be meant.
    fn of(read: impl Fn(&mut Self)) -> Self {
        let by = |blocks| {
            let mut readings = Self { blocks, ..Self::default() };
            read(&mut readings);
            readings
        };
        let open = by(Blocks::Open);
        let is_none = open.numbers.is_empty() && open.doubts.is_empty();
        if is_none && open.has_planned { by(Blocks::Planned) } else { open }
    }

    fn add_in_country(&mut self, digits: &str, breaks: &[usize], plan: &Plan) {
        let own = plan.calling_code;
        let is_home = digits.strip_prefix(ABROAD).is_some_and(|rest| rest.starts_with(own));
        let is_parted = parts_calling_code(digits, ABROAD.len(), breaks);
        self.add_national(own, digits);
        self.add_behind(own, digits);
        self.add_if(!is_parted, |readings| readings.add_behind_zeros(own, digits));
        let is_for_abroad = prefixes(plan.abroad, digits).next().is_some();
        self.add_if(!is_home && !is_for_abroad && !is_grouped_behind_zeros(digits, breaks), |readings| {
            readings.add_padded(own, digits);
        });
        if !is_home || is_parted {
            self.add_abroad(digits, breaks, plan);
        }
    }

    /// Adds readings as numbers or, if they are not certain, as possible numbers.
    fn add_if(&mut self, is_sure: bool, read: impl FnOnce(&mut Self)) {
        if is_sure {
            return read(self);
        }
        let mut unsure = Self { numbers: self.numbers.clone(), blocks: self.blocks, ..Self::default() };
        read(&mut unsure);
        self.has_planned |= unsure.has_planned;
        for doubt in unsure.numbers.split_off(self.numbers.len()) {
            if !self.doubts.contains(&doubt) {
                self.doubts.push(doubt);
            }
        }
    }

    /// A national number behind `00` and the country's own calling code.
    fn add_behind_zeros(&mut self, own: &str, digits: &str) {
        let Some(rest) = digits.strip_prefix(ABROAD) else { return };
        self.expect_calling_code(rest);
        self.add_behind(own, rest);
    }

    /// A number behind a prefix for calls abroad, or behind the 1 that is a trunk prefix here and a calling code there.
    /// If a calling code is written in one piece, readings that split one are dropped.
    fn add_abroad(&mut self, digits: &str, breaks: &[usize], plan: &Plan) {
        let universal = digits.starts_with(ABROAD).then_some(ABROAD.len());
        let trunk = (digits.starts_with('1') && plan.trunks(digits).any(|trunk| trunk == 1)).then_some(0);
        let starts = prefixes(plan.abroad, digits).chain(universal).chain(trunk);
        let (parted, whole): (Vec<_>, Vec<_>) =
            starts.partition(|&start| parts_calling_code(digits, start, breaks));
        for start in if whole.is_empty() { parted } else { whole } {
            // `0051 …` means Peru rather than North America by carrier 5, whatever is wrong with the rest.
            let selects_carrier = digits.starts_with(ABROAD) && start > ABROAD.len();
            let is_sure = !selects_carrier || breaks.contains(&start);
            self.add_if(is_sure, |readings| readings.add_international(&digits[start..]));
        }
    }

    /// A national number padded with zeros to a fixed width, unless the zeros are its own or a trunk prefix. The last
    /// zero may belong to a trunk prefix too. Numbers in reserved blocks are not read as padded.
    fn add_padded(&mut self, own: &str, digits: &str) {
        let number = digits.trim_start_matches('0');
        let is_padded = number.len() < digits.len();
        if !is_padded || self.blocks == Blocks::Planned || self.numbers.iter().any(|found| found.is_of(own)) {
            return;
        }
        self.add_national(own, number);
        self.add_national(own, &digits[digits.len() - number.len() - 1..]);
        self.add_behind(own, number);
    }

    fn add_international(&mut self, digits: &str) {
        if let Some(plan) = Plan::of_international(digits) {
            self.add_behind(plan.calling_code, digits);
        }
    }

    /// Reports an unknown calling code, unless a reading has a more specific fault.
    fn expect_calling_code(&mut self, digits: &str) {
        if Plan::of_international(digits).is_none() {
            self.fault = Some(PhoneFault::CallingCode);
        }
    }

    /// The national number, if the digits begin with the calling code. North America's calling code is its trunk prefix
    /// too, and nobody writes it twice: `11 57 1 234 5678` is what a spreadsheet leaves of `011 57 …`.
    fn add_behind(&mut self, calling_code: &str, digits: &str) -> bool {
        digits.strip_prefix(calling_code).is_some_and(|national| {
            if calling_code == NORTH_AMERICA {
                self.add(calling_code, national)
            } else {
                self.add_national(calling_code, national)
            }
        })
    }

    /// A national number as written, else without a trunk prefix or other digits that are only dialled.
    fn add_national(&mut self, calling_code: &str, digits: &str) -> bool {
        if self.add(calling_code, digits) {
            return true;
        }
        let mut found = false;
        let plan = Plan::of_international(calling_code);
        let has_block = |plan: &&Plan| self.blocks == Blocks::Open || !plan.has_former_trunk(digits);
        if let Some(plan) = plan.filter(has_block) {
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

    /// Adds a number if it exists and a client may have it; otherwise keeps the fault, if it is the more specific one.
    fn add(&mut self, calling_code: &str, national: &str) -> bool {
        let planned = || planned_kind(calling_code, national);
        let open = kind(calling_code, national);
        self.has_planned |= open.is_none() && planned().is_some();
        let kind = if self.blocks == Blocks::Planned { open.or_else(planned) } else { open };
        match kind {
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

/// Whether `00` and a calling code are written separately: `00 51 606 …` is Peru's, and not carrier 005.
fn is_calling_code_apart(digits: &str, breaks: &[usize]) -> bool {
    let Some(rest) = digits.strip_prefix(ABROAD) else { return false };
    let code = Plan::of_international(rest).map(|plan| plan.calling_code.len());
    code.is_some_and(|code| {
        [ABROAD.len(), ABROAD.len() + code].iter().all(|place| breaks.contains(place))
            && !parts_calling_code(digits, ABROAD.len(), breaks)
    })
}

/// Whether the digits behind `00` are in groups. Nobody pads a number and groups it: `0034 612 345 67` is a Spanish
/// number that lacks a digit.
fn is_grouped_behind_zeros(digits: &str, breaks: &[usize]) -> bool {
    digits.starts_with(ABROAD) && breaks.iter().any(|&place| 0 < place && place < digits.len())
}

/// Whether something is written between the digits of the calling code that begins at `start`.
fn parts_calling_code(digits: &str, start: usize, breaks: &[usize]) -> bool {
    let plan = digits.get(start..).and_then(Plan::of_international);
    let code = plan.map_or(0, |plan| plan.calling_code.len());
    breaks.iter().any(|&place| start < place && place < start + code)
}

/// Argentina writes a mobile number as area, 15, number in national form and as 9, area, number in international form.
/// People mix the two.
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
