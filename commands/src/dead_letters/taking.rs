//! What a retry takes of its company's purse, person by person.

use chrono::{DateTime, Utc};
use domain::company::{Amount, CompanyLimits, Limit};
use domain::notification::Addressee;
use domain::rendering::{Text, render};
use domain::value::sms::{SmsCount, takes_unicode};
use domain::value::{Channel, CompanyId, CountryCode, NotificationId, PhoneNumber, TimeZone};

use super::RetryRefusal;
use crate::log::EventLog;
use crate::outcome::CommandError;
use crate::purse::{Moment, Retaken};

/// The company of a notification that is sent again, and what the notification says.
pub(super) struct Terms {
    pub(super) limits: CompanyLimits,
    of: Moment,
    home: CountryCode,
    /// None for an e-mail, which has no parts, or if it cannot be read any more.
    text: Option<Text>,
}

impl Terms {
    /// As of the log. The day that a text names is the day of the retry, which is as long as any other.
    pub(super) async fn of(
        log: &EventLog,
        (notification, company, channel): (NotificationId, CompanyId, Channel),
        now: DateTime<Utc>,
    ) -> Result<Self, CommandError<RetryRefusal>> {
        let profile = crate::companies::profile(log, company).await;
        let profile = profile.map_err(CommandError::unavailable)?.unwrap_or_default();
        let request = match channel {
            Channel::Sms => crate::notifications::requested(log, notification).await,
            Channel::Email => Ok(None),
        };
        let request = request.map_err(|error| error.map_refusal(RetryRefusal::from))?;
        let text = request.and_then(|request| Text::of_request(&request, now).ok().flatten());
        let zone: TimeZone = profile.time_zone.parse().unwrap_or_default();
        Ok(Self {
            limits: profile.limits,
            of: Moment { company, zone, channel, begins_at: now, now },
            home: profile.country.parse().unwrap_or_default(),
            text,
        })
    }

    /// Above how many people the company wants an approval.
    pub(super) fn approval_above(&self) -> Option<u64> {
        self.limits.get(Limit::ApprovalAbove)
    }

    /// Whether an address is a number of another country than the company's.
    pub(super) fn is_foreign(&self, address: &str) -> bool {
        self.of.channel == Channel::Sms && PhoneNumber::is_abroad(address, self.home)
    }

    /// One more message to a person. What cannot be rendered fails before it is sent, and is counted as one part.
    pub(super) fn one(&self, person: &Addressee, is_foreign: bool) -> Amount {
        let rendered = self.text.as_ref().and_then(|text| render(text, person).ok());
        let parts = rendered.map(|rendered| {
            let is_plain = !takes_unicode(&person.address);
            let rendered = if is_plain { rendered.without_unicode() } else { rendered };
            SmsCount::of(&rendered.body).segments as u64
        });
        let segments = match self.of.channel {
            Channel::Sms => parts.unwrap_or(1),
            Channel::Email => 0,
        };
        Amount { messages: 1, segments, foreign: is_foreign.into() }
    }

    /// What is to be taken; none if nobody is sent to, or no limit counts it.
    pub(super) fn retaken(&self, amount: Amount) -> Option<Retaken> {
        let is_counted = amount.messages > 0 && self.limits.count(self.of.channel, amount);
        is_counted.then(|| Retaken { limits: self.limits.clone(), of: self.of, amount })
    }
}
