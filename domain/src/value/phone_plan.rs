//! The world's telephone numbering plans, as far as telling a number that can exist from one that cannot.

use super::CountryCode;

/// How the numbers of one calling code look.
pub(super) struct Plan {
    /// The calling code of ITU-T E.164, without a plus sign. No calling code begins another.
    pub(super) calling_code: &'static str,
    /// The countries that share it, separated by spaces.
    countries: &'static str,
    /// What people write before a national number and is no part of it, the longest first.
    trunks: &'static str,
    /// Shapes of numbers that may be mobile. A shape is `begins:digits` or `digits`, digits may be a range.
    mobile: &'static str,
    /// Shapes of numbers that are landlines only.
    fixed: &'static str,
}

impl Plan {
    /// The plan of a country. Uninhabited ones have none.
    pub(super) fn of_country(country: CountryCode) -> Option<&'static Self> {
        PLANS.iter().find(|plan| plan.countries.split(' ').any(|code| code == country.as_str()))
    }

    /// The plan whose calling code an international number begins with.
    pub(super) fn of_international(digits: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| digits.starts_with(plan.calling_code))
    }

    /// The number without what is only dialled: the first reading that can exist.
    ///
    /// Trunk prefixes are tried first, because in a plan of free lengths (Germany) the number with its zero has a
    /// length that could exist too.
    pub(super) fn national<'a>(&self, digits: &'a str) -> Option<&'a str> {
        let without_trunk = self.trunks.split(' ').filter(|trunk| !trunk.is_empty());
        let readings = without_trunk.filter_map(|trunk| digits.strip_prefix(trunk)).chain([digits]);
        readings.into_iter().find(|reading| self.has(reading))
    }

    /// Whether a national number may be a mobile one.
    pub(super) fn may_be_mobile(&self, national: &str) -> bool {
        has_shape(self.mobile, national)
    }

    fn has(&self, national: &str) -> bool {
        has_shape(self.mobile, national) || has_shape(self.fixed, national)
    }
}

fn has_shape(shapes: &str, national: &str) -> bool {
    shapes.split(' ').filter(|shape| !shape.is_empty()).any(|shape| {
        let (begins, lengths) = shape.split_once(':').unwrap_or(("", shape));
        let (min, max) = lengths.split_once('-').unwrap_or((lengths, lengths));
        national.starts_with(begins) && (number(min)..=number(max)).contains(&national.len())
    })
}

fn number(digits: &str) -> usize {
    digits.parse().expect("a plan is written in digits; a test reads them all")
}

const fn plan(
    calling_code: &'static str,
    countries: &'static str,
    trunks: &'static str,
    mobile: &'static str,
    fixed: &'static str,
) -> Plan {
    Plan { calling_code, countries, trunks, mobile, fixed }
}

/// By calling code: countries, trunk prefixes, shapes of mobile numbers, shapes of landlines.
///
/// Lengths are those of libphonenumber's metadata 9.0.33 (Apache-2.0). The Americas and Spain also say how numbers
/// begin, by their national plans; first digits rather than operators' blocks, since those are opened every year.
/// Mexico dropped 01, 044, 045 and the 1 after +52 in 2019; Colombia moved landlines to 60x and dropped 03 in 2021.
const PLANS: &[Plan] = &[
    plan(
        "1",
        "AG AI AS BB BM BS CA DM DO GD GU JM KN KY LC MP MS PR SX TC TT US VC VG VI",
        "1",
        "2:10 3:10 4:10 5:10 6:10 7:10 8:10 9:10",
        "",
    ),
    plan("20", "EG", "0", "10", "8-9"),
    plan("211", "SS", "0", "9", ""),
    plan("212", "EH MA", "0", "9", ""),
    plan("213", "DZ", "0", "9", "8"),
    plan("216", "TN", "", "8", ""),
    plan("218", "LY", "0", "9", ""),
    plan("220", "GM", "", "7", ""),
    plan("221", "SN", "", "9", ""),
    plan("222", "MR", "", "8", ""),
    plan("223", "ML", "", "8", ""),
    plan("224", "GN", "", "9", "8"),
    plan("225", "CI", "", "10", ""),
    plan("226", "BF", "", "8", ""),
    plan("227", "NE", "", "8", ""),
    plan("228", "TG", "", "8", ""),
    plan("229", "BJ", "", "10", ""),
    plan("230", "MU", "", "8", "7"),
    plan("231", "LR", "0", "7 9", "8"),
    plan("232", "SL", "0", "8", ""),
    plan("233", "GH", "0", "9", ""),
    plan("234", "NG", "0", "10", ""),
    plan("235", "TD", "", "8", ""),
    plan("236", "CF", "", "8", ""),
    plan("237", "CM", "", "9", ""),
    plan("238", "CV", "", "7", ""),
    plan("239", "ST", "", "7", ""),
    plan("240", "GQ", "", "9", ""),
    plan("241", "GA", "", "7-8", ""),
    plan("242", "CG", "", "9", ""),
    plan("243", "CD", "0", "7 9", "8 10"),
    plan("244", "AO", "", "9", ""),
    plan("245", "GW", "", "9", ""),
    plan("246", "IO", "", "7", ""),
    plan("247", "", "", "5", ""),
    plan("248", "SC", "", "7", ""),
    plan("249", "SD", "0", "9", ""),
    plan("250", "RW", "0", "9", "8"),
    plan("251", "ET", "0", "9", ""),
    plan("252", "SO", "0", "7-9", "6"),
    plan("253", "DJ", "", "8", ""),
    plan("254", "KE", "0", "9", "7-8"),
    plan("255", "TZ", "0", "9", ""),
    plan("256", "UG", "0", "9", ""),
    plan("257", "BI", "", "8", ""),
    plan("258", "MZ", "", "9", "8"),
    plan("260", "ZM", "0", "9", ""),
    plan("261", "MG", "0", "9", ""),
    plan("262", "RE YT", "0", "9", ""),
    plan("263", "ZW", "0", "9", "5-8 10"),
    plan("264", "NA", "0", "9", "8"),
    plan("265", "MW", "0", "9", "7"),
    plan("266", "LS", "", "8", ""),
    plan("267", "BW", "", "8", "7"),
    plan("268", "SZ", "", "8", ""),
    plan("269", "KM", "", "7", ""),
    plan("27", "ZA", "0", "5-9", ""),
    plan("290", "SH", "", "5", "4"),
    plan("291", "ER", "0", "7", ""),
    plan("297", "AW", "", "7", ""),
    plan("298", "FO", "", "6", ""),
    plan("299", "GL", "", "6", ""),
    plan("30", "GR", "", "10", ""),
    plan("31", "NL", "0", "9 11", ""),
    plan("32", "BE", "0", "9", "8"),
    plan("33", "FR", "0", "9", ""),
    plan("34", "ES", "", "6:9 7:9", "8:9 9:9"),
    plan("350", "GI", "", "8", ""),
    plan("351", "PT", "", "9", ""),
    plan("352", "LU", "", "9", "4-8 10-11"),
    plan("353", "IE", "0", "9", "7-8 10"),
    plan("354", "IS", "", "7 9", ""),
    plan("355", "AL", "0", "9", "8"),
    plan("356", "MT", "", "8", ""),
    plan("357", "CY", "", "8", ""),
    plan("358", "AX FI", "0", "6-10", "5"),
    plan("359", "BG", "0", "8-9", "6-7"),
    plan("36", "HU", "06", "9", "8"),
    plan("370", "LT", "0", "8", ""),
    plan("371", "LV", "", "8", ""),
    plan("372", "EE", "", "7-8", ""),
    plan("373", "MD", "0", "8", ""),
    plan("374", "AM", "0", "8", ""),
    plan("375", "BY", "8", "9", ""),
    plan("376", "AD", "", "6 9", ""),
    plan("377", "MC", "0", "8-9", ""),
    plan("378", "SM", "", "8", "10"),
    plan("380", "UA", "0", "9", ""),
    plan("381", "RS", "0", "8-10", "7 11-12"),
    plan("382", "ME", "0", "8", ""),
    plan("383", "", "0", "8", "9-12"),
    plan("385", "HR", "0", "8-9", ""),
    plan("386", "SI", "0", "8", ""),
    plan("387", "BA", "0", "8-9", ""),
    plan("389", "MK", "0", "8", ""),
    plan("39", "IT VA", "", "9-10", "6-8 11-12"),
    plan("40", "RO", "0", "9", "6"),
    plan("41", "CH", "0", "9", ""),
    plan("420", "CZ", "", "9", ""),
    plan("421", "SK", "0", "9", "6-7"),
    plan("423", "LI", "0", "7 9", ""),
    plan("43", "AT", "0", "7-13", "4-6"),
    plan("44", "GB GG IM JE", "0", "10", "9"),
    plan("45", "DK", "", "8", ""),
    plan("46", "SE", "0", "9", "7-8"),
    plan("47", "NO SJ", "", "8", ""),
    plan("48", "PL", "", "9", "7"),
    plan("49", "DE", "0", "10-11", "5-9 12-15"),
    plan("500", "FK", "", "5", ""),
    plan("501", "BZ", "", "7", ""),
    plan("502", "GT", "", "3:8 4:8 5:8 8:8", "2:8 6:8 7:8"),
    plan("503", "SV", "", "6:8 7:8", "2:8"),
    plan("504", "HN", "", "3:8 7:8 8:8 9:8", "2:8"),
    plan("505", "NI", "", "5:8 6:8 7:8 8:8", "2:8"),
    plan("506", "CR", "", "5:8 6:8 7:8 8:8", "2:8 4:8"),
    plan("507", "PA", "", "6:8", "2:7 3:7 4:7 5:7 7:7 8:7 9:7"),
    plan("508", "PM", "0", "6 9", ""),
    plan("509", "HT", "", "8", ""),
    plan("51", "PE", "0", "9:9", "1:8 4:8 5:8 6:8 7:8 8:8"),
    plan("52", "MX", "045 044 01 1", "2:10 3:10 4:10 5:10 6:10 7:10 8:10 9:10", ""),
    plan("53", "CU", "0", "5:8 6:8", "6-8"),
    plan("54", "AR", "0", "9:11 1:10 2:10 3:10", ""),
    plan("55", "BR", "0", "11", "10"),
    plan("56", "CL", "0", "9:9", "2:9 3:9 4:9 5:9 6:9 7:9"),
    plan("57", "CO", "03 0", "3:10", "60:10"),
    plan("58", "VE", "0", "4:10", "2:10"),
    plan("590", "BL GP MF", "0", "9", ""),
    plan("591", "BO", "0", "6:8 7:8", "2:8 3:8 4:8"),
    plan("592", "GY", "", "7", ""),
    plan("593", "EC", "0", "9:9", "2:8 3:8 4:8 5:8 6:8 7:8"),
    plan("594", "GF", "0", "9", ""),
    plan("595", "PY", "0", "9:9", "2:7-9 3:7-9 4:7-9 5:7-9 6:7-9 7:7-9 8:7-9"),
    plan("596", "MQ", "0", "9", ""),
    plan("597", "SR", "", "7", "6"),
    plan("598", "UY", "0", "9:8", "2:8 4:8"),
    plan("599", "BQ CW", "", "7-8", ""),
    plan("60", "MY", "0", "9-10", "8"),
    plan("61", "AU CC CX", "0", "9", ""),
    plan("62", "ID", "0", "9-12", "7-8"),
    plan("63", "PH", "0", "10", "6 8-9"),
    plan("64", "NZ", "0", "8-10", ""),
    plan("65", "SG", "", "8", ""),
    plan("66", "TH", "0", "9", "8"),
    plan("670", "TL", "", "8", "7"),
    plan("672", "NF", "", "6", ""),
    plan("673", "BN", "", "7", ""),
    plan("674", "NR", "", "7", ""),
    plan("675", "PG", "", "8", "7"),
    plan("676", "TO", "", "7", "5"),
    plan("677", "SB", "", "5 7", ""),
    plan("678", "VU", "", "7", "5"),
    plan("679", "FJ", "", "7", ""),
    plan("680", "PW", "", "7", ""),
    plan("681", "WF", "", "6", ""),
    plan("682", "CK", "", "5", ""),
    plan("683", "NU", "", "4 7", ""),
    plan("685", "WS", "", "7 10", "5-6"),
    plan("686", "KI", "0", "8", "5"),
    plan("687", "NC", "", "6", ""),
    plan("688", "TV", "", "6-7", "5"),
    plan("689", "PF", "", "8", ""),
    plan("690", "TK", "", "4-7", ""),
    plan("691", "FM", "", "7", ""),
    plan("692", "MH", "1", "7", ""),
    plan("7", "KZ RU", "8", "10", ""),
    plan("81", "JP", "0", "10", "9"),
    plan("82", "KR", "0", "9-10", "5-6 8"),
    plan("84", "VN", "0", "9", "10"),
    plan("850", "KP", "0", "10", "8"),
    plan("852", "HK", "", "8", ""),
    plan("853", "MO", "", "8", ""),
    plan("855", "KH", "0", "8-9", ""),
    plan("856", "LA", "0", "9-10", "8"),
    plan("86", "CN", "0", "11", "7-10"),
    plan("880", "BD", "0", "10", "6-9"),
    plan("886", "TW", "0", "9", "8"),
    plan("90", "TR", "0", "10", ""),
    plan("91", "IN", "0", "10", ""),
    plan("92", "PK", "0", "10", "9"),
    plan("93", "AF", "0", "9", ""),
    plan("94", "LK", "0", "9", ""),
    plan("95", "MM", "0", "7-10", "6"),
    plan("960", "MV", "", "7", ""),
    plan("961", "LB", "0", "7-8", ""),
    plan("962", "JO", "0", "9", "8"),
    plan("963", "SY", "0", "9", "8"),
    plan("964", "IQ", "0", "10", "8-9"),
    plan("965", "KW", "", "8", ""),
    plan("966", "SA", "0", "9", ""),
    plan("967", "YE", "0", "9", "7-8"),
    plan("968", "OM", "", "8", ""),
    plan("970", "PS", "0", "9", "8"),
    plan("971", "AE", "0", "9", "8"),
    plan("972", "IL", "0", "9", "8 11-12"),
    plan("973", "BH", "", "8", ""),
    plan("974", "QA", "", "8", ""),
    plan("975", "BT", "", "8", "7"),
    plan("976", "MN", "0", "8", "9-10"),
    plan("977", "NP", "0", "10", "8"),
    plan("98", "IR", "0", "10", "6-7"),
    plan("992", "TJ", "", "9", ""),
    plan("993", "TM", "8", "8", ""),
    plan("994", "AZ", "0", "9", ""),
    plan("995", "GE", "0", "9", ""),
    plan("996", "KG", "0", "9", ""),
    plan("998", "UZ", "", "9", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_calling_code_begins_another() {
        for plan in PLANS {
            let same = PLANS.iter().filter(|other| other.calling_code.starts_with(plan.calling_code));
            assert_eq!(same.count(), 1, "{}", plan.calling_code);
        }
    }

    #[test]
    fn every_plan_can_be_read_and_fits_e164() {
        for plan in PLANS {
            assert!(!plan.has("x"), "{}", plan.calling_code);
            assert!(!plan.has(&"9".repeat(18)), "{}", plan.calling_code);
            for country in plan.countries.split(' ').filter(|country| !country.is_empty()) {
                let country = CountryCode::try_from(country).unwrap();
                assert_eq!(Plan::of_country(country).unwrap().calling_code, plan.calling_code);
            }
        }
    }
}
