//! Failures of a send, in one form for every channel: words for the cause, and the provider's own text beside them.

use std::fmt;

use domain::deliveries::{Cause, Evidence, FailureClass, Observation, Phase};

use super::redaction::{provider_text, without_recipient};
use super::schedule::RetryAdvice;

/// The reason why a message was provably not sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// The class, which decides what happens next, and what is known of the failure.
    pub cause: Cause,
    /// The provider's own text, or a library's if the provider said nothing; empty if there is none. One bounded line,
    /// without addresses and phone numbers.
    pub text: String,
    /// The provider's advice on the next attempt.
    pub advice: RetryAdvice,
    /// Which other messages would fail in the same way.
    pub scope: Scope,
}

/// Which messages a failure affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// It may depend on the recipient or the content.
    OneMessage,
    /// It is about the connection, TLS, the log-in, the account or the sender: the next message would fail too.
    EveryMessage,
}

impl Failure {
    /// A refusal by the provider, with its code and its text.
    pub fn answered(class: FailureClass, phase: Phase, code: impl Into<String>, text: &str) -> Self {
        Self::new(class, Evidence::answered(phase, code)).with_text(text)
    }

    /// A failure that our side observed, in a phase or before the first one.
    pub fn observed(class: FailureClass, phase: impl Into<Option<Phase>>, observed: Observation) -> Self {
        Self::new(class, Evidence::observed(phase.into(), observed))
    }

    /// A failure with this cause, without text or advice.
    pub const fn new(class: FailureClass, evidence: Evidence) -> Self {
        let cause = Cause { class, evidence };
        Self { cause, text: String::new(), advice: RetryAdvice::Schedule, scope: Scope::OneMessage }
    }

    /// The same failure with what the provider's code says beyond its class.
    #[must_use]
    pub fn with_meaning(mut self, meaning: Option<Observation>) -> Self {
        self.cause.evidence.observed = meaning;
        self
    }

    /// A fault of our settings that our side observed: no message can be sent.
    pub fn of_settings(phase: impl Into<Option<Phase>>, observed: Observation) -> Self {
        Self::observed(FailureClass::ConfigAuth, phase, observed).for_every_message()
    }

    /// The same failure, marked as one that the next message would meet too.
    #[must_use]
    pub const fn for_every_message(mut self) -> Self {
        self.scope = Scope::EveryMessage;
        self
    }

    /// The same failure with the provider's or a library's text, which is cleaned and bounded here.
    #[must_use]
    pub fn with_text(self, text: &str) -> Self {
        Self { text: provider_text(text), ..self }
    }

    /// The same failure with the provider's advice.
    #[must_use]
    pub fn with_advice(self, advice: RetryAdvice) -> Self {
        Self { advice, ..self }
    }

    /// The class, which decides what happens next.
    pub const fn class(&self) -> FailureClass {
        self.cause.class
    }

    /// The provider's code, else the word of the observation.
    pub fn code(&self) -> &str {
        code(&self.cause.evidence)
    }

    /// The observation of our side.
    pub const fn seen(&self) -> Option<Observation> {
        self.cause.evidence.observed
    }

    /// The text, if it comes from a library, such as the reason why a certificate is not trusted: it may be logged. A
    /// provider that gave a code gave the text too.
    pub(crate) fn library_text(&self) -> Option<&str> {
        let is_a_librarys = self.cause.evidence.code.is_none() && !self.text.is_empty();
        is_a_librarys.then_some(self.text.as_str())
    }

    /// The same event after the message was on its way, where it is no proof that nothing was sent.
    pub(super) fn into_doubt(self) -> Doubt {
        Doubt { evidence: self.cause.evidence, text: self.text }
    }

    /// Whether the provider could not be reached: no connection, or no answer on it. It says nothing about the
    /// recipient.
    pub fn is_unreachable(&self) -> bool {
        self.class() == FailureClass::Transient
            && matches!(self.seen(), Some(Observation::Unreachable | Observation::NoAnswer))
    }

    /// Whether the provider closed the connection instead of answering: it may accept no more connections, or be out of
    /// service.
    pub fn is_hang_up(&self) -> bool {
        self.class() == FailureClass::Transient && self.ends_dialogue()
    }

    /// Whether it is an SMTP reply that asks for the same mail again (4yz, RFC 5321 4.2.1).
    pub(super) fn asks_again(&self) -> bool {
        self.smtp_reply().is_some_and(|code| code.starts_with('4'))
    }

    /// Whether the connection cannot be used any more: it is closed, silent or out of protocol, or the server ended it
    /// by a 421.
    pub(super) fn ends_dialogue(&self) -> bool {
        use Observation::{
            AnswerCut, AnswerTooLong, AnswerUnasked, AnswerUnexpected, AnswerUnreadable, Closed, NoAnswer,
        };
        let is_broken = matches!(
            self.seen(),
            Some(
                AnswerCut
                    | AnswerTooLong
                    | AnswerUnasked
                    | AnswerUnexpected
                    | AnswerUnreadable
                    | Closed
                    | NoAnswer
            )
        );
        is_broken || self.smtp_reply().is_some_and(|code| code.starts_with("421"))
    }

    /// The code of an SMTP server's reply.
    pub(super) fn smtp_reply(&self) -> Option<&str> {
        let Evidence { phase, code, .. } = &self.cause.evidence;
        code.as_deref().filter(|_| phase.is_some_and(|phase| phase != Phase::Http))
    }
}

/// The provider's code, else the word of the observation.
fn code(evidence: &Evidence) -> &str {
    let word = evidence.observed.map_or("unknown", Observation::as_str);
    evidence.code.as_deref().unwrap_or(word)
}

/// The cause as a text for errors: `550 5.1.1 in rcpt: no such user`.
fn write_known(f: &mut fmt::Formatter<'_>, evidence: &Evidence, text: &str) -> fmt::Result {
    f.write_str(code(evidence))?;
    if let Some(phase) = evidence.phase {
        write!(f, " in {phase}")?;
    }
    if text.is_empty() { Ok(()) } else { write!(f, ": {text}") }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ", self.class())?;
        write_known(f, &self.cause.evidence, &self.text)
    }
}

/// The provider's own text stays out of logs.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("cause", &self.cause).finish_non_exhaustive()
    }
}

/// The last observation of a send whose outcome is unknown.
#[derive(Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Its cause, as far as it is known.
    pub evidence: Evidence,
    /// The provider's own text, or a library's; empty if there is none.
    pub text: String,
}

impl Doubt {
    /// The provider's code, else the word of the observation.
    pub fn code(&self) -> &str {
        code(&self.evidence)
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_known(f, &self.evidence, &self.text)
    }
}

impl fmt::Debug for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doubt").field("evidence", &self.evidence).finish_non_exhaustive()
    }
}

/// The send must not begin: the claim was lost, its time is over, or the provider has waited too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the start mark was refused")]
pub struct StartRefused;

/// The provider accepted the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's reference: the reply with its queue id, or a message sid. One bounded line.
    pub reference: String,
}

/// How a send ended without being accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// The start mark was refused: nothing was sent, and nothing is settled.
    #[error(transparent)]
    StartRefused(#[from] StartRefused),
    /// The provider provably did not accept it: it refused the message or was not reached. A start mark may exist.
    #[error("failed to send: {0}")]
    Unsent(Failure),
    /// The recipient has told the provider to deliver no more messages. It refuses this one and every later one.
    #[error("the recipient has opted out")]
    OptedOut,
    /// The message may have arrived.
    #[error("failed to learn whether it was sent: {0}")]
    InDoubt(Doubt),
}

impl Accepted {
    /// The same without the recipient's address or number.
    #[must_use]
    pub(super) fn without(self, recipient: &str) -> Self {
        Self { reference: without_recipient(&self.reference, recipient) }
    }
}

impl SendFailure {
    /// The same without the recipient's address or number.
    #[must_use]
    pub(super) fn without(self, recipient: &str) -> Self {
        match self {
            Self::Unsent(failure) => {
                let text = without_recipient(&failure.text, recipient);
                Self::Unsent(Failure { text, ..failure })
            }
            Self::InDoubt(doubt) => {
                let text = without_recipient(&doubt.text, recipient);
                Self::InDoubt(Doubt { text, ..doubt })
            }
            Self::OptedOut | Self::StartRefused(_) => self,
        }
    }
}

impl From<Failure> for SendFailure {
    fn from(failure: Failure) -> Self {
        Self::Unsent(failure)
    }
}

impl From<Doubt> for SendFailure {
    fn from(doubt: Doubt) -> Self {
        Self::InDoubt(doubt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_librarys_text_may_stand_in_logs_and_a_providers_may_not() {
        let untrusted = Failure::of_settings(Phase::Tls, Observation::CertificateUntrusted).with_text("why");
        assert_eq!(untrusted.library_text(), Some("why"));
        let refused = Failure::answered(FailureClass::ConfigAuth, Phase::Auth, "535", "Ana Ruiz");
        assert_eq!(refused.library_text(), None);
    }

    #[test]
    fn a_failure_is_printed_in_its_words() {
        let refused =
            Failure::answered(FailureClass::PermanentAddress, Phase::Rcpt, "550 5.1.1", "no such user");
        assert_eq!(refused.to_string(), "permanent_address, 550 5.1.1 in rcpt: no such user");
        let silent = Failure::observed(FailureClass::Transient, Phase::Mail, Observation::NoAnswer);
        assert_eq!(silent.into_doubt().to_string(), "no_answer in mail");
    }

    #[test]
    fn a_failure_prints_no_provider_text_when_debugged() {
        let printed =
            format!("{:?}", Failure::answered(FailureClass::Unknown, Phase::Rcpt, "554", "Ana Ruiz"));
        assert!(!printed.contains("Ana"), "{printed}");
    }
}
