//! The interface of a dialect: the part that differs between SMS APIs. It is pure: the transport sends the request that
//! a dialect writes, and gives it the answer.

use std::fmt;
use std::ops::RangeInclusive;

use domain::deliveries::doubts::SendWindow;
use domain::deliveries::{Observation, Receipt};
use domain::value::DeliveryId;
use reqwest::{Request, StatusCode, header::HeaderMap};
use url::Url;

use crate::provider::{
    Outgoing,
    failure::{Accepted, Failure, SendFailure},
    schedule::RetryAdvice,
};

/// The dialect of one kind of SMS API, with one account's settings.
pub(super) trait Dialect: fmt::Debug + Send + Sync {
    /// The request that sends a message. An error is proof that it can never be sent as it is.
    fn request(&self, outgoing: &Outgoing) -> Result<Request, Failure>;

    /// A request that sends nothing and that only the account may make; none if the API has none. Its answer is 2xx.
    fn probe(&self) -> Option<Request>;

    /// The address of the API.
    fn address(&self) -> &Url;

    /// What the answer to a message's request means for it.
    fn read_answer(&self, answer: &Answer<'_>) -> Result<Accepted, SendFailure>;

    /// What a callback reports of an accepted message. None: it is still on its way.
    fn read_callback(&self, callback: &StatusCallback<'_>) -> Result<Option<StatusReport>, CallbackError>;

    /// The messages from people that a callback brings. None: it brings something else.
    fn read_inbound(
        &self,
        callback: &StatusCallback<'_>,
    ) -> Result<Option<Vec<InboundMessage>>, CallbackError>;

    /// A request that asks for the message of a doubt and changes nothing; none if the API has none.
    fn query(&self, _: &Doubted) -> Option<Request> {
        None
    }

    /// The messages in the answer to such a request that may be the one. None: the answer does not tell.
    fn read_found(&self, _: &Doubted, _: &Answer<'_>) -> Option<Found> {
        None
    }
}

/// An answer over HTTP, read as far as it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    pub(super) status: StatusCode,
    /// What its headers say about the next attempt.
    pub(super) advice: RetryAdvice,
    /// The whole body, or why there is none: it broke off, or exceeds the bound.
    pub(super) body: Result<&'a [u8], Observation>,
}

/// A request by which a provider reports what became of a message.
#[derive(Clone, Copy)]
pub struct StatusCallback<'a> {
    /// The query of its URL as it came, without the question mark.
    pub query: &'a str,
    /// Its headers, the signature among them.
    pub headers: &'a HeaderMap,
    /// Its whole body.
    pub body: &'a [u8],
}

/// The content stays out of logs: it has a person's number.
impl fmt::Debug for StatusCallback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusCallback").finish_non_exhaustive()
    }
}

/// A message from a person to us.
#[derive(Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// The number that it comes from, in E.164.
    pub from: String,
    /// The text.
    pub body: String,
}

impl InboundMessage {
    /// A message from a number in international form, with its plus sign or without. None from what is no such number, as a
    /// short code or a name.
    pub(super) fn from_number(number: &str, body: &str) -> Option<Self> {
        /// The digits of a number in international form (ITU-T E.164, and the shortest plans).
        const DIGITS: RangeInclusive<usize> = 8..=15;
        let digits = number.trim().trim_start_matches('+');
        let is_number = DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self { from: format!("+{digits}"), body: body.to_owned() })
    }
}

/// Number and text stay out of logs.
impl fmt::Debug for InboundMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundMessage").finish_non_exhaustive()
    }
}

/// What a provider reports of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The provider's own name for the message, as in [`Accepted::reference`].
    pub reference: String,
    /// Our own, if the callback's address carries it.
    pub sent: Option<SentDelivery>,
    /// The reported outcome.
    pub receipt: Receipt,
    /// The provider's own text, bounded, in one line, without the recipient; empty if there is none.
    pub text: String,
}

/// The message that a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentDelivery {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The generation that the message was sent in.
    pub generation: u32,
    /// The attempt that the message was sent in, from 1 in each generation.
    pub attempt: u32,
}

impl Outgoing {
    /// The message as callbacks and providers name it.
    pub(crate) fn sent(&self) -> SentDelivery {
        SentDelivery { delivery: self.delivery_id, generation: self.generation, attempt: self.attempt }
    }
}

impl SentDelivery {
    /// Our own name for the message: the delivery, the generation and the attempt, with dots between.
    pub(super) fn name(self) -> String {
        let Self { delivery, generation, attempt } = self;
        format!("{delivery}.{generation}.{attempt}")
    }

    /// The message of such a name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let mut parts = name.split('.');
        let delivery = DeliveryId::try_from(parts.next()?).ok()?;
        let (generation, attempt) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { delivery, generation, attempt })
    }
}

/// A message that its provider may have or not.
#[derive(Debug, Clone)]
pub struct Doubted {
    /// The message as it was sent.
    pub outgoing: Outgoing,
    /// When it was sent.
    pub window: SendWindow,
}

/// The messages that a provider has for a doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The message with our own name for it; none if the provider has none.
    ByName(Option<FoundMessage>),
    /// All messages with its content and its recipient in the time of the send. They may be other deliveries'.
    ByContent(Vec<FoundMessage>),
}

/// A message that a provider has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundMessage {
    /// The provider's own name for it, as in [`Accepted::reference`].
    pub reference: String,
    /// The reported outcome; none while it is on its way.
    pub receipt: Option<Receipt>,
    /// The provider's own text, bounded, in one line, without the recipient; empty if there is none.
    pub text: String,
}

/// A callback that cannot be trusted or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// No signature, or one that was not made with the account's secret for this request.
    #[error("the callback is not signed by the provider")]
    NotSigned,
    /// It names no message or no state.
    #[error("the callback cannot be read")]
    Unreadable,
}
