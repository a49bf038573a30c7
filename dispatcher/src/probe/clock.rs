//! How far another clock is from ours.

use chrono::{DateTime, TimeDelta, Utc};

use super::Finding;

/// Up to here the clocks agree: a `Date` header has whole seconds, and its way took time.
const AGREED: TimeDelta = TimeDelta::seconds(3);
/// From here on codes, signatures and schedules go wrong.
const WRONG: TimeDelta = TimeDelta::seconds(60);

const ADVICE: &str =
    "set both clocks by NTP (timedatectl): times of schedules, expiries and signatures depend on them";

/// Compares `theirs` with our clock at the same moment.
pub fn clock_finding(
    check: impl Into<String>,
    whose: &str,
    theirs: DateTime<Utc>,
    ours: DateTime<Utc>,
) -> Finding {
    let difference = (ours - theirs).abs();
    let seen = format!("{whose} differs from ours by {:.1} s", difference.as_seconds_f64());
    if difference <= AGREED {
        Finding::ok(check, seen)
    } else if difference < WRONG {
        Finding::warning(check, seen, ADVICE)
    } else {
        Finding::fault(check, seen, ADVICE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Level;

    #[test]
    fn clocks_agree_within_seconds_in_both_directions() {
        let level = |seconds| {
            let theirs = DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
            clock_finding("clock", "the clock", theirs, DateTime::UNIX_EPOCH).level
        };
        assert_eq!([-3, 0, 3].map(level), [Level::Ok; 3]);
        assert_eq!([-4, 59].map(level), [Level::Warning; 2]);
        assert_eq!([-60, 3_600].map(level), [Level::Fault; 2]);
    }
}
