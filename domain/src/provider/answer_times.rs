//! How long acceptances took, as a histogram that can be added up over processes and moments.

/// How much longer each class is than the one before.
const GROWTH: f64 = 1.25;

/// Counts of acceptances by how long they took. The first class ends at 1 ms, each other is a quarter longer than the one
/// before, and the last one, from about 70 s, has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerTimes([u64; Self::CLASSES]);

impl Default for AnswerTimes {
    fn default() -> Self {
        Self([0; Self::CLASSES])
    }
}

impl AnswerTimes {
    /// How many classes there are.
    pub const CLASSES: usize = 52;

    /// The counts as they are stored. Missing ones are none, and more than there are classes are ignored.
    pub fn of_counts(counts: &[i64]) -> Self {
        let mut times = Self::default();
        for (class, count) in times.0.iter_mut().zip(counts) {
            *class = u64::try_from(*count).unwrap_or(0);
        }
        times
    }

    /// The counts, to be stored.
    pub fn counts(&self) -> Vec<i64> {
        self.0.iter().map(|count| i64::try_from(*count).unwrap_or(i64::MAX)).collect()
    }

    /// Counts one acceptance.
    pub fn add(&mut self, ms: u64) {
        self.0[class_of(ms)] += 1;
    }

    /// Adds those of another moment or process.
    pub fn merge(&mut self, other: &Self) {
        for (class, count) in self.0.iter_mut().zip(other.0) {
            *class += count;
        }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many took longer than the class that this time is in.
    pub fn slower_than(&self, ms: u32) -> u64 {
        self.0[class_of(ms.into()) + 1..].iter().sum()
    }

    /// The time within which this part (0 to 1) of them came, rounded up to the end of its class, in milliseconds. None if
    /// there are none.
    pub fn quantile(&self, part: f64) -> Option<u32> {
        let total = self.total();
        let wanted = ((total as f64 * part).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        let class = self.0.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        Some(end_of(class))
    }
}

/// The end of a class in milliseconds; of the last class, its beginning.
fn end_of(class: usize) -> u32 {
    let class = class.min(AnswerTimes::CLASSES - 2);
    GROWTH.powi(class as i32).round() as u32
}

fn class_of(ms: u64) -> usize {
    let is_within = |class: &usize| ms <= u64::from(end_of(*class));
    (0..AnswerTimes::CLASSES - 1).find(is_within).unwrap_or(AnswerTimes::CLASSES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(all: impl IntoIterator<Item = u64>) -> AnswerTimes {
        let mut times = AnswerTimes::default();
        all.into_iter().for_each(|ms| times.add(ms));
        times
    }

    #[test]
    fn quantiles_are_within_a_quarter_of_the_times() {
        let uniform = times(1..=1_000);
        for (part, expected) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1_000.0)] {
            let found = f64::from(uniform.quantile(part).expect("a time"));
            assert!((expected..expected * GROWTH).contains(&found), "{part}: {found}");
        }
        assert_eq!(AnswerTimes::default().quantile(0.5), None);
        assert_eq!(times([0]).quantile(0.99), Some(1));
    }

    #[test]
    fn times_of_two_processes_add_up() {
        let (mut one, other) = (times([3, 900]), times([2_000, 100_000]));
        one.merge(&other);
        assert_eq!((one.total(), one.slower_than(1_000)), (4, 2));
        assert_eq!(AnswerTimes::of_counts(&one.counts()), one);
    }

    #[test]
    fn a_time_is_not_slower_than_itself() {
        for ms in [1, 5, 999, 1_000, 5_000, 60_000] {
            assert_eq!(times([ms.into()]).slower_than(ms), 0, "{ms}");
            assert_eq!(times([u64::from(ms) * 2]).slower_than(ms), 1, "{ms}");
        }
        assert_eq!(times([u64::MAX]).slower_than(60_000), 1);
    }
}
