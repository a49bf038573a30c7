//! The prices of a provider: of one part of an SMS, by the first digits of the number.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Prices by the first digits of numbers in E.164, without the plus sign. The longest that a number begins with counts;
/// the empty ones are those of every number. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices(Arc<BTreeMap<String, u64>>);

/// The longest first digits that a price can have: those of a network.
const FIRST_DIGITS_MAX: usize = 7;
/// The highest price of a part: a thousand units of the currency.
const MICROS_MAX: u64 = 1_000_000_000;

/// Prices that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongPrices {
    /// Their first digits are none.
    #[error(
        "must have at most {FIRST_DIGITS_MAX} first digits as keys, such as 57, or an empty one for every number"
    )]
    Digits,
    /// A price is too high.
    #[error("must be millionths of the currency, at most {MICROS_MAX}")]
    TooHigh,
}

impl Prices {
    /// Prices in millionths of the currency.
    ///
    /// # Errors
    /// See [`WrongPrices`].
    pub fn try_new(prices: BTreeMap<String, u64>) -> Result<Self, WrongPrices> {
        let are_digits =
            |key: &String| key.len() <= FIRST_DIGITS_MAX && key.bytes().all(|byte| byte.is_ascii_digit());
        if !prices.keys().all(are_digits) {
            return Err(WrongPrices::Digits);
        }
        if prices.values().any(|micros| *micros > MICROS_MAX) {
            return Err(WrongPrices::TooHigh);
        }
        Ok(Self(Arc::new(prices)))
    }

    /// Whether no price is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The price of a part to a number in E.164, if it is known. The first digits alone are enough, if they are as many as
    /// [`Prices::digits`].
    pub fn of(&self, number: &str) -> Option<u64> {
        let digits = number.strip_prefix('+').unwrap_or(number);
        let lengths = (0..=digits.len().min(FIRST_DIGITS_MAX)).rev();
        lengths.filter_map(|length| digits.get(..length)).find_map(|first| self.0.get(first)).copied()
    }

    /// How many first digits of a number decide its price.
    pub fn digits(&self) -> usize {
        self.0.keys().map(String::len).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(prices: &[(&str, u64)]) -> Result<Prices, WrongPrices> {
        Prices::try_new(prices.iter().map(|(first, micros)| ((*first).to_owned(), *micros)).collect())
    }

    #[test]
    fn the_longest_first_digits_that_a_number_has_decide_its_price() {
        let some = prices(&[("57", 9_000), ("573", 8_000), ("1", 12_000), ("1809", 40_000)]).expect("prices");
        let of = ["+573001234567", "+576012345678", "+18095551234", "+12125551234", "+34600123456"];
        assert_eq!(
            of.map(|number| some.of(number)),
            [Some(8_000), Some(9_000), Some(40_000), Some(12_000), None]
        );
        assert_eq!((some.digits(), some.of("+1809")), (4, Some(40_000)));
        let everywhere = prices(&[("", 5_000)]).expect("prices");
        assert_eq!((everywhere.of("+34600123456"), everywhere.digits()), (Some(5_000), 0));
        assert_eq!(Prices::default().of("+34600123456"), None);
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for first in ["+57", "CO", "57 ", "12345678"] {
            assert_eq!(prices(&[(first, 1)]), Err(WrongPrices::Digits), "{first}");
        }
        assert_eq!(prices(&[("57", 1_000_000_001)]), Err(WrongPrices::TooHigh));
    }
}
