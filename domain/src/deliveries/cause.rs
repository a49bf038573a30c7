//! Why a delivery stands where it stands: words, never sentences. The screens make the sentence; the provider's own text
//! is an attachment beside it.

use serde::{Deserialize, Serialize};

use crate::value::words;

words! {
    /// One taxonomy of failures for all channels.
    FailureClass {
        /// It may work later.
        Transient = "transient",
        /// The provider asks us to slow down.
        Throttled = "throttled",
        /// The address does not work and will not.
        PermanentAddress = "permanent_address",
        /// The content is refused.
        PermanentContent = "permanent_content",
        /// The sender is refused; the recipient is innocent.
        PolicyReputation = "policy_reputation",
        /// Our credentials or settings are refused.
        ConfigAuth = "config_auth",
        /// The time to send it is over.
        Expired = "expired",
        /// None of the above.
        Unknown = "unknown",
    }
}

words! {
    /// Where in the talk with a provider something happened.
    Phase {
        /// The connection was being opened, its name being resolved included.
        Connect = "connect",
        /// TLS was being agreed.
        Tls = "tls",
        /// SMTP: the server's greeting, and EHLO or HELO.
        Greeting = "greeting",
        /// SMTP: the log-in.
        Auth = "auth",
        /// SMTP: the sender.
        Mail = "mail",
        /// SMTP: the recipient.
        Rcpt = "rcpt",
        /// SMTP: the order to send the text, and the text.
        Data = "data",
        /// SMTP: the answer after the final dot.
        Reply = "reply",
        /// HTTP: the request and its answer.
        Http = "http",
        /// The provider took it over and reported later that it gave it up.
        Report = "report",
    }
}

words! {
    /// What our side knows or has seen, where the provider has said nothing.
    Observation {
        /// Nobody could be reached: refused, unreachable, or the name is unknown.
        Unreachable = "unreachable",
        /// TLS could not be agreed, or the certificate is not trusted.
        TlsFailed = "tls_failed",
        /// The provider does not offer the TLS that the settings ask for.
        TlsNotOffered = "tls_not_offered",
        /// The certificate is not the one that the settings name.
        CertificateDiffers = "certificate_differs",
        /// The provider offers no way to log in that we know.
        AuthNotOffered = "auth_not_offered",
        /// The password would travel in clear.
        AuthUnprotected = "auth_unprotected",
        /// No request can be made of our settings.
        SettingsUnusable = "settings_unusable",
        /// The other side ended the connection.
        Closed = "closed",
        /// The connection ended within an answer.
        AnswerCut = "answer_cut",
        /// No answer in time.
        NoAnswer = "no_answer",
        /// The answer breaks the protocol.
        AnswerUnreadable = "answer_unreadable",
        /// The answer is longer than the protocol allows.
        AnswerTooLong = "answer_too_long",
        /// The provider said something that was not asked.
        AnswerUnasked = "answer_unasked",
        /// The sender's process ended, or lost its lease, before the answer.
        LeaseLost = "lease_lost",
        /// The address is not one that the channel can use.
        AddressUnusable = "address_unusable",
        /// No message can be made of the content.
        ContentUnusable = "content_unusable",
        /// The content cannot be read: its key is destroyed.
        ContentErased = "content_erased",
        /// The recipient is not known to this server (it needs SMTPUTF8, which it does not offer).
        Utf8NotOffered = "utf8_not_offered",
        /// The time to send it was over.
        Expired = "expired",
        /// A person who looked into it says that it was not sent.
        FoundUnsent = "found_unsent",
    }
}

words! {
    /// Why a delivery must not be sent.
    SuppressionReason {
        /// The person was erased after the audience was frozen.
        Erased = "erased",
        /// The person has asked the provider for no more messages.
        OptedOut = "opted_out",
    }
}

/// What is known of how an attempt went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it happened; none if no provider was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The provider's own code, such as `550 5.1.1`, `21211` or an HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What our side has seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observation>,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cause {
    /// What kind of failure it is, which decides what happens next.
    pub class: FailureClass,
    /// What is known of it.
    #[serde(flatten)]
    pub evidence: Evidence,
}

impl Evidence {
    /// What our side has seen, in a phase or in none.
    pub const fn observed(phase: Option<Phase>, observed: Observation) -> Self {
        Self { phase, code: None, observed: Some(observed) }
    }

    /// What the provider answered in a phase.
    pub fn answered(phase: Phase, code: impl Into<String>) -> Self {
        Self { phase: Some(phase), code: Some(code.into()), observed: None }
    }
}

impl Cause {
    /// Nothing is sent after its time.
    pub const EXPIRED: Self =
        Self { class: FailureClass::Expired, evidence: Evidence::observed(None, Observation::Expired) };
}
