//! The limits of a company: what its workers may do without anybody else, and the purse that their notifications share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::purse::{Amount, Measure, Period, Unit};
use crate::value::{Channel, words};

words! {
    /// A limit of a company, by its name in the API.
    Limit {
        /// A notification to more people than this needs another person's approval.
        ApprovalAbove = "approval_above",
        /// SMS a day.
        SmsPerDay = "sms_per_day",
        /// SMS a month.
        SmsPerMonth = "sms_per_month",
        /// E-mails a day.
        EmailsPerDay = "emails_per_day",
        /// E-mails a month.
        EmailsPerMonth = "emails_per_month",
        /// Parts of SMS a day.
        SegmentsPerDay = "segments_per_day",
        /// Parts of SMS a month.
        SegmentsPerMonth = "segments_per_month",
        /// SMS a day to numbers of other countries than the company's.
        ForeignPerDay = "foreign_per_day",
        /// Messages an hour to one address, alarms aside.
        PerRecipientPerHour = "per_recipient_per_hour",
        /// SMS a second.
        SmsPerSecond = "sms_per_second",
        /// E-mails a second.
        EmailsPerSecond = "emails_per_second",
    }
}

/// SMS a day to numbers of other countries, until somebody says otherwise: enough for the clients who live abroad, and
/// little for those who let others send to numbers that pay them (SMS pumping).
pub const FOREIGN_PER_DAY: u64 = 50;

impl Limit {
    /// The lowest value that can be set. A company that sends nothing for ever is paused, not limited.
    pub const fn lowest(self) -> u64 {
        match self {
            Self::SmsPerSecond | Self::EmailsPerSecond => 1,
            _ => 0,
        }
    }

    /// What the purse counts against it; none for a limit of another kind.
    pub const fn measure(self) -> Option<Measure> {
        let (channel, period, unit) = match self {
            Self::ApprovalAbove | Self::PerRecipientPerHour | Self::SmsPerSecond | Self::EmailsPerSecond => {
                return None;
            }
            Self::SmsPerDay => (Channel::Sms, Period::Day, Unit::Messages),
            Self::SmsPerMonth => (Channel::Sms, Period::Month, Unit::Messages),
            Self::EmailsPerDay => (Channel::Email, Period::Day, Unit::Messages),
            Self::EmailsPerMonth => (Channel::Email, Period::Month, Unit::Messages),
            Self::SegmentsPerDay => (Channel::Sms, Period::Day, Unit::Segments),
            Self::SegmentsPerMonth => (Channel::Sms, Period::Month, Unit::Segments),
            Self::ForeignPerDay => (Channel::Sms, Period::Day, Unit::Foreign),
        };
        Some(Measure { channel, period, unit })
    }
}

/// The limits of a company that are set. One that is absent does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CompanyLimits(BTreeMap<Limit, u64>);

/// The limits to change; none takes a limit away.
pub type LimitsChange = BTreeMap<Limit, Option<u64>>;

impl Default for CompanyLimits {
    fn default() -> Self {
        Self([(Limit::ForeignPerDay, FOREIGN_PER_DAY)].into())
    }
}

impl CompanyLimits {
    /// A limit; none if it is not set.
    pub fn get(&self, limit: Limit) -> Option<u64> {
        self.0.get(&limit).copied()
    }

    /// The limits that the purse counts for a channel, each with what it counts.
    pub fn of_purse(&self, channel: Channel) -> impl Iterator<Item = (Limit, Measure, u64)> {
        let measured = self.0.iter().filter_map(|(limit, max)| Some((*limit, limit.measure()?, *max)));
        measured.filter(move |(_, measure, _)| measure.channel == channel)
    }

    /// Whether a limit counts every message of a channel, and not those to other countries alone.
    pub fn count_everybody(&self, channel: Channel) -> bool {
        self.of_purse(channel).any(|(limit, ..)| limit != Limit::ForeignPerDay)
    }

    /// Whether any limit of the company applies to this amount on this channel.
    pub fn count(&self, channel: Channel, asked: Amount) -> bool {
        let has_foreign = channel == Channel::Sms && asked.foreign > 0;
        self.count_everybody(channel) || has_foreign && self.get(Limit::ForeignPerDay).is_some()
    }

    pub(super) fn with(mut self, change: LimitsChange) -> Self {
        for (limit, max) in change {
            match max {
                Some(max) => self.0.insert(limit, max),
                None => self.0.remove(&limit),
            };
        }
        self
    }
}

impl FromIterator<(Limit, u64)> for CompanyLimits {
    fn from_iter<T: IntoIterator<Item = (Limit, u64)>>(limits: T) -> Self {
        Self(limits.into_iter().collect())
    }
}
