//! The providers that carry SMS and e-mail, behind one interface for the workers.

pub mod breaker;
pub mod email;
pub mod failure;
pub(crate) mod hint;
pub mod limit;
pub mod meter;
mod prices;
pub mod pulse;
mod redaction;
pub mod schedule;
pub mod settings;
pub mod sms;
pub mod streak;
pub mod switch;
#[cfg(test)]
mod test_identity;
mod tls;

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use domain::value::{Channel, DeliveryId, ProviderId};
use url::Url;

pub use breaker::{Admission, Breaker, RestReason};
pub use email::helo::helo_name;
pub use email::security::TlsMode;
pub use email::{
    EmailProvider, EmailSender, LogIn, ReturnPath, ReturnedMail, SmtpDeadlines, SmtpSettings, read_returned,
};
pub use failure::{Accepted, Doubt, Failure, Scope, SendFailure, StartRefused};
pub use hint::of_failure as advice;
pub use limit::RateLimit;
pub use meter::{End, Meter};
pub use prices::{Prices, WrongPrices};
pub use pulse::Pulse;
pub use schedule::{Attempts, RetryAdvice, next_attempt};
pub use settings::SettingsError;
pub use sms::{
    CallbackError, Doubted, Found, FoundMessage, GenericAnswer, GenericInbound, GenericQuery, GenericReceipt,
    GenericRequest, GenericSettings, HttpAnswer, InboundMessage, InfobipSettings, SentDelivery, SmsApi,
    SmsDeadlines, SmsProvider, SmsSender, SmsSettings, StatusCallback, StatusReport, TwilioSettings,
};
pub use switch::Switch;

/// One message to one recipient, rendered and ready to go.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Our id of it: the mail's Message-ID, the SMS's callback reference.
    pub delivery_id: DeliveryId,
    /// The generation that it is sent in.
    pub generation: u32,
    /// The attempt, from 1 in each generation.
    pub attempt: u32,
    /// The e-mail address, or the number in E.164 form.
    pub to: String,
    /// The recipient's name for a mail's `To`.
    pub to_name: Option<String>,
    /// The mail's subject, one line.
    pub subject: Option<String>,
    /// The text, lines ended by `\n`.
    pub body: String,
    /// The mail's HTML, lines ended by `\n`.
    pub html: Option<String>,
    /// Whether subject, text and HTML are made for this recipient: nobody else gets the same.
    pub is_personal: bool,
    /// The notification's time, a mail's `Date`.
    pub requested_at: DateTime<Utc>,
    /// A mail's ways back to us.
    pub returns: MailReturn,
}

/// The ways back from one mail. An SMS has none of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MailReturn {
    /// The envelope's sender, to which bounces come; without it the address in `From`.
    pub path: Option<String>,
    /// The link by which the reader asks for no more.
    pub unsubscribe: Option<Url>,
}

/// The address and the text stay out of logs.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("delivery_id", &self.delivery_id).finish_non_exhaustive()
    }
}

/// The parts that every provider has, whatever its protocol.
#[derive(Debug)]
pub struct Gate {
    /// The provider's name in logs and attempts.
    pub name: String,
    /// How many senders may be busy at once.
    pub connections: u32,
    /// How many sends a second it may be given at most, as configured; 0: no limit.
    pub rate_per_second: u32,
    /// Its rate limit, over all senders of all processes.
    pub limit: RateLimit,
    /// Its circuit breaker, over all senders.
    pub breaker: Breaker,
    /// Whether it answers, over all senders.
    pub pulse: Pulse,
    /// How its sends end, over all senders.
    pub meter: Meter,
    /// Whether it is paused, and its share of the traffic.
    pub switch: Switch,
}

impl Gate {
    fn new(name: &str, connections: u32, rate_per_second: u32) -> Self {
        let limit = RateLimit::new(rate_per_second);
        Self {
            name: name.to_owned(),
            connections,
            rate_per_second,
            limit,
            breaker: Breaker::default(),
            pulse: Pulse::default(),
            meter: Meter::default(),
            switch: Switch::default(),
        }
    }

    /// Reports a result to the breaker, and logs it if the provider begins to rest. An outage ends by itself. Any other
    /// reason is logged as an error, because an operator should look.
    pub fn learn<T>(&self, result: &Result<T, SendFailure>, now: DateTime<Utc>) {
        self.tell(self.breaker.observe(result, now), unsent(result));
    }

    /// Reports that the provider refuses everybody. It rests for `longest` at most.
    pub fn learn_that_it_refuses_everybody(&self, longest: TimeDelta, now: DateTime<Utc>) {
        self.tell(self.breaker.refuses_everybody(longest, now), None);
    }

    fn tell(&self, begins_to_rest: Option<RestReason>, why: Option<&Failure>) {
        let provider = &self.name;
        match begins_to_rest {
            None => {}
            Some(reason @ RestReason::Outage) => {
                tracing::warn!(provider, %reason, "a provider begins to rest")
            }
            Some(reason) => {
                let code = why.map(Failure::code);
                let error = why.and_then(Failure::library_text);
                let hint = why.and_then(Failure::seen).and_then(hint::of);
                tracing::error!(provider, %reason, code, error, hint, "a provider begins to rest");
            }
        }
    }
}

fn unsent<T>(result: &Result<T, SendFailure>) -> Option<&Failure> {
    match result {
        Err(SendFailure::Unsent(failure)) => Some(failure),
        _ => None,
    }
}

/// A configured provider; cheap to clone.
#[derive(Debug, Clone)]
pub enum Provider {
    /// An SMTP server.
    Email(EmailProvider),
    /// An SMS API.
    Sms(SmsProvider),
}

impl Provider {
    /// The channel that it carries.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Sms(_) => Channel::Sms,
        }
    }

    /// Whether it carries Unicode. Every mail server does.
    pub fn takes_unicode(&self) -> bool {
        match self {
            Self::Email(_) => true,
            Self::Sms(provider) => provider.takes_unicode(),
        }
    }

    /// The price of one part to a number, in millionths of the configured currency, if it is known. E-mails have no prices.
    pub fn price_of(&self, number: &str) -> Option<u64> {
        match self {
            Self::Email(_) => Some(0),
            Self::Sms(provider) => provider.prices().of(number),
        }
    }

    /// Its id, by channel and name.
    pub fn id(&self) -> ProviderId {
        ProviderId::of(self.channel(), &self.gate().name)
    }

    /// Name, connections, rate limit and circuit breaker.
    pub fn gate(&self) -> &Gate {
        match self {
            Self::Email(provider) => provider.gate(),
            Self::Sms(provider) => provider.gate(),
        }
    }

    /// A sender for one worker; a provider should have no more of them than `gate().connections`.
    pub fn sender(&self) -> Sender {
        match self {
            Self::Email(provider) => Sender::Email(provider.sender()),
            Self::Sms(provider) => Sender::Sms(provider.sender()),
        }
    }
}

/// One worker's connection to a provider. It sends one message at a time.
#[derive(Debug)]
pub enum Sender {
    /// One SMTP connection.
    Email(EmailSender),
    /// A share of the HTTP client's pool.
    Sms(SmsSender),
}

impl Sender {
    /// Sends one message. `started` is awaited at the last moment at which the message is provably unsent; if it
    /// refuses, nothing is sent. The worker asks the breaker before it calls this, and waits for its slot in `started`.
    ///
    /// # Errors
    /// [`SendFailure::Unsent`] and [`SendFailure::StartRefused`] are proof that the provider did not accept the message.
    pub async fn send(
        &mut self,
        outgoing: &Outgoing,
        started: impl AsyncFnOnce() -> Result<(), StartRefused>,
    ) -> Result<Accepted, SendFailure> {
        let result = match self {
            Self::Email(sender) => sender.send(outgoing, started).await,
            Self::Sms(sender) => sender.send(outgoing, started).await,
        };
        // The provider's text goes into events.
        result.map(|accepted| accepted.without(&outgoing.to)).map_err(|failure| failure.without(&outgoing.to))
    }

    /// What the provider said last where its failure may leave it out, as it came; none from a mail server, whose failures
    /// have its words.
    pub fn said(&self) -> Option<String> {
        match self {
            Self::Email(_) => None,
            Self::Sms(sender) => sender.said(),
        }
    }

    /// Ends its connection politely.
    pub async fn close(self) {
        match self {
            Self::Email(sender) => sender.close().await,
            Self::Sms(_) => {}
        }
    }
}
