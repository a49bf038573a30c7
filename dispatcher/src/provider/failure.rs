//! One way to say that a send failed, for every channel: words, and beside them the other side's own text.

use std::fmt;

use domain::deliveries::{Cause, Evidence, FailureClass, Observation, Phase};

use super::{email::address, schedule::RetryAdvice};

/// The longest provider text that is kept, in characters.
pub const MAX_TEXT: usize = 500;

/// Why one send provably did not happen.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// The class, which decides what happens next, and what is known of the failure.
    pub cause: Cause,
    /// The provider's own text, or a library's where the provider said nothing; empty if there is none. Bounded, in one
    /// line, without addresses or numbers of people.
    pub text: String,
    /// What the provider asked about the next attempt.
    pub advice: RetryAdvice,
    /// Which other messages would meet it too.
    pub scope: Scope,
}

/// Which messages a failure meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// It may depend on the recipient or the content.
    OneMessage,
    /// Of the connection, TLS, the log-in, the account or the sender: the next message would meet it too.
    EveryMessage,
}

impl Failure {
    /// A refusal by the provider, with its code and its text.
    pub fn answered(class: FailureClass, phase: Phase, code: impl Into<String>, text: &str) -> Self {
        Self::new(class, Evidence::answered(phase, code)).with_text(text)
    }

    /// A failure that our side has seen, in a phase or before any.
    pub fn observed(class: FailureClass, phase: impl Into<Option<Phase>>, observed: Observation) -> Self {
        Self::new(class, Evidence::observed(phase.into(), observed))
    }

    /// A failure of which this is known, without text or advice.
    pub const fn new(class: FailureClass, evidence: Evidence) -> Self {
        let cause = Cause { class, evidence };
        Self { cause, text: String::new(), advice: RetryAdvice::Schedule, scope: Scope::OneMessage }
    }

    /// Settings of ours that cannot work, as our side has seen: no message would go.
    pub fn of_settings(phase: impl Into<Option<Phase>>, observed: Observation) -> Self {
        Self::observed(FailureClass::ConfigAuth, phase, observed).for_every_message()
    }

    /// The same failure, which the next message would meet too.
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

    /// The provider's code, else the word for what was seen.
    pub fn code(&self) -> &str {
        code(&self.cause.evidence)
    }

    /// What our side has seen.
    pub const fn seen(&self) -> Option<Observation> {
        self.cause.evidence.observed
    }

    /// The same event once the message was on its way: from there on it proves nothing.
    pub(super) fn into_doubt(self) -> Doubt {
        Doubt { evidence: self.cause.evidence, text: self.text }
    }

    /// Whether nobody was found: no connection, or no answer on it. It says nothing of the recipient.
    pub fn is_unreachable(&self) -> bool {
        self.class() == FailureClass::Transient
            && matches!(self.seen(), Some(Observation::Unreachable | Observation::NoAnswer))
    }

    /// Whether the provider hung up instead of answering: it may have no room for this connection, or be as good as away.
    pub fn is_hang_up(&self) -> bool {
        self.class() == FailureClass::Transient && self.ends_dialogue()
    }

    /// Whether it is an SMTP reply that wants the same mail again (4yz, RFC 5321 4.2.1).
    pub(super) fn asks_again(&self) -> bool {
        self.smtp_reply().is_some_and(|code| code.starts_with('4'))
    }

    /// Whether the connection it came by is of no more use: it is closed, silent or out of protocol, or was closed with
    /// a 421.
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

/// The provider's code, else the word for what was seen.
fn code(evidence: &Evidence) -> &str {
    let word = evidence.observed.map_or("unknown", Observation::as_str);
    evidence.code.as_deref().unwrap_or(word)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.class(), self.code(), self.text)
    }
}

/// The provider's words stay out of logs: only what is in our words is printed.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("cause", &self.cause).finish_non_exhaustive()
    }
}

/// What was seen last of a send that nobody knows the end of.
#[derive(Clone, PartialEq, Eq)]
pub struct Doubt {
    /// What is known of it.
    pub evidence: Evidence,
    /// The provider's own text, or a library's; empty if there is none.
    pub text: String,
}

impl Doubt {
    /// The provider's code, else the word for what was seen.
    pub fn code(&self) -> &str {
        code(&self.evidence)
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.text)
    }
}

impl fmt::Debug for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doubt").field("evidence", &self.evidence).finish_non_exhaustive()
    }
}

/// The send must not begin: the claim was lost, its time is over, or the provider was kept waiting for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the started mark was refused")]
pub struct StartRefused;

/// The provider took the message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// How the provider calls it: a queue id's reply or a message sid; bounded, in one line.
    pub reference: String,
}

/// How a send ended without being accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// The worker's own started mark was refused: nothing was sent, and nothing must be settled.
    #[error(transparent)]
    StartRefused(#[from] StartRefused),
    /// Refused, or never reached: the provider provably did not take it, whether it was marked started or not.
    #[error("failed to send: {0}")]
    Unsent(Failure),
    /// The recipient has asked the provider for no more messages: it was refused, and would be for ever.
    #[error("the recipient has opted out")]
    OptedOut,
    /// The message may have arrived.
    #[error("failed to learn whether it was sent: {0}")]
    InDoubt(Doubt),
}

impl Accepted {
    /// The same without what repeats the recipient.
    #[must_use]
    pub(super) fn without(self, recipient: &str) -> Self {
        Self { reference: without_recipient(&self.reference, recipient) }
    }
}

impl SendFailure {
    /// The same without what repeats the recipient.
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

/// A provider's text made fit to be kept: one line, bounded, e-mail addresses and phone numbers blanked, since
/// refusals like to repeat them and events outlive a person's wish to be erased.
pub fn provider_text(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len().min(MAX_TEXT));
    for word in raw.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(if is_personal(word) { BLANK } else { word });
    }
    bounded(text)
}

/// A provider's text without the address or number it was told of, in whatever form it repeats it: events keep some of
/// these texts in the clear, and they outlive a person's wish to be erased.
pub fn without_recipient(text: &str, recipient: &str) -> String {
    if !repeats(text, recipient) {
        return text.to_owned();
    }
    let words = text.split_whitespace().map(|word| if repeats(word, recipient) { BLANK } else { word });
    let kept = words.collect::<Vec<_>>().join(" ");
    // The number may be spread over several words.
    if repeats(&kept, recipient) { BLANK.to_owned() } else { kept }
}

/// What stands in place of what names a person.
const BLANK: &str = "…";
/// So many digits from a number's end are the number: the rest is a country's or an area's, and may be left out.
const TELLING_DIGITS: usize = 7;

fn repeats(text: &str, recipient: &str) -> bool {
    let plain = percent_encoding::percent_decode_str(text).decode_utf8_lossy().to_lowercase();
    if recipient.contains('@') {
        return forms(recipient).any(|form| plain.contains(&form));
    }
    let number = digits(recipient);
    let telling = &number[number.len().saturating_sub(TELLING_DIGITS)..];
    !telling.is_empty() && digits(&plain).contains(telling)
}

/// An address as texts repeat it, in lower case: as it is written and with its domain in punycode, each also as bounce
/// addresses carry it, ana=example.com.
fn forms(recipient: &str) -> impl Iterator<Item = String> {
    let ascii = Some(recipient).filter(|written| !written.is_ascii()).and_then(address::parse);
    let forms = [Some(recipient.to_lowercase()), ascii.map(|ascii| ascii.to_string().to_lowercase())];
    forms.into_iter().flatten().flat_map(|form| [form.replacen('@', "=", 1), form])
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn bounded(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
    }
    text
}

fn is_personal(word: &str) -> bool {
    const PHONE_DIGITS: usize = 7;
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let only_phone_signs = word.chars().all(|c| c.is_ascii_digit() || "+-().,;:'\"<>[]".contains(c));
    word.contains('@') || (digits >= PHONE_DIGITS && only_phone_signs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_text_names_no_person() {
        let raw =
            "5.1.1 <Ana.Ruiz@example.com>: unknown; 'To' number +573001234567, is not a valid phone number";
        let kept = provider_text(raw);
        assert_eq!(kept, "5.1.1 … unknown; 'To' number … is not a valid phone number");
    }

    #[test]
    fn a_text_repeats_a_recipient_in_no_form() {
        let cases = [
            ("+573001234567", "SM573001234567", "…"),
            ("+573001234567", "573001234567-8", "…"),
            ("+573001234567", "id-%2B573001234567", "…"),
            ("+573001234567", "SM3001234567", "…"),
            ("+573001234567", "SM 0a3b0c0d1e2f3a4b5c6d7", "SM …"),
            ("+573001234567", "queued for +57 300 123 4567", "…"),
            ("+573001234567", "SM00000000000000000000000000000042", "SM00000000000000000000000000000042"),
            (
                "ana@example.com",
                "2.0.0 Ok: queued as 4F2 for <ANA@Example.com>",
                "2.0.0 Ok: queued as 4F2 for …",
            ),
            ("ana@example.com", "ok bounce+ana=example.com@relay.test", "ok …"),
            ("ana@example.com", "ok ana%40example.com", "ok …"),
            ("ana@example.com", "2.0.0 Ok: queued as 4F2", "2.0.0 Ok: queued as 4F2"),
            ("Ana@señal.example", "ok <ana@SEÑAL.example>", "ok …"),
            ("ana@señal.example", "ok <ana@xn--seal-hqa.example>", "ok …"),
            ("ana@SEÑAL.example", "ok ANA@XN--SEAL-HQA.EXAMPLE", "ok …"),
            ("ana@señal.example", "ok bounce+ana=xn--seal-hqa.example@relay.test", "ok …"),
            ("ana@señal.example", "ok ana%40xn--seal-hqa.example", "ok …"),
            ("iñaki@señal.example", "ok iñaki@xn--seal-hqa.example", "ok …"),
            ("ana@señal.example", "ok eva@xn--seal-hqa.example", "ok eva@xn--seal-hqa.example"),
        ];
        for (recipient, text, kept) in cases {
            assert_eq!(without_recipient(text, recipient), kept, "{text}");
        }
    }

    #[test]
    fn a_provider_text_is_one_bounded_line() {
        let kept = provider_text(&"é\r\n\0".repeat(3 * MAX_TEXT));
        assert_eq!(kept.chars().count(), MAX_TEXT);
        assert!(kept.chars().all(|c| c == 'é' || c == ' '));
    }

    #[test]
    fn a_failure_prints_no_provider_text_when_debugged() {
        let printed =
            format!("{:?}", Failure::answered(FailureClass::Unknown, Phase::Rcpt, "554", "Ana Ruiz"));
        assert!(!printed.contains("Ana"), "{printed}");
    }
}
