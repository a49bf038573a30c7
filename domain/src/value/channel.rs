//! The channels of notifications and their properties.

use std::time::Duration;

use chrono::TimeDelta;

use super::word::words;

words! {
    /// How a notification reaches its recipients.
    Channel {
        /// A text message to a telephone.
        Sms = "sms",
        /// An e-mail.
        Email = "email",
    }
}

/// The schedule of retries of a failed delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySchedule {
    /// The wait after each attempt.
    pub waits: &'static [Duration],
    /// No attempt later than this after the first one.
    pub window: TimeDelta,
    /// What happens after the last wait when the provider cannot be reached. A speed limit or a wrong password always
    /// repeats the last wait, because the delivery is not the cause.
    pub after_last_wait: AfterLastWait,
}

/// What happens after the last wait of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLastWait {
    /// The last wait again, within the window.
    Repeat,
    /// It has failed.
    GiveUp,
}

const SMS_RETRIES: RetrySchedule = RetrySchedule {
    waits: &[seconds(30), seconds(120), seconds(600), seconds(1_800)],
    window: TimeDelta::hours(24),
    after_last_wait: AfterLastWait::GiveUp,
};

const EMAIL_RETRIES: RetrySchedule = RetrySchedule {
    waits: &[
        seconds(60),
        seconds(300),
        seconds(900),
        seconds(1_800),
        seconds(3_600),
        seconds(7_200),
        seconds(14_400),
    ],
    window: TimeDelta::hours(48),
    after_last_wait: AfterLastWait::Repeat,
};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Channel {
    /// The schedule of retries of a failed delivery.
    pub const fn retries(self) -> &'static RetrySchedule {
        match self {
            Self::Sms => &SMS_RETRIES,
            Self::Email => &EMAIL_RETRIES,
        }
    }
}
