//! The parts of the SMS of an audience, from the texts of its first people.

use domain::notification::Addressee;
use domain::rendering::{Rendered, Text, render};
use domain::value::sms::{SmsCount, SmsEncoding, transliterate};

/// What the SMS of an audience take. Exact while every text is the same on the same kind of network.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AudienceSegments {
    pub(super) encoding: SmsEncoding,
    pub(super) min: u64,
    /// The median.
    pub(super) typical: u64,
    pub(super) max: u64,
    pub(super) total: u64,
    /// The people who are reached without Unicode.
    pub(super) without_unicode: u64,
    /// The characters that force UCS-2, each once.
    pub(super) forcing: Vec<char>,
    /// The characters that people without Unicode get as `?`, each once.
    pub(super) lost: Vec<char>,
}

/// How many people are reached on either kind of network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Networks {
    pub(super) with_unicode: u64,
    pub(super) without_unicode: u64,
}

impl AudienceSegments {
    /// Of the text for an audience, some people of which are given. At least one must be; of an empty audience, a
    /// placeholder. Whoever the text cannot be sent to counts for nothing.
    pub(super) fn of(text: &Text, people: &[Addressee], networks: Networks) -> Self {
        let texts: Vec<Rendered> =
            people.iter().filter_map(|person| render(text, &on_open_network(person)).ok()).collect();
        let Networks { with_unicode, without_unicode } = networks;
        let reached = with_unicode + without_unicode;
        // Of an empty audience the text is counted all the same.
        let with_unicode = if reached == 0 { 1 } else { with_unicode };
        let (mut counts, mut lost) = (Weighted::default(), Vec::new());
        let mut forcing = Vec::new();
        let samples = texts.len().max(1) as u64;
        for rendered in texts {
            let count = SmsCount::of(&rendered.body);
            counts.add(&count, with_unicode);
            if with_unicode > 0 {
                add_new(&mut forcing, count.forcing);
            }
            if without_unicode > 0 {
                add_new(&mut lost, SmsCount::of(&transliterate(&rendered.body)).forcing);
                counts.add(&SmsCount::of(&rendered.without_unicode().body), without_unicode);
            }
        }
        let total = if reached == 0 { 0 } else { counts.total(samples) };
        let (min, typical, max) = counts.range();
        let encoding = if forcing.is_empty() { SmsEncoding::Gsm7 } else { SmsEncoding::Ucs2 };
        Self { encoding, min, typical, max, total, without_unicode, forcing, lost }
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

/// Numbers of parts, each for so many people.
#[derive(Default)]
struct Weighted(Vec<(u64, u64)>);

impl Weighted {
    fn add(&mut self, count: &SmsCount, people: u64) {
        if people > 0 {
            self.0.push((count.segments as u64, people));
        }
    }

    /// The parts of everybody, where each of `samples` texts stands for its share of the people.
    fn total(&self, samples: u64) -> u64 {
        let sum: u64 = self.0.iter().map(|(segments, people)| segments * people).sum();
        (sum + samples / 2) / samples
    }

    /// The fewest, the median and the most.
    fn range(mut self) -> (u64, u64, u64) {
        self.0.sort_unstable();
        let half = self.0.iter().map(|(_, people)| people).sum::<u64>().div_ceil(2);
        let mut people_so_far = 0;
        let median = self.0.iter().find(|(_, people)| {
            people_so_far += people;
            people_so_far >= half
        });
        let segments = |entry: Option<&(u64, u64)>| entry.map_or(0, |(segments, _)| *segments);
        (segments(self.0.first()), segments(median), segments(self.0.last()))
    }
}

#[cfg(test)]
mod tests {
    use domain::notification::SmsOptions;

    use super::*;

    fn of(body: &str, transliterate: bool, with_unicode: u64, without_unicode: u64) -> AudienceSegments {
        let sms = Some(SmsOptions { transliterate, segments_max: None });
        let text = Text::plain(None, body.to_owned(), sms);
        let person = || Addressee { address: "+525512345678".to_owned(), ..Addressee::nobody() };
        let people = [person(), person(), person()];
        AudienceSegments::of(&text, &people, Networks { with_unicode, without_unicode })
    }

    #[test]
    fn one_accent_that_gsm_lacks_doubles_the_parts_of_everybody() {
        let plain = of(&"a".repeat(160), false, 1_284, 0);
        assert_eq!((plain.encoding, plain.max, plain.total), (SmsEncoding::Gsm7, 1, 1_284));
        let accented = of(&format!("í{}", "a".repeat(133)), false, 1_284, 0);
        assert_eq!((accented.encoding, accented.min, accented.total), (SmsEncoding::Ucs2, 2, 2_568));
        assert_eq!((accented.forcing, accented.lost), (vec!['í'], vec![]));
        let cheap = of(&format!("í{}", "a".repeat(133)), true, 1_284, 0);
        assert_eq!((cheap.encoding, cheap.max, cheap.total), (SmsEncoding::Gsm7, 1, 1_284));
    }

    #[test]
    fn people_without_unicode_are_counted_by_what_they_get() {
        let mixed = of(&format!("í😀{}", "a".repeat(131)), false, 10, 90);
        assert_eq!((mixed.min, mixed.typical, mixed.max, mixed.total), (1, 1, 2, 110));
        assert_eq!((mixed.forcing, mixed.lost), (vec!['í', '😀'], vec!['😀']));
        let none = of("í", false, 0, 5);
        assert_eq!((none.encoding, none.total, none.forcing), (SmsEncoding::Gsm7, 5, vec![]));
    }

    #[test]
    fn the_typical_is_the_median_of_the_people() {
        let weighted = |entries: &[(u64, u64)]| Weighted(entries.to_vec());
        assert_eq!(weighted(&[(3, 1), (1, 60), (2, 39)]).range(), (1, 1, 3));
        assert_eq!(weighted(&[(1, 40), (4, 1), (2, 59)]).range(), (1, 2, 4));
        assert_eq!(weighted(&[(1, 100), (2, 100)]).total(2), 150);
        assert_eq!(weighted(&[]).range(), (0, 0, 0));
    }

    #[test]
    fn an_empty_audience_costs_nothing_and_its_text_is_counted() {
        let empty = of("í", false, 0, 0);
        assert_eq!((empty.min, empty.max, empty.total, empty.encoding), (1, 1, 0, SmsEncoding::Ucs2));
    }
}
