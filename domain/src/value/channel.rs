//! The channels of notifications. Everything in which one channel differs from another stands here; elsewhere the
//! compiler asks for each channel by an exhaustive `match`.

use std::time::Duration;

use chrono::TimeDelta;

use super::word::words;
use super::{AddressKind, EmailBody, PhoneNumber, SmsBody, Subject};

words! {
    /// How a notification reaches its recipients.
    Channel {
        /// A text message to a telephone.
        Sms = "sms",
        /// An e-mail.
        Email = "email",
    }
}

/// The properties of a channel.
#[derive(Debug)]
pub struct ChannelRules {
    /// The address of a contact that the channel uses.
    pub address: AddressKind,
    /// The reason to leave out a contact whose address the channel cannot reach; none if it reaches every address.
    pub unreachable: Option<&'static str>,
    /// The limits of a text.
    pub text: TextLimits,
    /// The schedule of retries of a failed delivery.
    pub retries: RetrySchedule,
}

/// The limits of a text, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLimits {
    /// The longest subject; none: the channel has no subject.
    pub subject: Option<usize>,
    /// The longest body.
    pub body: usize,
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

const SMS: ChannelRules = ChannelRules {
    address: AddressKind::Phone,
    unreachable: Some("not_mobile"),
    text: TextLimits { subject: None, body: SmsBody::MAX_CHARS },
    retries: RetrySchedule {
        waits: &[seconds(30), seconds(120), seconds(600), seconds(1_800)],
        window: TimeDelta::hours(24),
        after_last_wait: AfterLastWait::GiveUp,
    },
};

const EMAIL: ChannelRules = ChannelRules {
    address: AddressKind::Email,
    unreachable: None,
    text: TextLimits { subject: Some(Subject::MAX_CHARS), body: EmailBody::MAX_CHARS },
    retries: RetrySchedule {
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
    },
};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Channel {
    /// The properties of the channel.
    pub const fn rules(self) -> &'static ChannelRules {
        match self {
            Self::Sms => &SMS,
            Self::Email => &EMAIL,
        }
    }

    /// Whether the channel reaches an address of its kind: no SMS reaches a landline.
    pub fn reaches(self, address: &str) -> bool {
        match self {
            Self::Sms => PhoneNumber::try_new(address).is_ok_and(|number| number.takes_sms()),
            Self::Email => true,
        }
    }
}

/// One value for each channel.
#[derive(Debug, Clone, Default)]
pub struct EachChannel<T>([T; Channel::ALL.len()]);

impl<T> EachChannel<T> {
    /// The value of a channel.
    pub const fn of(&self, channel: Channel) -> &T {
        &self.0[channel as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sms_reaches_a_mobile_number_and_no_landline() {
        assert!(Channel::Sms.reaches("+573001234567"));
        assert!(!Channel::Sms.reaches("+576012345678"));
        assert!(!Channel::Sms.reaches("ana@example.com"));
    }

    #[test]
    fn each_channel_has_a_value_of_its_own() {
        let each = EachChannel([1, 2]);
        let values: Vec<_> = Channel::ALL.iter().map(|channel| *each.of(*channel)).collect();
        assert_eq!(values, [1, 2]);
    }
}
