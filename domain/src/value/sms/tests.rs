//! The rules of SMS counting, by known values and against a slow implementation that builds the parts.

use serde::Deserialize;

use super::*;

/// A text with its count and its transliteration. The web app is held to the same file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vector {
    pub(super) text: String,
    encoding: String,
    units: usize,
    segments: usize,
    left: usize,
    forcing: String,
    transliterated: String,
}

pub(super) fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../vectors/sms.json")).expect("the vectors")
}

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Encoding, units, segments, units left.
fn count(text: &str) -> (&'static str, usize, usize, usize) {
    let count = SmsCount::of(text);
    (count.encoding.as_str(), count.units, count.segments, count.units_left_in_last_segment)
}

#[test]
fn the_alphabet_has_127_characters_and_an_escape() {
    assert_eq!(BASIC.chars().count(), 127);
    assert_eq!(BASIC.chars().collect::<BTreeSet<_>>().len(), 127);
    assert!(BASIC.chars().all(|c| septets(c) == Some(1)));
    assert!(EXTENSION.chars().all(|c| septets(c) == Some(2)));
}

#[test]
fn nothing_outside_the_two_tables_is_in_the_alphabet() {
    for c in '\0'..=char::MAX {
        let known = BASIC.contains(c) || EXTENSION.contains(c);
        assert_eq!(septets(c).is_some(), known, "{c:?}");
    }
}

#[test]
fn an_sms_of_the_alphabet_has_160_units_and_its_parts_153() {
    assert_eq!(count(""), ("gsm7", 0, 0, 160));
    assert_eq!(count("a"), ("gsm7", 1, 1, 159));
    assert_eq!(count(&"ñ".repeat(160)), ("gsm7", 160, 1, 0));
    assert_eq!(count(&"ñ".repeat(161)), ("gsm7", 161, 2, 145));
    assert_eq!(count(&"a".repeat(306)), ("gsm7", 306, 2, 0));
    assert_eq!(count(&"a".repeat(307)), ("gsm7", 307, 3, 152));
    assert_eq!(count(&"a".repeat(1600)), ("gsm7", 1600, 11, 83));
}

#[test]
fn one_accent_cuts_an_sms_to_70_units_and_its_parts_to_67() {
    assert_eq!(count("í"), ("ucs2", 1, 1, 69));
    assert_eq!(count(&"í".repeat(70)), ("ucs2", 70, 1, 0));
    assert_eq!(count(&"í".repeat(71)), ("ucs2", 71, 2, 63));
    assert_eq!(count(&"í".repeat(134)), ("ucs2", 134, 2, 0));
    assert_eq!(count(&"í".repeat(135)), ("ucs2", 135, 3, 66));
    assert_eq!(count(&format!("{}í", "a".repeat(159))), ("ucs2", 160, 3, 41));
}

#[test]
fn the_extension_takes_two_units_a_character() {
    assert_eq!(count("€"), ("gsm7", 2, 1, 158));
    assert_eq!(count(&"€".repeat(80)), ("gsm7", 160, 1, 0));
    assert_eq!(count(&"€".repeat(81)), ("gsm7", 162, 2, 143));
}

#[test]
fn an_escape_is_not_split_between_two_parts() {
    let fits = format!("{}€{}", "a".repeat(151), "b".repeat(10));
    assert_eq!(count(&fits), ("gsm7", 163, 2, 143));
    let moved = format!("{}€{}", "a".repeat(152), "b".repeat(10));
    assert_eq!(count(&moved), ("gsm7", 164, 2, 141));
    let third_part = format!("{}€{}", "a".repeat(152), "b".repeat(152));
    assert_eq!((third_part.len() - 3 + 2, count(&third_part)), (306, ("gsm7", 306, 3, 152)));
}

#[test]
fn a_surrogate_pair_is_not_split_between_two_parts() {
    assert_eq!(count("😀"), ("ucs2", 2, 1, 68));
    assert_eq!(count(&"😀".repeat(35)), ("ucs2", 70, 1, 0));
    assert_eq!(count(&"😀".repeat(36)), ("ucs2", 72, 2, 61));
    assert_eq!(count(&"😀".repeat(66)), ("ucs2", 132, 2, 1));
    assert_eq!(count(&"😀".repeat(67)), ("ucs2", 134, 3, 65));
}

#[test]
fn the_characters_at_fault_are_named_once_in_their_order() {
    assert_eq!(SmsCount::of("Señal perdida en España: ¿está bien? Llámenos — ¡ya!").forcing, ['á', '—']);
    assert_eq!(SmsCount::of("único “ú” í").forcing, ['ú', '“', '”', 'í']);
    assert!(SmsCount::of("¿Qué pasó? No: ¿Que paso en Ñuñoa, pingüino?").forcing == ['ó']);
    assert_eq!(SmsCount::of("a\tb").forcing, ['\t']);
}

#[test]
fn the_spanish_letters_of_the_alphabet_force_nothing() {
    assert!(SmsCount::of("é É ñ Ñ ü Ü ¿ ¡ à è ì ò ù Ç").forcing.is_empty());
    let lacking: Vec<char> = "áíóúÁÍÓÚçªº°«»“”’–—…".chars().collect();
    assert_eq!(SmsCount::of("áíóúÁÍÓÚçªº°«»“”’–—…").forcing, lacking);
}

#[test]
fn the_vectors_hold() {
    for vector in vectors() {
        let Vector { text, encoding, units, segments, left, forcing, transliterated } = vector;
        assert_eq!(count(&text), (&*encoding, units, segments, left), "{text:?}");
        assert_eq!(SmsCount::of(&text).forcing.iter().collect::<String>(), forcing, "{text:?}");
        assert_eq!(transliterate(&text), transliterated, "{text:?}");
    }
}

#[test]
fn the_networks_of_mexico_carry_no_unicode() {
    assert!(!takes_unicode("+525512345678"));
    assert!(takes_unicode("+573001234567") && takes_unicode("+50255123456"));
}

#[test]
fn the_count_equals_that_of_the_parts_built_one_by_one() {
    let letters: Vec<char> = "aé€[í😀\n".chars().collect();
    let mut seed = 7_u64;
    for round in 0..3_000 {
        let kinds = if round % 3 == 0 { letters.len() } else { 4 };
        let length = usize::try_from(next(&mut seed) % 480).unwrap();
        let pick = |_| letters[usize::try_from(next(&mut seed)).unwrap() % kinds];
        let text: String = (0..length).map(pick).collect();
        let fast = SmsCount::of(&text);
        assert_eq!((fast.segments, fast.units_left_in_last_segment), slow(&text), "round {round}: {text:?}");
    }
}

fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// The parts as they would go over the air: septets with an escape written out, or UTF-16.
fn slow(text: &str) -> (usize, usize) {
    let gsm = text.chars().all(|c| BASIC.contains(c) || EXTENSION.contains(c));
    let encode = |c: char| match (gsm, EXTENSION.contains(c)) {
        (true, true) => vec![0x1b, c as u32],
        (true, false) => vec![c as u32],
        (false, _) => c.encode_utf16(&mut [0; 2]).iter().map(|&unit| u32::from(unit)).collect(),
    };
    let (single, part) = if gsm { (160, 153) } else { (70, 67) };
    let whole: Vec<u32> = text.chars().flat_map(encode).collect();
    if whole.is_empty() {
        return (0, single);
    }
    if whole.len() <= single {
        return (1, single - whole.len());
    }
    let mut parts: Vec<Vec<u32>> = vec![Vec::new()];
    for units in text.chars().map(encode) {
        if parts[parts.len() - 1].len() + units.len() > part {
            parts.push(Vec::new());
        }
        let last = parts.len() - 1;
        parts[last].extend(units);
    }
    (parts.len(), part - parts[parts.len() - 1].len())
}
