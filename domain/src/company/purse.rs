//! The purse of a company: what its notifications take of its limits, counted by day and month of its time zone.

use std::ops::{Add, AddAssign};

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, TimeZone as _, Utc};
use serde::{Deserialize, Serialize};

use super::limits::{CompanyLimits, Limit};
use crate::value::{Channel, TimeZone};

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// The messages of this channel.
    pub channel: Channel,
    /// Within this time.
    pub period: Period,
    /// In this unit.
    pub unit: Unit,
}

/// How long a limit counts before it begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A day of the company's calendar.
    Day,
    /// A month of it.
    Month,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Messages that a provider took, or may have taken.
    Messages,
    /// The parts of these SMS.
    Segments,
    /// Those of these SMS that went to another country.
    Foreign,
}

/// What notifications take, or have taken, on one channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Messages.
    pub messages: u64,
    /// Parts of SMS.
    pub segments: u64,
    /// SMS to another country.
    pub foreign: u64,
}

/// What was taken of a channel in the day and in the month of a moment: sent, or promised to notifications that are
/// not over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// In its day.
    pub day: Amount,
    /// In its month.
    pub month: Amount,
}

/// The limits of a company that a notification is measured by, and what was taken of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purse {
    /// The limits.
    pub limits: CompanyLimits,
    /// What was taken.
    pub taken: Taken,
}

/// A limit that a notification would pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverLimit {
    /// Which.
    pub limit: Limit,
    /// Its value.
    pub max: u64,
    /// What was taken of it before.
    pub taken: u64,
    /// What the notification would take.
    pub asked: u64,
}

/// The parts of a limit, in percent, at which the company's people are told.
pub const ALERTS: [u64; 4] = [50, 80, 90, 100];

impl Amount {
    /// The number in a unit.
    pub const fn of(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Messages => self.messages,
            Unit::Segments => self.segments,
            Unit::Foreign => self.foreign,
        }
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            segments: self.segments + other.segments,
            foreign: self.foreign + other.foreign,
        }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Taken {
    /// What was taken of what a limit counts.
    pub const fn of(&self, measure: Measure) -> u64 {
        match measure.period {
            Period::Day => self.day.of(measure.unit),
            Period::Month => self.month.of(measure.unit),
        }
    }
}

impl Purse {
    /// The first limit that a notification would pass.
    pub fn passed_by(&self, channel: Channel, asked: Amount) -> Option<OverLimit> {
        let of_notification = |(limit, measure, max): (Limit, Measure, u64)| OverLimit {
            limit,
            max,
            taken: self.taken.of(measure),
            asked: asked.of(measure.unit),
        };
        self.limits.of_purse(channel).map(of_notification).find(OverLimit::is_passed)
    }

    /// Whether numbers of other countries are left out of an audience of so many people: their limit does not hold all of
    /// them, or they were left out before. An audience of nobody else keeps them, so that it passes the limit and is not
    /// sent to nobody.
    pub fn leaves_out_foreign(&self, people: u64, foreign: u64, were_left_out: bool) -> bool {
        let is_over = |max| self.taken.day.foreign.saturating_add(foreign) > max;
        let is_passed = foreign > 0 && self.limits.get(Limit::ForeignPerDay).is_some_and(is_over);
        (were_left_out || is_passed) && foreign < people
    }
}

impl OverLimit {
    /// Whether less is left than is asked.
    pub const fn is_passed(&self) -> bool {
        self.asked > 0 && self.taken.saturating_add(self.asked) > self.max
    }
}

/// The highest part of a limit, in percent, that is reached; none below the first. A limit of 0 lets nothing through, so
/// that there is nothing to tell.
pub fn alert_at(used: u64, max: u64) -> Option<u64> {
    let is_reached = |percent: &u64| u128::from(used) * 100 >= u128::from(max) * u128::from(*percent);
    ALERTS.into_iter().rev().find(is_reached).filter(|_| max > 0)
}

impl Period {
    /// Its first moment and the first moment after it, around a moment, by the clocks of a time zone.
    pub fn around(self, at: DateTime<Utc>, zone: TimeZone) -> (DateTime<Utc>, DateTime<Utc>) {
        self.of(at.with_timezone(&zone.rules()).date_naive(), zone)
    }

    /// The same, of a day.
    pub fn of(self, day: NaiveDate, zone: TimeZone) -> (DateTime<Utc>, DateTime<Utc>) {
        let (first, next) = match self {
            Self::Day => (day, day.succ_opt().unwrap_or(day)),
            Self::Month => month(day),
        };
        (beginning(first, zone), beginning(next, zone))
    }
}

fn month(day: NaiveDate) -> (NaiveDate, NaiveDate) {
    let first = day.with_day(1).unwrap_or(day);
    (first, first.checked_add_months(Months::new(1)).unwrap_or(first))
}

/// The first moment of a day. Where clocks are put forward at midnight, the day begins at the hour after it.
fn beginning(day: NaiveDate, zone: TimeZone) -> DateTime<Utc> {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    let first = (0..=12).find_map(|quarters| {
        zone.rules().from_local_datetime(&(midnight + TimeDelta::minutes(15 * quarters))).earliest()
    });
    first.map_or_else(|| midnight.and_utc(), |first| first.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> DateTime<Utc> {
        time.parse().expect("a time")
    }

    fn around(period: Period, time: &str, zone: &str) -> (DateTime<Utc>, DateTime<Utc>) {
        period.around(at(time), zone.parse().expect("a time zone"))
    }

    fn messages(messages: u64) -> Amount {
        Amount { messages, segments: 2 * messages, foreign: 0 }
    }

    #[test]
    fn a_day_and_a_month_are_those_of_the_company() {
        let day = around(Period::Day, "2026-12-01T02:00:00Z", "America/Bogota");
        assert_eq!(day, (at("2026-11-30T05:00:00Z"), at("2026-12-01T05:00:00Z")));
        let month = around(Period::Month, "2026-12-01T02:00:00Z", "America/Bogota");
        assert_eq!(month, (at("2026-11-01T05:00:00Z"), at("2026-12-01T05:00:00Z")));
    }

    #[test]
    fn a_day_without_midnight_begins_when_the_clocks_go_on() {
        let day = around(Period::Day, "2026-09-06T15:00:00Z", "America/Santiago");
        assert_eq!(day, (at("2026-09-06T04:00:00Z"), at("2026-09-07T03:00:00Z")));
    }

    #[test]
    fn what_is_left_may_be_taken_and_no_more() {
        let limits: CompanyLimits =
            [(Limit::SmsPerDay, 10), (Limit::SegmentsPerMonth, 100)].into_iter().collect();
        let purse = Purse { limits, taken: Taken { day: messages(4), month: messages(40) } };
        assert_eq!(purse.passed_by(Channel::Sms, messages(6)), None);
        let over = OverLimit { limit: Limit::SmsPerDay, max: 10, taken: 4, asked: 7 };
        assert_eq!(purse.passed_by(Channel::Sms, messages(7)), Some(over));
        assert_eq!(purse.passed_by(Channel::Email, messages(7)), None, "another channel");
        let long = Amount { messages: 6, segments: 21, foreign: 0 };
        let over = OverLimit { limit: Limit::SegmentsPerMonth, max: 100, taken: 80, asked: 21 };
        assert_eq!(purse.passed_by(Channel::Sms, long), Some(over));
    }

    #[test]
    fn a_limit_that_is_passed_already_refuses_only_what_takes_of_it() {
        let day = Amount { messages: 99, segments: 99, foreign: 99 };
        let purse = Purse { limits: CompanyLimits::default(), taken: Taken { day, ..Taken::default() } };
        assert_eq!(purse.passed_by(Channel::Sms, messages(1)), None);
        let abroad = Amount { messages: 1, segments: 1, foreign: 1 };
        assert_eq!(purse.passed_by(Channel::Sms, abroad).map(|over| over.limit), Some(Limit::ForeignPerDay));
    }

    #[test]
    fn foreign_numbers_are_left_out_above_their_limit_unless_there_are_no_others() {
        let purse = Purse { limits: CompanyLimits::default(), taken: Taken::default() };
        let leaves_out = |people, foreign| purse.leaves_out_foreign(people, foreign, false);
        assert_eq!([leaves_out(90, 50), leaves_out(90, 51), leaves_out(51, 51)], [false, true, false]);
        assert!(purse.leaves_out_foreign(90, 1, true), "its request said so");
        assert!(!purse.leaves_out_foreign(1, 1, true));
        let over = purse.passed_by(Channel::Sms, Amount { messages: 51, segments: 51, foreign: 51 });
        assert_eq!(over.map(|over| over.limit), Some(Limit::ForeignPerDay));
    }

    #[test]
    fn people_are_told_of_the_highest_part_that_is_reached() {
        let told = [0, 49, 50, 79, 80, 95, 100, 140].map(|used| alert_at(used, 100));
        assert_eq!(told, [None, None, Some(50), Some(50), Some(80), Some(90), Some(100), Some(100)]);
        assert_eq!(alert_at(0, 0), None);
        assert_eq!(alert_at(1, 3), None);
        assert_eq!(alert_at(2, 3), Some(50));
    }
}
