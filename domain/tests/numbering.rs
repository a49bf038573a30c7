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
/// Strings for each numbering plan. Countries that share a calling code share its plan, and these, except for the large.
const RANDOM_STRINGS: usize = 10_000;
const LARGE: &[&str] = &["DO", "US"];
const OWN_MOBILES: usize = 300;
/// Own numbers and spoilt foreign ones that each country of the world dials abroad.
const OWN_DIALLED_ABROAD: usize = 20;
const SPOILT: usize = 40;
const KEPT_OF_SPOILT: usize = 3;
/// What is dialled before a number abroad where a carrier may be selected.
const CARRIERS: &[(&str, &[&str])] = &[
    ("AU", &["0011", "0014"]),
    ("BO", &["00", "0010"]),
    ("BR", &["0015", "0021", "0031"]),
    ("CL", &["00", "1230", "1810"]),
    ("CO", &["005", "007", "009", "00414"]),
    ("HK", &["001", "0030"]),
    ("ID", &["001", "007"]),
    ("KR", &["001", "00700"]),
    ("MX", &["00", "09"]),
    ("PE", &["00"]),
    ("SG", &["001", "018"]),
    ("TH", &["001", "009"]),
    ("UY", &["00", "0130"]),
];
/// Of own mobiles behind zeros, so many of a hundred must be read; the others are foreign numbers too.
const READ_BEHIND_ZEROS_PERCENT: usize = 50;

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
fn what_is_read_from_random_strings_exists_and_is_what_the_oracle_reads() {
    for country in countries() {
        let mut chance = Chance::of(country.name);
        for _ in 0..country.share_of(RANDOM_STRINGS) {
            let written = country.random_string(&mut chance);
            let Ok(read) = country.read(&written) else { continue };
            let oracle = oracle(&read);
            let explained = oracle == Type::Unknown && is_kept(&read);
            let context = format!("{} {written:?} was read as {read}, seed {SEED:#x}", country.name);
            assert!(oracle != Type::Unknown || explained, "{context}, which does not exist");
            assert!(!matches!(oracle, Type::PremiumRate | Type::VoiceMail), "{context}, a service");
            assert_eq!(takes_sms(&read), explained || sms_arrives(oracle), "{context}, a {oracle:?}");
            if let Some(other) = country.read_by_oracle(&written).filter(|other| *other != read) {
                let rule = Rule::of(&country, &written, &read);
                assert!(rule.is_some(), "{context}, by the oracle as {other}");
            }
        }
    }
}

#[test]
fn what_the_oracle_reads_otherwise_is_a_rule_of_ours() {
    let cases = [
        ("CO", "0057 301 234 5678", Rule::OwnCallingCode),
        ("CO", "00 91 212 456 7890", Rule::CallingCodeApart),
    ];
    for (name, written, rule) in cases {
        let country = countries().find(|country| country.name == name).expect("a country");
        let read = country.read(written).expect("a number");
        let by_oracle = country.read_by_oracle(written).expect("a number");
        assert_ne!(read, by_oracle);
        assert_eq!(Rule::of(&country, written, &read), Some(rule), "{name} {written:?}");
    }
}

#[test]
fn an_own_mobile_never_becomes_a_foreign_number() {
    for country in countries() {
        let (code, mut chance) = (country.calling_code(), Chance::of(country.name));
        let plain = ["".into(), code.clone(), format!("+{code}"), format!("00{code}")];
        let zeros = ["0", "00", "000", "0000"].map(String::from);
        let zeros: Vec<_> = zeros.into_iter().chain([format!("0{code}"), format!("000{code}")]).collect();
        let (abroad, mut asked, mut read) = (country.prefixes_to_dial_abroad(), 0, 0);
        let mobiles = country.random_mobiles(&mut chance);
        for own in &mobiles {
            let national = &own[1 + code.len()..];
            for prefix in &plain {
                let read = country.read(&format!("{prefix}{national}"));
                assert_eq!(read.as_deref(), Ok(own.as_str()), "{} {prefix:?}, seed {SEED:#x}", country.name);
            }
            for prefix in &zeros {
                let is_read = country.is_own_or_doubtful(own, prefix);
                let is_for_abroad =
                    abroad.iter().any(|abroad| format!("{prefix}{national}").starts_with(abroad));
                (asked, read) = (asked + usize::from(!is_for_abroad), read + usize::from(is_read));
            }
            for prefix in country.padded_trunks() {
                country.is_own_or_doubtful(own, prefix);
            }
        }
        assert!(read * 100 >= asked * READ_BEHIND_ZEROS_PERCENT, "{} {read} of {asked}", country.name);
    }
}

#[test]
fn what_is_dialled_abroad_is_read_as_dialled_or_refused() {
    let (countries, mut asked) = (all_countries(), 0);
    for country in &countries {
        let mut chance = Chance::of(country.name);
        let own = country.random_numbers(&mut chance, OWN_DIALLED_ABROAD);
        let code = country.calling_code();
        let own = own.iter().map(|e164| e164[1 + code.len()..].to_owned());
        let mut foreign = Chance::of(country.name);
        let spoilt = (0..SPOILT).map(|_| spoilt_number(&countries, &mut foreign));
        for rest in own.chain(spoilt) {
            for prefix in country.prefixes_to_dial_abroad() {
                asked += 1;
                country.is_as_dialled_or_refused(&format!("{prefix}{rest}"), &rest);
                country.is_as_dialled_or_refused(&separated(&format!("{prefix} {rest}"), &mut chance), &rest);
            }
        }
    }
    assert!(asked > countries.len() * (OWN_DIALLED_ABROAD + SPOILT) / 2, "{asked} numbers");
}

/// A rule of ours that the oracle does not have: what national plans keep for mobile numbers, or for people, may be
/// opened any day.
fn is_kept(e164: &str) -> bool {
    [("+569", 12), ("+573", 13), ("+5841", 13), ("+5842", 13), ("+5939", 13), ("+52", 13), ("+1", 12)]
        .iter()
        .any(|(begins, length)| e164.starts_with(begins) && e164.len() == *length)
}

/// A rule by which we read another number than the oracle: decision 0004.
#[derive(Debug, PartialEq, Eq)]
enum Rule {
    /// `00` and the own calling code are no carrier's prefix.
    OwnCallingCode,
    /// `00` and a calling code that are each written apart are no carrier's prefix.
    CallingCodeApart,
}

impl Rule {
    fn of(country: &Country, written: &str, read: &str) -> Option<Self> {
        let digits: String = written.chars().filter(char::is_ascii_digit).collect();
        let code = country.calling_code();
        if digits.starts_with(&format!("00{code}")) && read.starts_with(&format!("+{code}")) {
            return Some(Self::OwnCallingCode);
        }
        let is_break = |place: usize| {
            let digits_before = |space: usize| written[..space].bytes().filter(u8::is_ascii_digit).count();
            written.match_indices(' ').any(|(space, _)| digits_before(space) == place)
        };
        let is_apart = |length: usize| is_break(2 + length) && digits[2..].starts_with(&read[1..=length]);
        (digits.starts_with("00") && is_break(2) && (1..=3).any(is_apart)).then_some(Self::CallingCodeApart)
    }
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

/// Every country of the oracle that is one of ours.
fn all_countries() -> Vec<Country> {
    let mut names: Vec<String> =
        PHONE_NUMBER_UTIL.get_supported_regions().map(|region| region.to_string()).collect();
    names.sort();
    let country = |name: String| {
        let (code, region) = (name.parse().ok()?, name.parse().expect("a region"));
        Some(Country { name: name.leak(), code, region })
    };
    names.into_iter().filter_map(country).collect()
}

/// A foreign mobile number behind its calling code, with a digit that is missing, wrong or too many.
fn spoilt_number(countries: &[Country], chance: &mut Chance) -> String {
    let country = &countries[chance.below(countries.len())];
    let mut digits: Vec<char> = (country.calling_code() + &country.example_digits()).chars().collect();
    let national = country.calling_code().len()..digits.len();
    let place = national.start + chance.below(national.len());
    digits[national].iter_mut().skip(KEPT_OF_SPOILT).for_each(|digit| *digit = chance.digit());
    match chance.below(3) {
        0 => drop(digits.remove(place)),
        1 => digits.insert(place, chance.digit()),
        _ => digits[place] = chance.digit(),
    }
    digits.into_iter().collect()
}

impl Country {
    /// A number behind a prefix to dial abroad is nobody's but of the calling code that was dialled.
    fn is_as_dialled_or_refused(&self, written: &str, rest: &str) {
        let Ok(read) = self.read(written) else { return };
        let code = PHONE_NUMBER_UTIL.parse(&read, None).expect("a number").country_code.to_string();
        let digits: String = written.chars().filter(char::is_ascii_digit).collect();
        // Whatever a country dials, `00` is how anybody writes it; and a carrier has digits of its own behind it.
        let is_by_carrier =
            CARRIERS.iter().any(|(name, _)| *name == self.name) && digits.ends_with(&read[1..]);
        let is_dialled = rest.starts_with(&code) || digits.starts_with(&format!("00{code}")) || is_by_carrier;
        let context = format!("{} {written:?} was read as {read}, seed {SEED:#x}", self.name);
        assert!(is_dialled, "{context}, which was not dialled");
    }

    /// What is dialled before a number abroad, by the oracle or by hand where one selects a carrier.
    fn prefixes_to_dial_abroad(&self) -> Vec<String> {
        let by_hand = CARRIERS.iter().filter(|(country, _)| *country == self.name);
        let by_hand = by_hand.flat_map(|(_, prefixes)| prefixes.iter().map(|prefix| (*prefix).to_owned()));
        let foreign = if self.calling_code() == "33" { "+34612345678" } else { "+33612345678" };
        let foreign_number = PHONE_NUMBER_UTIL.parse(foreign, None).expect("a number");
        let dialled = PHONE_NUMBER_UTIL.format_out_of_country_calling_number(&foreign_number, self.region);
        let digits: String = dialled.chars().filter(char::is_ascii_digit).collect();
        let prefix = digits.strip_suffix(&foreign[1..]).expect("a prefix").to_owned();
        by_hand.chain(Some(prefix).filter(|prefix| !prefix.is_empty())).collect()
    }

    fn read(&self, written: &str) -> Result<String, Invalid> {
        PhoneNumber::parse(written, self.code).map(PhoneNumber::into_string)
    }

    fn calling_code(&self) -> String {
        PHONE_NUMBER_UTIL.get_country_code_for_region(self.region).expect("a calling code").to_string()
    }

    /// Whether an own number behind zeros or a trunk prefix is read as itself. Otherwise it must be refused for a doubt,
    /// or because nobody fills up numbers so: with anything but zeros, as `00` and the own calling code, or behind what
    /// is dialled to call abroad.
    fn is_own_or_doubtful(&self, own: &str, prefix: &str) -> bool {
        let code = self.calling_code();
        let written = format!("{prefix}{}", &own[1 + code.len()..]);
        let is_padded = prefix.starts_with("00") || prefix.bytes().all(|byte| byte == b'0');
        let context = format!("{} {prefix:?} before {own}, seed {SEED:#x}", self.name);
        match self.read(&written) {
            Ok(read) => assert_eq!(read, own, "{context}"),
            Err(Invalid::Phone(PhoneFault::Ambiguous(..))) => return false,
            Err(Invalid::Phone(PhoneFault::Plan | PhoneFault::CallingCode))
                if !is_padded
                    || written.starts_with(&format!("00{code}"))
                    || self.prefixes_to_dial_abroad().iter().any(|abroad| written.starts_with(abroad)) =>
            {
                return false;
            }
            Err(fault) => panic!("{context}: {fault:?}"),
        }
        true
    }

    /// Trunk prefixes, and those that zeros stand before. Behind `00`, the 1 is North America's elsewhere.
    fn padded_trunks(&self) -> &'static [&'static str] {
        match (self.name, self.calling_code().as_str()) {
            ("MX", _) => &["1", "01", "001", "0001", "0044", "0045", "00044", "00045"],
            (_, "1") => &["1", "01", "001", "0001"],
            _ => &["1", "01"],
        }
    }

    /// What the oracle reads, if it is a number that exists.
    fn read_by_oracle(&self, written: &str) -> Option<String> {
        let read = PHONE_NUMBER_UTIL.parse(written, Some(self.region)).ok()?;
        (read.get_type() != Type::Unknown).then(|| read.format_as(PhoneNumberFormat::E164).into_owned())
    }

    /// How many of those that each numbering plan has.
    fn share_of(&self, all: usize) -> usize {
        if LARGE.contains(&self.name) { all } else { all / self.sharers() }
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
        let prefix = match chance.below(14) {
            0 => "+".into(),
            1 => "00".into(),
            2 => "0".into(),
            3 => "1".into(),
            4 => format!("+{code}"),
            5 => format!("00{code}"),
            6 => code,
            7 => format!("0{}", chance.below(100)),
            8 => format!("00{}", chance.below(10)),
            9 => format!("00 {} ", chance.calling_code()),
            10 => format!("00{} {} ", chance.below(10), chance.calling_code()),
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
        self.random_numbers(chance, self.share_of(OWN_MOBILES))
    }

    fn random_numbers(&self, chance: &mut Chance, wanted: usize) -> Vec<String> {
        let (code, example) = (self.calling_code(), self.example_digits());
        let mut found = Vec::new();
        while found.len() < wanted {
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

    fn calling_code(&mut self) -> &'static str {
        ["1", "34", "51", "52", "54", "55", "56", "57", "58", "91"][self.below(10)]
    }

    fn digit(&mut self) -> char {
        char::from(b'0' + self.below(10) as u8)
    }
}
