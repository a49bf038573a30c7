//! The countries, by the two letters of ISO 3166-1.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Invalid;

/// A country of ISO 3166-1: its alpha-2 code in capitals, such as `CO`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode(&'static str);

impl CountryCode {
    /// Colombia, where a company is unless it says otherwise.
    pub const COLOMBIA: Self = Self("CO");

    /// The code.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl Default for CountryCode {
    fn default() -> Self {
        Self::COLOMBIA
    }
}

impl TryFrom<&str> for CountryCode {
    type Error = Invalid;

    fn try_from(code: &str) -> Result<Self, Invalid> {
        if code.is_empty() {
            return Err(Invalid::Missing);
        }
        COUNTRIES.binary_search(&code).map(|index| Self(COUNTRIES[index])).map_err(|_| Invalid::Country)
    }
}

impl FromStr for CountryCode {
    type Err = Invalid;

    fn from_str(code: &str) -> Result<Self, Invalid> {
        Self::try_from(code)
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for CountryCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for CountryCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?.as_str()).map_err(D::Error::custom)
    }
}

/// ISO 3166-1 alpha-2, officially assigned, in order.
const COUNTRIES: [&str; 249] = [
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA",
    "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV",
    "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU",
    "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES",
    "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM",
    "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE",
    "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM",
    "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY",
    "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT",
    "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU",
    "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA",
    "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM",
    "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL",
    "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE",
    "VG", "VI", "VN", "VU", "WF", "WS", "YE", "YT", "ZA", "ZM", "ZW",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_countries_are_in_order_so_that_they_can_be_searched() {
        assert!(COUNTRIES.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_country_is_known_by_its_capitals() {
        for code in ["CO", "VE", "MX", "CL", "AR", "ES", "US", "ZW", "AD"] {
            let country: CountryCode = code.parse().unwrap();
            assert_eq!(country.to_string(), code);
            assert_eq!(
                serde_json::from_value::<CountryCode>(serde_json::to_value(country).unwrap()).unwrap(),
                country
            );
        }
        for refused in ["co", "XX", "COL", "Colombia", " CO", "C", "ñ"] {
            assert_eq!(refused.parse::<CountryCode>(), Err(Invalid::Country), "{refused}");
        }
        assert_eq!("".parse::<CountryCode>(), Err(Invalid::Missing));
        assert_eq!(CountryCode::default().as_str(), "CO");
    }
}
