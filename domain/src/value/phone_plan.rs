//! Numbering plans: which numbers exist, and of what kind each is.

use super::CountryCode;
use super::phone_pattern::{begins, matches, prefixes};
use super::phone_plans::PLANS;

/// The form of a country's numbers.
pub(super) struct Plan {
    /// The calling code of ITU-T E.164, without a plus sign. No calling code begins another.
    pub(super) calling_code: &'static str,
    country: &'static str,
    /// The prefix for calls abroad, carrier selection included: a pattern.
    pub(super) abroad: &'static str,
    /// The trunk prefix, which is dialled before a national number and is no part of it, carrier selection included: a
    /// pattern.
    trunk: &'static str,
    /// The first digits of the country's numbers, where countries share a calling code: a pattern.
    first_digits: &'static str,
    /// The form of every number: a pattern.
    general: &'static str,
    /// The patterns of each kind of number. The first that matches decides.
    shapes: &'static [(Kind, &'static str)],
}

/// The kind of a number in its numbering plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Mobile,
    Fixed,
    /// The plan does not tell mobile numbers from landlines.
    FixedOrMobile,
    PremiumRate,
    TollFree,
    SharedCost,
    Voip,
    /// A number for life that leads to another one (UPT).
    Personal,
    Pager,
    /// A company's number for the whole country (UAN).
    Universal,
    Voicemail,
}

impl Kind {
    /// Whether a client may have it.
    ///
    /// Calls and messages to premium rate numbers profit their owner, so fraudsters plant them; a voice mailbox is
    /// nobody's telephone. The other kinds do no harm: companies answer at toll-free, shared cost and universal
    /// numbers, and no SMS goes there.
    pub(super) const fn is_taken(self) -> bool {
        !matches!(self, Self::PremiumRate | Self::Voicemail)
    }

    /// Whether an SMS can arrive: at a mobile number, or where a personal number leads. Landlines, pagers, internet
    /// telephones and the services of companies have ranges of their own, which SMS does not reach.
    pub(super) const fn takes_sms(self) -> bool {
        matches!(self, Self::Mobile | Self::FixedOrMobile | Self::Personal)
    }
}

/// The longest calling code.
const CALLING_CODE_DIGITS: usize = 3;

/// Trunk prefixes that a plan has dropped but files and address books still contain, by calling code.
///
/// Mexico dropped 01, 044, 045 and the 1 behind +52 on 3 August 2019: Instituto Federal de Telecomunicaciones, «Plan
/// Técnico Fundamental de Numeración», Diario Oficial de la Federación, 11 May 2018.
const FORMER_TRUNKS: &[(&str, &str)] = &[("52", "04[45]|01|1")];

/// Those among them that were dialled within the country alone, and so never before a number of a block that was opened since.
/// The 1 behind +52 is written to this day.
const FORMER_TRUNKS_WITHIN: &[(&str, &str)] = &[("52", "04[45]|01")];

/// The blocks that national plans reserve for mobile numbers, by calling code: Chile, Colombia, Venezuela and Ecuador.
///
/// Libphonenumber knows the blocks that are open when it is released. Numbers of blocks that open later are valid too;
/// whether a number is in use is for its network to say. ITU-T, National Numbering Plans.
const KEPT_FOR_MOBILES: &[(&str, &str)] =
    &[("56", r"9\d{8}"), ("57", r"3\d{9}"), ("58", r"4[12]\d{8}"), ("593", r"9\d{8}")];

/// The blocks that national plans reserve for people without separating mobile numbers from landlines, by calling code:
/// North America and Mexico.
///
/// Both add area codes every year, which libphonenumber has only with its next release. North America: area and
/// exchange codes begin with 2 to 9, and no area code has a 9 in its middle or ends in 00 or 11, which excludes premium
/// rate 900 (NANPA, «NPA Codes», «Central Office Codes»). Mexico: ten digits, the first of them 2 to 9 (IFT, «Plan
/// Técnico Fundamental de Numeración», in force since 3 August 2019); its services have patterns of their own.
const KEPT_FOR_PEOPLE: &[(&str, &str)] =
    &[("1", r"[2-9](?:0[1-9]|1[02-9]|[2-8]\d)[2-9]\d{6}"), ("52", r"[2-9]\d{9}")];

impl Plan {
    /// The plan of a country. Uninhabited ones have none.
    pub(super) fn of_country(country: CountryCode) -> Option<&'static Self> {
        PLANS.iter().find(|plan| plan.country == country.as_str())
    }

    /// The plan of the calling code that an international number begins with; if several countries share it, the main
    /// one's.
    pub(super) fn of_international(digits: &str) -> Option<&'static Self> {
        (1..=CALLING_CODE_DIGITS).find_map(|length| plans_of(digits.get(..length)?).first())
    }

    /// The possible lengths of a trunk prefix in these digits.
    pub(super) fn trunks(&self, digits: &str) -> impl Iterator<Item = usize> {
        let former = FORMER_TRUNKS.iter().filter(|(code, _)| *code == self.calling_code);
        let patterns = former.map(|(_, pattern)| *pattern).chain([self.trunk]);
        patterns.flat_map(|pattern| prefixes(pattern, digits))
    }

    /// Whether digits begin with a trunk prefix that no number of a block opened since has had.
    pub(super) fn has_former_trunk(&self, digits: &str) -> bool {
        FORMER_TRUNKS_WITHIN
            .iter()
            .any(|(code, pattern)| *code == self.calling_code && begins(pattern, digits))
    }

    /// The kind of a national number.
    fn kind(&self, national: &str) -> Option<Kind> {
        if !matches(self.general, national) {
            return None;
        }
        let mut kinds =
            self.shapes.iter().filter(|(_, pattern)| matches(pattern, national)).map(|(kind, _)| *kind);
        match (kinds.next()?, kinds.next()) {
            (Kind::Fixed, Some(Kind::Mobile)) => Some(Kind::FixedOrMobile),
            (kind, _) => Some(kind),
        }
    }

    /// Whether the first digits show that a number is the country's.
    fn claims(&self, national: &str) -> bool {
        begins(self.first_digits, national)
    }
}

/// The kind of a national number behind a calling code; none if there is no such number.
///
/// If countries share the calling code, the first one decides that has the number or its first digits.
pub(super) fn kind(calling_code: &str, national: &str) -> Option<Kind> {
    open_kind(calling_code, national)
        .or_else(|| is_kept(KEPT_FOR_MOBILES, calling_code, national).then_some(Kind::Mobile))
}

/// The kind of a number that does not exist yet, if the plan reserves its block for people and may open it any day.
pub(super) fn planned_kind(calling_code: &str, national: &str) -> Option<Kind> {
    is_kept(KEPT_FOR_PEOPLE, calling_code, national).then_some(Kind::FixedOrMobile)
}

fn is_kept(blocks: &[(&str, &str)], calling_code: &str, national: &str) -> bool {
    blocks.iter().any(|(code, pattern)| *code == calling_code && matches(pattern, national))
}

/// The kind of a number by the blocks that are open.
fn open_kind(calling_code: &str, national: &str) -> Option<Kind> {
    for plan in plans_of(calling_code) {
        if plan.claims(national) {
            return plan.kind(national);
        }
        if plan.first_digits.is_empty()
            && let Some(kind) = plan.kind(national)
        {
            return Some(kind);
        }
    }
    None
}

/// A pattern of a country's numbers in E.164, as PostgreSQL reads patterns; none for a country without numbers. A number
/// whose first digits belong to another country behind the same calling code is that country's.
pub(super) fn pattern_of_numbers(country: CountryCode) -> Option<String> {
    let Plan { calling_code, first_digits, .. } = Plan::of_country(country)?;
    if !first_digits.is_empty() {
        return Some(format!(r"^\+{calling_code}(?:{first_digits})"));
    }
    let others =
        plans_of(calling_code).iter().map(|plan| plan.first_digits).filter(|first| !first.is_empty());
    let others: Vec<&str> = others.collect();
    match others.is_empty() {
        true => Some(format!(r"^\+{calling_code}")),
        false => Some(format!(r"^\+{calling_code}(?!{})", others.join("|"))),
    }
}

/// Whether a number, which is given by its digits in E.164, is one of a country, as [`pattern_of_numbers`] has it; none for a
/// country without numbers.
pub(super) fn is_number_of(country: CountryCode, digits: &str) -> Option<bool> {
    let plan = Plan::of_country(country)?;
    let Some(national) = digits.strip_prefix(plan.calling_code) else { return Some(false) };
    if !plan.first_digits.is_empty() {
        return Some(plan.claims(national));
    }
    let is_anothers = |other: &Plan| !other.first_digits.is_empty() && other.claims(national);
    Some(!plans_of(plan.calling_code).iter().any(is_anothers))
}

/// The plans of the countries that share a calling code, the main country's first.
fn plans_of(calling_code: &str) -> &'static [Plan] {
    let begin = PLANS.partition_point(|plan| plan.calling_code < calling_code);
    let end = PLANS.partition_point(|plan| plan.calling_code <= calling_code);
    &PLANS[begin..end]
}

pub(super) const fn plan(
    calling_code: &'static str,
    country: &'static str,
    abroad: &'static str,
    trunk: &'static str,
    first_digits: &'static str,
    general: &'static str,
    shapes: &'static [(Kind, &'static str)],
) -> Plan {
    Plan { calling_code, country, abroad, trunk, first_digits, general, shapes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_calling_code_begins_another() {
        let begins = |one: &Plan, other: &Plan| other.calling_code.starts_with(one.calling_code);
        for one in PLANS {
            for other in PLANS.iter().filter(|other| begins(one, other)) {
                assert_eq!(one.calling_code, other.calling_code);
            }
        }
    }

    #[test]
    fn plans_are_in_the_order_of_their_calling_codes() {
        assert!(PLANS.is_sorted_by_key(|plan| plan.calling_code));
    }

    #[test]
    fn patterns_have_nothing_that_is_not_understood() {
        for plan in PLANS {
            let shapes = plan.shapes.iter().map(|(_, pattern)| *pattern);
            for pattern in shapes.chain([plan.abroad, plan.trunk, plan.first_digits, plan.general]) {
                let plain = pattern.replace("(?:", "(").replace(r"\d", "0");
                assert!(plain.chars().all(|c| c.is_ascii_digit() || "()[]{}|?,-".contains(c)), "{pattern}");
            }
        }
    }

    #[test]
    fn every_plan_is_found_by_its_country() {
        for plan in PLANS {
            if let Ok(country) = CountryCode::try_from(plan.country) {
                assert!(std::ptr::eq(Plan::of_country(country).unwrap(), plan), "{}", plan.country);
            }
        }
    }
}
