//! The parts of the SMS of an audience, counted text by text.

use std::collections::BTreeMap;

use domain::notification::Addressee;
use domain::rendering::{Fault, Text, render};
use domain::value::sms::{SmsCount, SmsEncoding, transliterate};

/// What the SMS of an audience take.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AudienceSegments {
    pub(super) encoding: SmsEncoding,
    pub(super) min: u64,
    /// The median.
    pub(super) typical: u64,
    pub(super) max: u64,
    /// Of the people who were counted.
    pub(super) total: u64,
    /// The characters that force UCS-2, each once.
    pub(super) forcing: Vec<char>,
    /// The characters that people without Unicode get as `?`, each once.
    pub(super) lost: Vec<char>,
}

/// How many people get a text over either kind of network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Networks {
    pub(super) with_unicode: u64,
    pub(super) without_unicode: u64,
}

/// Counts the parts of texts, one after the other.
#[derive(Default)]
pub(super) struct SegmentCounter {
    /// How many people get how many parts.
    people: BTreeMap<u64, u64>,
    forcing: Vec<char>,
    lost: Vec<char>,
}

impl SegmentCounter {
    /// Adds the text of a person, which so many people get over these networks, whatever the person's own is.
    pub(super) fn add(&mut self, text: &Text, person: &Addressee, networks: Networks) -> Result<(), Fault> {
        let rendered = render(text, &on_open_network(person))?;
        let Networks { with_unicode, without_unicode } = networks;
        if with_unicode > 0 {
            let count = SmsCount::of(&rendered.body);
            self.add_people(&count, with_unicode);
            add_new(&mut self.forcing, count.forcing);
        }
        if without_unicode > 0 {
            add_new(&mut self.lost, SmsCount::of(&transliterate(&rendered.body)).forcing);
            self.add_people(&SmsCount::of(&rendered.without_unicode().body), without_unicode);
        }
        Ok(())
    }

    fn add_people(&mut self, count: &SmsCount, people: u64) {
        *self.people.entry(count.segments as u64).or_default() += people;
    }

    /// What all texts take together; zeros without a text.
    pub(super) fn finish(self) -> AudienceSegments {
        let segments = |entry: Option<(&u64, &u64)>| entry.map_or(0, |(segments, _)| *segments);
        AudienceSegments {
            encoding: if self.forcing.is_empty() { SmsEncoding::Gsm7 } else { SmsEncoding::Ucs2 },
            min: segments(self.people.first_key_value()),
            typical: self.median(),
            max: segments(self.people.last_key_value()),
            total: self.people.iter().map(|(segments, people)| segments * people).sum(),
            forcing: self.forcing,
            lost: self.lost,
        }
    }

    fn median(&self) -> u64 {
        let half = self.people.values().sum::<u64>().div_ceil(2);
        let mut people_so_far = 0;
        let median = self.people.iter().find(|(_, people)| {
            people_so_far += **people;
            people_so_far >= half
        });
        median.map_or(0, |(segments, _)| *segments)
    }
}

/// The person as if the network carried Unicode.
fn on_open_network(person: &Addressee) -> Addressee {
    Addressee { address: String::new(), ..person.clone() }
}

fn add_new(known: &mut Vec<char>, more: Vec<char>) {
    for c in more {
        if !known.contains(&c) {
            known.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::notification::SmsOptions;

    use super::*;

    fn counted(
        bodies: &[&str],
        transliterate: bool,
        with_unicode: u64,
        without_unicode: u64,
    ) -> AudienceSegments {
        let mut counter = SegmentCounter::default();
        let person = Addressee { address: "+525512345678".to_owned(), ..Addressee::nobody() };
        for body in bodies {
            let sms = Some(SmsOptions { transliterate, segments_max: None });
            let text = Text::plain(None, (*body).to_owned(), sms);
            assert!(counter.add(&text, &person, Networks { with_unicode, without_unicode }).is_ok());
        }
        counter.finish()
    }

    #[test]
    fn one_accent_that_gsm_lacks_doubles_the_parts_of_everybody() {
        let plain = counted(&[&"a".repeat(160)], false, 1_284, 0);
        assert_eq!((plain.encoding, plain.max, plain.total), (SmsEncoding::Gsm7, 1, 1_284));
        let accented = counted(&[&format!("í{}", "a".repeat(133))], false, 1_284, 0);
        assert_eq!((accented.encoding, accented.min, accented.total), (SmsEncoding::Ucs2, 2, 2_568));
        assert_eq!((accented.forcing, accented.lost), (vec!['í'], vec![]));
        let cheap = counted(&[&format!("í{}", "a".repeat(133))], true, 1_284, 0);
        assert_eq!((cheap.encoding, cheap.max, cheap.total), (SmsEncoding::Gsm7, 1, 1_284));
    }

    #[test]
    fn people_without_unicode_are_counted_by_what_they_get() {
        let mixed = counted(&[&format!("í😀{}", "a".repeat(131))], false, 10, 90);
        assert_eq!((mixed.min, mixed.typical, mixed.max, mixed.total), (1, 1, 2, 110));
        assert_eq!((mixed.forcing, mixed.lost), (vec!['í', '😀'], vec!['😀']));
        let none = counted(&["í"], false, 0, 5);
        assert_eq!((none.encoding, none.total, none.forcing), (SmsEncoding::Gsm7, 5, vec![]));
    }

    #[test]
    fn the_typical_is_the_median_of_the_people() {
        let [one, two, three] = [1, 153 + 1, 2 * 153 + 1].map(|length| "a".repeat(length));
        let parts = |bodies: &[&str]| {
            let counted = counted(bodies, false, 1, 0);
            (counted.min, counted.typical, counted.max, counted.total)
        };
        let (two, three) = (format!("{two}{}", "a".repeat(10)), three);
        assert_eq!(parts(&[&three, &one, &one, &one, &two]), (1, 1, 3, 8));
        assert_eq!(parts(&[&one, &two, &two, &three]), (1, 2, 3, 8));
        assert_eq!(parts(&[]), (0, 0, 0, 0));
    }
}
