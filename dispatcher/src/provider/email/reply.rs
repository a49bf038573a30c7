//! The meaning of an SMTP reply for the delivery (RFC 5321 4.2.3, RFC 3463, and the pages of large receivers).

use std::time::Duration;

use domain::deliveries::{self, Evidence, FailureClass, Observation};

use super::wire::{ConnectionError, Reply};
use crate::provider::{failure::Failure, schedule::RetryAdvice};

/// A greylisting server wants the same mail again, but not at once.
const GREYLISTED_FOR: Duration = Duration::from_secs(300);

/// A phase of the dialogue. A refusal before MAIL is never the recipient's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Connect,
    Tls,
    Greeting,
    Auth,
    Mail,
    Rcpt,
    Data,
    FinalReply,
}

impl From<Phase> for deliveries::Phase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Connect => Self::Connect,
            Phase::Tls => Self::Tls,
            Phase::Greeting => Self::Greeting,
            Phase::Auth => Self::Auth,
            Phase::Mail => Self::Mail,
            Phase::Rcpt => Self::Rcpt,
            Phase::Data => Self::Data,
            Phase::FinalReply => Self::Reply,
        }
    }
}

impl Phase {
    /// Whether the server refuses the connection, whatever mail it is for.
    const fn is_before_mail(self) -> bool {
        matches!(self, Self::Connect | Self::Tls | Self::Greeting | Self::Auth)
    }
}

/// A negative reply to a command, as a failure of this delivery.
pub(super) fn refused(phase: Phase, status: u16, text: &str) -> Failure {
    let enhanced = Enhanced::of(status, text);
    let (class, advice) = classify(phase, status, enhanced);
    let code = match enhanced {
        Some(Enhanced { subject, detail }) => format!("{status} {}.{subject}.{detail}", status / 100),
        None => status.to_string(),
    };
    let class = blame(phase, class);
    let failure = Failure::answered(class, phase.into(), code, text)
        .with_meaning(enhanced.and_then(|enhanced| meaning(phase, enhanced)))
        .with_advice(advice);
    if class == FailureClass::ConfigAuth && meets_every_message(phase, status, enhanced) {
        failure.for_every_message()
    } else {
        failure
    }
}

/// A reply's lines as one text, with the enhanced code of each line only once.
pub(super) fn words(reply: &Reply) -> String {
    let mut lines = reply.lines();
    let mut words = lines.next().unwrap_or_default().to_owned();
    let code = words.split_whitespace().next().filter(|word| is_enhanced(word)).map(str::to_owned);
    for line in lines {
        let rest =
            code.as_deref().and_then(|code| line.strip_prefix(code)).filter(|rest| rest.starts_with(' '));
        words.push(' ');
        words.push_str(rest.unwrap_or(line).trim_start());
    }
    words
}

fn is_enhanced(word: &str) -> bool {
    word.splitn(3, '.').filter(|part| part.parse::<u16>().is_ok()).count() == 3
}

/// A failure of the connection, which is no answer to the message.
pub(super) fn failed(phase: Phase, error: &ConnectionError) -> Failure {
    match error {
        // Before the log-in it is a failure of TLS, for example if the server wants a client certificate. Later it is
        // the end of the connection.
        ConnectionError::Tls(why) if phase.is_before_mail() => {
            unprotected(Observation::TlsFailed).with_text(why)
        }
        ConnectionError::Tls(why) => ended(phase).with_text(why),
        ConnectionError::Closed | ConnectionError::WriteFailed => ended(phase),
        ConnectionError::NotSmtp => transient(phase, Observation::AnswerUnreadable),
        ConnectionError::ReplyTooLong => transient(phase, Observation::AnswerTooLong),
        ConnectionError::UnsolicitedReply => transient(phase, Observation::AnswerUnasked),
    }
}

/// TLS that cannot be trusted.
pub(super) fn unprotected(observed: Observation) -> Failure {
    Failure::of_settings(deliveries::Phase::Tls, observed)
}

/// The phase's deadline has passed.
pub(super) fn timed_out(phase: Phase) -> Failure {
    transient(phase, Observation::NoAnswer)
}

/// The server ended the connection, or left it in a state in which no mail can begin.
pub(super) fn ended(phase: Phase) -> Failure {
    transient(phase, Observation::Closed)
}

/// The server sent valid SMTP that does not belong here.
pub(super) fn out_of_order(phase: Phase, status: u16) -> Failure {
    let (code, observed) = (Some(status.to_string()), Some(Observation::AnswerUnexpected));
    Failure::new(FailureClass::Transient, Evidence { phase: Some(phase.into()), code, observed })
}

fn transient(phase: Phase, observed: Observation) -> Failure {
    Failure::observed(FailureClass::Transient, deliveries::Phase::from(phase), observed)
}

/// A connection or a sender that is refused as a whole says nothing about the recipient or the content.
fn blame(phase: Phase, class: FailureClass) -> FailureClass {
    use FailureClass::{ConfigAuth, PermanentAddress, PermanentContent, PolicyReputation, Unknown};
    match class {
        PermanentAddress | PermanentContent | PolicyReputation | Unknown if phase.is_before_mail() => {
            ConfigAuth
        }
        PermanentAddress | Unknown if phase == Phase::Mail => ConfigAuth,
        _ => class,
    }
}

/// Whether a refusal of our settings is about the connection, the log-in or the sender. From MAIL on, a fault of the
/// dialogue may come from one recipient's address, and a server may refuse the sender's address (5.1.7, 5.1.8) for a
/// single recipient too.
fn meets_every_message(phase: Phase, status: u16, enhanced: Option<Enhanced>) -> bool {
    let is_of_the_dialogue = matches!(status, 500 | 502..=504 | 555)
        || matches!(enhanced, Some(Enhanced { subject: 5, detail: 1 | 2 | 4 | 5 }));
    let is_of_the_senders_address = matches!(enhanced, Some(Enhanced { subject: 1, detail: 7 | 8 }));
    phase.is_before_mail() || !(is_of_the_dialogue || is_of_the_senders_address)
}

/// The code of qmail's last word.
fn qmails(word: &str) -> Option<&str> {
    word.strip_prefix("(#")?.trim_end_matches('.').strip_suffix(')')
}

/// The subject and detail of an enhanced status code whose class agrees with the reply (RFC 2034 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Enhanced {
    pub(super) subject: u16,
    pub(super) detail: u16,
}

impl std::fmt::Display for Enhanced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.subject, self.detail)
    }
}

impl Enhanced {
    /// The code at the start of a text, else at its end as qmail writes it: "no mailbox here by that name (#5.1.1)".
    fn of(status: u16, text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let first = words.next().and_then(|word| Self::read(status, word));
        first.or_else(|| Self::read(status, words.next_back().and_then(qmails)?))
    }

    fn read(status: u16, word: &str) -> Option<Self> {
        let mut parts = word.splitn(3, '.').map(str::parse::<u16>);
        let (class, subject, detail) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        (class == status / 100 && subject < 1_000 && detail < 1_000).then_some(Self { subject, detail })
    }
}

fn classify(phase: Phase, status: u16, enhanced: Option<Enhanced>) -> (FailureClass, RetryAdvice) {
    if (status, enhanced) == (451, Some(Enhanced { subject: 7, detail: 1 })) {
        return (FailureClass::Transient, RetryAdvice::NotBefore(GREYLISTED_FOR));
    }
    let class = by_status(phase, status)
        .or_else(|| by_enhanced(status, enhanced?))
        .unwrap_or_else(|| by_digit(status, enhanced));
    (class, RetryAdvice::Schedule)
}

/// Replies whose basic code is enough.
///
/// - 454 is STARTTLS's and AUTH's temporary failure (RFC 3207, RFC 4954). Later in the dialogue it is the speed limit or
///   daily quota of Amazon SES ("454 Throttling failure",
///   docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html).
/// - 500, 502–504 and 555 refuse a command or its parameters, and 503 its order (RFC 5321 4.2.2): a fault of ours,
///   whatever command it answers. Postfix refuses HELO's name at RCPT, "504 5.5.2 Helo command rejected".
/// - 521 is a server that takes no mail from us (RFC 7504), 556 a recipient's domain that takes none from anybody.
fn by_status(phase: Phase, status: u16) -> Option<FailureClass> {
    match status {
        421 => Some(FailureClass::Transient),
        454 if phase.is_before_mail() => Some(FailureClass::ConfigAuth),
        454 => Some(FailureClass::Throttled),
        500 | 502..=504 | 530 | 534 | 535 | 538 | 555 => Some(FailureClass::ConfigAuth),
        521 => Some(FailureClass::PolicyReputation),
        556 => Some(FailureClass::PermanentAddress),
        _ => None,
    }
}

/// The enhanced status codes of RFC 3463 and its registry, and what large providers use them for:
/// support.google.com/a/answer/3726730 (5.4.5 daily limit, x.7.28 unusual rate),
/// learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr (5.1.8 bad outbound sender, 5.1.90, 5.7.232, 5.7.233
/// limits).
fn by_enhanced(status: u16, Enhanced { subject, detail }: Enhanced) -> Option<FailureClass> {
    match (status / 100, subject, detail) {
        (4, 7, 0) | (4 | 5, 4, 5) | (4 | 5, 5, 3) | (4 | 5, 7, 28) => Some(FailureClass::Throttled),
        (5, 1, 90) | (5, 7, 232 | 233) => Some(FailureClass::Throttled),
        (4 | 5, 2, 2) => Some(FailureClass::Transient),
        // The sender's address, and the protocol: a command, its syntax, its arguments, its version.
        (5, 1, 7 | 8) | (5, 5, 1 | 2 | 4 | 5) => Some(FailureClass::ConfigAuth),
        (5, 1, 1..=3 | 6 | 10) | (5, 2, 1) => Some(FailureClass::PermanentAddress),
        (5, 3, 4) | (5, 6, _) => Some(FailureClass::PermanentContent),
        (5, 7, 8) => Some(FailureClass::ConfigAuth),
        (5, 7, _) => Some(FailureClass::PolicyReputation),
        _ => None,
    }
}

/// What an enhanced code says of the recipient beyond its class (RFC 3463 3.3).
fn meaning(phase: Phase, enhanced: Enhanced) -> Option<Observation> {
    let is_full = enhanced == Enhanced { subject: 2, detail: 2 };
    let is_of_the_recipient = matches!(phase, Phase::Rcpt | Phase::Data | Phase::FinalReply);
    (is_full && is_of_the_recipient).then_some(Observation::MailboxFull)
}

/// The class of a failure that another server reports later, by the reply that it was given and the enhanced code with its
/// class. The enhanced code counts first: what was refused by policy says nothing of the address.
pub(super) fn class_of_report(reply: Option<u16>, enhanced: Option<(u16, Enhanced)>) -> FailureClass {
    let (class, code) = enhanced.unzip();
    let status = reply.or(class.map(|class| class * 100)).unwrap_or_default();
    let by_enhanced = code.and_then(|code| by_enhanced(status, code));
    by_enhanced.or_else(|| by_status(Phase::FinalReply, reply?)).unwrap_or_else(|| by_digit(status, code))
}

/// What an enhanced code of a report says of the recipient beyond its class.
pub(super) fn meaning_of_report(enhanced: Enhanced) -> Option<Observation> {
    meaning(Phase::FinalReply, enhanced)
}

/// By the first digit, whatever the second (RFC 5321 4.2). Without a code that says more, 552 is a full mailbox
/// (RFC 5321). A bare 550 may be anything, and so may a bare 553: servers give it to a bad name, to a domain that they do not
/// relay for and to a sender on a blocking list (qmail's rblsmtpd, cr.yp.to/ucspi-tcp/rblsmtpd.html).
fn by_digit(status: u16, enhanced: Option<Enhanced>) -> FailureClass {
    match (status, enhanced) {
        (552, None) => FailureClass::Transient,
        (551, None) => FailureClass::PermanentAddress,
        (400..=499, _) => FailureClass::Transient,
        _ => FailureClass::Unknown,
    }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
