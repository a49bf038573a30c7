//! Tests of how telephone numbers are read.

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
            ("5555123456", "+525555123456"),
            ("1-305-456-7890", "+13054567890"),
        ],
    );
    refuses("MX", &["12345678", "+52 55 1234 567", "+52 1 55 1234 567", "0012345"], PhoneFault::Plan);
}

/// Area 212 is not open in Mexico, and `(212) 456-7890` is a number in New York.
#[test]
fn a_prefix_that_mexico_dropped_is_before_no_number_of_a_later_block() {
    for text in ["01 (212) 456-7890", "012124567890", "044 212 456 7890", "0452124567890"] {
        refuses("MX", &[text], PhoneFault::Plan);
    }
    reads("MX", &[("212 456 7890", "+522124567890"), ("+52 1 212 456 7890", "+522124567890")]);
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
    refuses("CL", &["12345678", "22345678", "9123456789", "112345678", "+56 9 1234 567"], PhoneFault::Plan);
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
fn an_invalid_number_is_refused_with_its_reason() {
    let characters =
        ["abc", "300 FLOWERS", "3001234567/3011234567", "3001234567, 3011234567", "+", "-", "()"];
    refuses("CO", &characters, PhoneFault::Characters);
    refuses(
        "CO",
        &["3001234567 ext 5", "++573001234567", "300123456７", "''3001234567"],
        PhoneFault::Characters,
    );
    refuses(
        "CO",
        &["=3001234567", "@3001234567", "3,001,234,567", "300\u{0}1234567", "300\n1234567"],
        PhoneFault::Characters,
    );
    refuses(
        "CO",
        &["+999 123 456 789", "+0 300 1234567", "0099 9123456", "0000000000", "00"],
        PhoneFault::CallingCode,
    );
    refuses("AQ", &["3001234567"], PhoneFault::CallingCode);
    refuses("CO", &[&"3".repeat(40), "0", "03"], PhoneFault::Plan);
    refuses("CO", &[&"3".repeat(41)], PhoneFault::Characters);
    assert_eq!(parse("", "CO"), Err(Invalid::Missing));
    assert_eq!(parse(" \t", "CO"), Err(Invalid::Missing));
}

#[test]
fn an_sms_goes_where_it_can_arrive() {
    let reachable =
        ["+573001234567", "+584121234567", "+525512345678", "+56912345678", "+12025550123", "+15005550006"];
    // Santiago de Chile: any number may have moved to a mobile.
    let reachable = reachable.into_iter().chain(["+56221234567"]);
    // Landlines, an internet telephone, a toll-free and a shared cost number, a company's number for its country.
    let others = [
        "+576017421234",
        "+582125551234",
        "+5112345678",
        "+541143211234",
        "+56441234567",
        "+5718001234567",
        "+551140041234",
        "+34902123456",
        "+34511234567",
    ];
    for number in reachable {
        assert!(PhoneNumber::try_new(number).unwrap().takes_sms(), "{number}");
    }
    for number in others {
        assert!(!PhoneNumber::try_new(number).unwrap().takes_sms(), "{number}");
    }
    assert!(PhoneNumber::try_new("+999123456").unwrap().takes_sms(), "a plan may have changed since");
}

#[test]
fn a_number_with_two_readings_is_refused_with_both() {
    let cases = [
        ("CO", "003211234567", ["+573211234567", "+3211234567"]),
        ("CO", "0091 212 456 7890", ["+912124567890", "+12124567890"]),
        ("BR", "0051 987 654 321", ["+51987654321", "+5551987654321"]),
        ("MX", "1 55 1234 5678", ["+525512345678", "+15512345678"]),
        ("MX", "0015512345678", ["+15512345678", "+525512345678"]),
        ("MX", "001 55 1234 5678", ["+15512345678", "+525512345678"]),
        ("CO", "005 7 301 234 5678", ["+73012345678", "+573012345678"]),
    ];
    for (country, text, readings) in cases {
        let Err(Invalid::Phone(PhoneFault::Ambiguous(one, other))) =
            PhoneNumber::parse(text, country.parse().unwrap())
        else {
            panic!("{country} {text:?} is ambiguous")
        };
        assert_eq!([one.to_string(), other.to_string()], readings, "{country} {text:?}");
    }
}

#[test]
fn a_carrier_is_known_by_its_country() {
    reads("CO", &[("005 57 300 123 4567", "+573001234567"), ("09 300 123 4567", "+573001234567")]);
    reads("CO", &[("00414 1 212 456 7890", "+12124567890"), ("0057 301 234 5678", "+573012345678")]);
    reads("BR", &[("0 15 11 91234-5678", "+5511912345678"), ("0055 51 98765-4321", "+5551987654321")]);
    reads("BR", &[("0021 1 212 456 7890", "+12124567890")]);
    reads("CL", &[("1230 1 212 456 7890", "+12124567890")]);
    reads("CU", &[("119 1 212 456 7890", "+12124567890")]);
    reads("US", &[("0057 300 123 4567", "+573001234567"), ("011 52 55 1234 5678", "+525512345678")]);
}

#[test]
fn a_calling_code_is_written_in_one_piece() {
    reads("CO", &[("009 1 212 456 7890", "+12124567890"), ("00 9 1 2124567890", "+12124567890")]);
    reads("VE", &[("005 7 301 234 5678", "+573012345678")]);
    refuses("CO", &["005 1 987 654 321", "005 7 300 123 4567"], PhoneFault::Plan);
}

#[test]
fn a_wrong_number_behind_the_own_calling_code_is_no_carriers() {
    let wrong = [
        "00 57 930 123 4567",
        "0057 930 123 4567",
        "00579301234567",
        "0057 401 123 4567",
        "(0057) 401 123 4567",
    ];
    refuses("CO", &wrong, PhoneFault::Plan);
    refuses("BR", &["0055 1 212 456 7890", "0055987654321"], PhoneFault::Plan);
}

#[test]
fn a_calling_code_that_is_written_apart_is_meant() {
    let wrong = ["00 51 606 779 5337", "00 91 267 493 4030", "00 53 191 923 1438", "00 34 786 243 34"];
    refuses("CO", &wrong, PhoneFault::Plan);
    refuses("CO", &["00-51-606-779-5337", "00 (51) 606 779 5337"], PhoneFault::Plan);
    refuses("CO", &["00 55 686 633 0693"], PhoneFault::NinthDigit);
    reads("CO", &[("00 91 212 456 7890", "+912124567890"), ("00 57 300 123 4567", "+573001234567")]);
    reads("BR", &[("00 51 987 654 321", "+51987654321")]);
    reads("MX", &[("00 1 212 456 7890", "+12124567890")]);
}

#[test]
fn a_carrier_is_written_apart_from_the_calling_code() {
    let joined = [
        "0051 606 779 5337",
        "005 1606 779 53370",
        "00 51606 779 5337",
        "00516067795337",
        "0091 267 493 4030",
    ];
    refuses("CO", &joined, PhoneFault::Plan);
    reads("CO", &[("005 1 606 779 5337", "+16067795337"), ("005 1606 7795337", "+16067795337")]);
}

#[test]
fn a_number_padded_with_zeros_is_one_of_the_country() {
    reads("CO", &[("003001234567", "+573001234567"), ("000003001234567", "+573001234567")]);
    reads("CO", &[("000573001234567", "+573001234567"), ("0573001234567", "+573001234567")]);
    reads("CO", &[("(003001234567)", "+573001234567"), ("003461234567", "+573461234567")]);
    reads("US", &[("01 305 456 7890", "+13054567890"), ("003054567890", "+13054567890")]);
    reads("CL", &[("0987654321", "+56987654321")]);
    reads("IT", &[("0331 123456", "+390331123456")]);
}

#[test]
fn a_wrong_number_dialled_abroad_is_none_of_the_country() {
    let wrong =
        ["011 57 1 234 5678", "0115712345678", "011 56 2 234 5678", "011 34 672 345 67", "0113467234567"];
    for country in ["US", "DO", "JM"] {
        refuses(country, &wrong, PhoneFault::Plan);
        // A spreadsheet drops the zero.
        refuses(country, &["11 57 1 234 5678", "115712345678", "113467234567"], PhoneFault::Plan);
        refuses(country, &["0113054567890"], PhoneFault::Plan);
        reads(country, &[("011 34 672 345 678", "+34672345678"), ("0115072345678", "+5072345678")]);
    }
    refuses("PE", &["00987654321", "0091 2345678"], PhoneFault::Plan);
    refuses("PE", &["000987654321"], PhoneFault::CallingCode);
    refuses("CL", &["00987654321"], PhoneFault::Plan);
    refuses("ES", &["00612345678"], PhoneFault::Plan);
    refuses("CU", &["119 57 1 234 567"], PhoneFault::Plan);
}

#[test]
fn a_number_in_groups_behind_two_zeros_is_not_padded() {
    refuses("MX", &["00 56 9876 5432", "0034 612 345 67", "00 5698765432"], PhoneFault::Plan);
    refuses("CO", &["00 34 612 345 67", "0034 612 345 67", "00 300 123 4567"], PhoneFault::Plan);
    refuses("BR", &["00 54 911 66 77 33", "0054 911 66 77 33"], PhoneFault::Plan);
}

#[test]
fn a_number_turned_into_an_amount_by_a_spreadsheet_is_refused() {
    for country in ["CO", "CL", "BR", "PE", "DE"] {
        let amounts = [
            "98765432.0",
            "1191234567.0",
            "300123456.0",
            "300123456,0",
            "98765432.00",
            "98765432,00",
            "573001234567.0",
            "+573001234567.0",
            "300 123 4567.0",
            "'3001234567.0",
            "1.191.234.567,00",
            "1,191,234,567.00",
            "3.001.234.567,0",
            "5.73E+11",
            "3,00123E+09",
            "3e9",
            "+5.73001E+11",
            "(300123456.0)",
            "300123456.0-",
            "-300123456.0",
            "300123456 .0",
            "300123456. 0",
            "(300 123 456.0)",
            "5512345.000",
            "3001234.000",
            "(5512345.0000)",
            "+5.73E+11-",
        ];
        refuses(country, &amounts, PhoneFault::Spreadsheet);
    }
    reads("CO", &[("3.001.234.567", "+573001234567"), ("300.123.45.00", "+573001234500")]);
    reads("CO", &[("3.001.234.000", "+573001234000"), ("(300) 123.0000", "+573001230000")]);
    reads(
        "CO",
        &[
            ("'3001234567", "+573001234567"),
            ("'+573001234567", "+573001234567"),
            ("3001234567-", "+573001234567"),
        ],
    );
}

#[test]
fn argentine_mobiles_are_read_however_home_and_abroad_are_mixed() {
    reads(
        "AR",
        &[
            ("+54 11 15 6677 3399", "+5491166773399"),
            ("+54 9 11 15 6677 3399", "+5491166773399"),
            ("+54 011 15 6677 3399", "+5491166773399"),
            ("011 15 6677-3399", "+5491166773399"),
            ("54 11 15 6677 3399", "+5491166773399"),
            ("9 11 6677 3399", "+5491166773399"),
            ("02944 15 512345", "+5492944512345"),
        ],
    );
    refuses("AR", &["15 6677-3399", "6677-3399", "+54 15 6677 3399"], PhoneFault::Plan);
}

#[test]
fn a_brazilian_mobile_needs_its_ninth_digit() {
    for text in ["(11) 9123-4567", "011 9123 4567", "+55 11 9123-4567", "551191234567", "0055 11 91234567"] {
        refuses("BR", &[text], PhoneFault::NinthDigit);
    }
    refuses("BR", &["11 23456 7890", "11 1234 5678"], PhoneFault::Plan);
}

#[test]
fn a_premium_rate_number_is_no_clients() {
    refuses("US", &["900 555 1234", "1 900 555 1234", "+1 900 555 1234"], PhoneFault::Service);
    refuses("CO", &["+1 900 555 1234", "+57 901 123 4567", "9011234567"], PhoneFault::Service);
    refuses("ES", &["803 123 456", "+34 806 123 456"], PhoneFault::Service);
    refuses("TT", &["868 619 1234"], PhoneFault::Service);
}

#[test]
fn blocks_of_mobile_numbers_may_be_opened_later() {
    reads("CO", &[("339 123 4567", "+573391234567")]);
    reads("CL", &[("9 1234 5678", "+56912345678")]);
    refuses("CO", &["401 123 4567"], PhoneFault::Plan);
}

#[test]
fn area_codes_of_mexico_and_north_america_may_be_opened_later() {
    reads("MX", &[("299 123 4567", "+522991234567"), ("+52 299 123 4567", "+522991234567")]);
    reads("MX", &[("0052 299 123 4567", "+522991234567"), ("522991234567", "+522991234567")]);
    reads("US", &[("(232) 456-7890", "+12324567890"), ("1 232 456 7890", "+12324567890")]);
    reads("CO", &[("+1 232 456 7890", "+12324567890"), ("00 1 232 456 7890", "+12324567890")]);
    assert!(PhoneNumber::try_new("+12324567890").unwrap().takes_sms());
    // A number that exists is meant before one that may.
    reads("MX", &[("1-305-456-7890", "+13054567890")]);
    refuses("MX", &["900 123 4567"], PhoneFault::Service);
    refuses("MX", &["199 123 4567", "29912345", "005730012345"], PhoneFault::Plan);
    refuses("US", &["911 456 7890", "292 456 7890", "232 156 7890", "200 456 7890"], PhoneFault::Plan);
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
fn a_parsed_number_parses_to_itself() {
    for (text, country) in [("0412-1234567", "VE"), ("+5215512345678", "MX"), ("11 15 1234 5678", "AR")] {
        let once = parse(text, country).unwrap();
        assert_eq!(parse(&once, country).as_deref(), Ok(once.as_str()));
    }
}
