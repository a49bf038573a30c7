//! What is read as a telephone number, against libphonenumber: the Americas and Spain.

use std::fmt::Write as _;

use domain::value::{CountryCode, Invalid, PhoneFault, PhoneNumber};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType as Type, Region};

/// The countries of the Americas, and Spain.
const COUNTRIES: &[&str] = &[
    "AG", "AI", "AR", "AW", "BB", "BL", "BM", "BO", "BQ", "BR", "BS", "BZ", "CA", "CL", "CO", "CR", "CU",
    "CW", "DM", "DO", "EC", "ES", "FK", "GD", "GF", "GL", "GP", "GT", "GY", "HN", "HT", "JM", "KN", "KY",
    "LC", "MF", "MQ", "MS", "MX", "NI", "PA", "PE", "PM", "PR", "PY", "SR", "SV", "SX", "TC", "TT", "US",
    "UY", "VC", "VE", "VG", "VI",
];
/// Chance begins here; a failure prints it with the country.
const SEED: u64 = 0x6d65_6e73_616a_6572;
/// Strings for each numbering plan. Countries that share a calling code share its plan, and these.
const RANDOM_STRINGS: usize = 10_000;
const OWN_MOBILES: usize = 300;

#[test]
fn every_example_number_is_read_in_national_and_international_form() {
    for country in countries() {
        for example in country.examples() {
            let e164 = example.format_as(PhoneNumberFormat::E164).into_owned();
            let is_service = matches!(example.get_type(), Type::PremiumRate | Type::VoiceMail);
            let expected =
                if is_service { Err(Invalid::Phone(PhoneFault::Service)) } else { Ok(e164.clone()) };
            for form in
                [PhoneNumberFormat::E164, PhoneNumberFormat::International, PhoneNumberFormat::National]
            {
                let written = example.format_as(form);
                assert_eq!(country.read(&written), expected, "{} {written}", country.name);
            }
            for written in [e164[1..].to_owned(), format!("00{}", &e164[1..])] {
                let read = country.read(&written);
                // Without area code, Brazil's 4004 1234 behind its calling code 55 is area 55, 4004 1234 too.
                let is_ambiguous =
                    written == "5540041234" && matches!(read, Err(Invalid::Phone(PhoneFault::Ambiguous(..))));
                assert!(read == expected || is_ambiguous, "{} {written} {read:?}", country.name);
            }
            assert_eq!(!is_service && takes_sms(&e164), sms_arrives(example.get_type()), "{e164}");
        }
    }
}

#[test]
fn what_is_read_from_random_strings_exists() {
    for country in countries() {
        let mut chance = Chance::of(country.name);
        for _ in 0..RANDOM_STRINGS / country.sharers() {
            let written = country.random_string(&mut chance);
            let Ok(read) = country.read(&written) else { continue };
            let oracle = oracle(&read);
            let explained = oracle == Type::Unknown && is_kept_for_mobiles(&read);
            let context = format!("{} {written:?} was read as {read}, seed {SEED:#x}", country.name);
            assert!(oracle != Type::Unknown || explained, "{context}, which does not exist");
            assert!(!matches!(oracle, Type::PremiumRate | Type::VoiceMail), "{context}, a service");
            assert_eq!(takes_sms(&read), explained || sms_arrives(oracle), "{context}, a {oracle:?}");
        }
    }
}

#[test]
fn an_own_mobile_never_becomes_a_foreign_number() {
    for country in countries() {
        let (code, mut chance) = (country.calling_code(), Chance::of(country.name));
        let plain = ["".into(), code.clone(), format!("+{code}"), format!("00{code}")];
        let padded = ["0", "00", "000", "0000", "1", "01"].map(String::from);
        let padded = padded.into_iter().chain([format!("0{code}"), format!("000{code}")]);
        let padded: Vec<_> = padded.collect();
        for own in country.random_mobiles(&mut chance) {
            let national = &own[1 + code.len()..];
            for prefix in &plain {
                let read = country.read(&format!("{prefix}{national}"));
                assert_eq!(read.as_deref(), Ok(own.as_str()), "{} {prefix:?}, seed {SEED:#x}", country.name);
            }
            for prefix in &padded {
                if let Ok(read) = country.read(&format!("{prefix}{national}")) {
                    assert_eq!(read, own, "{} {prefix:?}, seed {SEED:#x}", country.name);
                }
            }
        }
    }
}

/// A rule of ours that the oracle does not have: what national plans keep for mobile numbers may be opened any day.
fn is_kept_for_mobiles(e164: &str) -> bool {
    [("+569", 12), ("+573", 13), ("+5841", 13), ("+5842", 13), ("+5939", 13)]
        .iter()
        .any(|(begins, length)| e164.starts_with(begins) && e164.len() == *length)
}

struct Country {
    name: &'static str,
    code: CountryCode,
    region: Region,
}

fn countries() -> impl Iterator<Item = Country> {
    COUNTRIES.iter().map(|name| Country {
        name,
        code: name.parse().expect("a country"),
        region: name.parse().expect("a region"),
    })
}

impl Country {
    fn read(&self, written: &str) -> Result<String, Invalid> {
        PhoneNumber::parse(written, self.code).map(PhoneNumber::into_string)
    }

    fn calling_code(&self) -> String {
        PHONE_NUMBER_UTIL.get_country_code_for_region(self.region).expect("a calling code").to_string()
    }

    /// How many countries share the calling code.
    fn sharers(&self) -> usize {
        let code = PHONE_NUMBER_UTIL.get_country_code_for_region(self.region).expect("a calling code");
        PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(code).expect("its countries").len()
    }

    /// The oracle's example of each kind of number that the country has.
    fn examples(&self) -> Vec<rlibphonenumber::PhoneNumber> {
        let kinds = PHONE_NUMBER_UTIL.get_supported_types_for_region(self.region).expect("kinds of numbers");
        kinds
            .into_iter()
            .filter_map(|kind| {
                PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(self.region, kind).ok()
            })
            .collect()
    }

    fn example_digits(&self) -> String {
        let example = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(self.region, Type::Mobile);
        example.expect("an example").get_national_significant_number()
    }

    /// Digits of any length, or an example with some digits changed, behind what people write before a number.
    fn random_string(&self, chance: &mut Chance) -> String {
        let code = self.calling_code();
        let prefix = match chance.below(12) {
            0 => "+".into(),
            1 => "00".into(),
            2 => "0".into(),
            3 => "1".into(),
            4 => format!("+{code}"),
            5 => format!("00{code}"),
            6 => code,
            7 => format!("0{}", chance.below(100)),
            8 => format!("00{}", chance.below(10)),
            _ => String::new(),
        };
        let digits = if chance.below(2) == 0 {
            let length = 5 + chance.below(9);
            (0..length).fold(String::new(), |digits, _| digits + &chance.digit().to_string())
        } else {
            let kept = chance.below(8);
            let changed = |(at, digit)| if at < kept { digit } else { chance.digit() };
            self.example_digits().chars().enumerate().map(changed).collect()
        };
        separated(&(prefix + &digits), chance)
    }

    /// Mobile numbers of the country by the oracle, at random.
    fn random_mobiles(&self, chance: &mut Chance) -> Vec<String> {
        let (code, example) = (self.calling_code(), self.example_digits());
        let mut found = Vec::new();
        while found.len() < OWN_MOBILES {
            let kept = chance.below(example.len() - 3);
            let changed = |(at, digit)| if at < kept { digit } else { chance.digit() };
            let national: String = example.chars().enumerate().map(changed).collect();
            let e164 = format!("+{code}{national}");
            found.extend(matches!(oracle(&e164), Type::Mobile | Type::FixedLineOrMobile).then_some(e164));
        }
        found
    }
}

/// What the oracle says that a number is.
fn oracle(e164: &str) -> Type {
    PHONE_NUMBER_UTIL.parse(e164, None).map_or(Type::Unknown, |number| number.get_type())
}

const fn sms_arrives(kind: Type) -> bool {
    matches!(kind, Type::Mobile | Type::FixedLineOrMobile | Type::PersonalNumber)
}

fn takes_sms(e164: &str) -> bool {
    PhoneNumber::try_new(e164).expect("E.164").takes_sms()
}

fn separated(text: &str, chance: &mut Chance) -> String {
    text.chars().fold(String::new(), |mut all, c| {
        let separator = if chance.below(6) == 0 && !all.is_empty() { " " } else { "" };
        write!(all, "{separator}{c}").expect("a string grows");
        all
    })
}

/// Numbers at random, the same each time: splitmix64.
struct Chance(u64);

impl Chance {
    fn of(country: &str) -> Self {
        Self(country.bytes().fold(SEED, |seed, byte| seed.rotate_left(8) ^ u64::from(byte)))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn digit(&mut self) -> char {
        char::from(b'0' + self.below(10) as u8)
    }
}
