//! The cause of a delivery's state: words, never sentences. Screens make the sentence. The provider's own text is
//! stored beside the words.

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
        /// The log-in.
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
    /// What our side knows or has seen, or what a code of the provider says beyond its class. The verdict on an answer
    /// (the provider's dialect) chooses the word, because only there the meaning of codes is known.
    Observation {
        /// No connection: refused, no route, or the host's name is unknown.
        Unreachable = "unreachable",
        /// TLS could not be agreed.
        TlsFailed = "tls_failed",
        /// The certificate comes from no authority that is trusted.
        CertificateUntrusted = "certificate_untrusted",
        /// The certificate is for another host name.
        CertificateForOtherName = "certificate_for_other_name",
        /// The certificate has expired.
        CertificateExpired = "certificate_expired",
        /// The certificate is not one of those that the settings name.
        CertificateDiffers = "certificate_differs",
        /// The certificate cannot be used for another reason.
        CertificateUnusable = "certificate_unusable",
        /// The certificates that this machine trusts cannot be read.
        TrustUnreadable = "trust_unreadable",
        /// The provider does not offer the TLS that the settings ask for.
        TlsNotOffered = "tls_not_offered",
        /// The provider offered TLS before and does not now.
        TlsWithdrawn = "tls_withdrawn",
        /// The provider offers no TLS, and a password must not travel in clear.
        AuthUnprotected = "auth_unprotected",
        /// The provider offers no way to log in that we know.
        AuthNotOffered = "auth_not_offered",
        /// No connection or request can be made of our settings.
        SettingsUnusable = "settings_unusable",
        /// The other side ended the connection.
        Closed = "closed",
        /// The connection ended within an answer.
        AnswerCut = "answer_cut",
        /// No answer in time.
        NoAnswer = "no_answer",
        /// The answer breaks the protocol.
        AnswerUnreadable = "answer_unreadable",
        /// The answer is longer than the protocol or our limit allows.
        AnswerTooLong = "answer_too_long",
        /// The provider said something before it was asked.
        AnswerUnasked = "answer_unasked",
        /// The answer has no meaning at this point of the protocol.
        AnswerUnexpected = "answer_unexpected",
        /// The answer says neither that the message was taken nor that it was refused.
        AnswerUnclear = "answer_unclear",
        /// The sender's process ended, or lost its lease, before the answer.
        LeaseLost = "lease_lost",
        /// The channel cannot use the address.
        AddressUnusable = "address_unusable",
        /// The recipient's mailbox is full.
        MailboxFull = "mailbox_full",
        /// The recipient's telephone is off or out of reach.
        PhoneUnreachable = "phone_unreachable",
        /// The recipient's operator has blocked the message.
        CarrierBlocked = "carrier_blocked",
        /// The recipient has asked the provider for no more messages.
        OptedOut = "opted_out",
        /// The address needs SMTPUTF8, which the provider does not offer.
        Utf8NotOffered = "utf8_not_offered",
        /// No message can be made of the content.
        ContentUnusable = "content_unusable",
        /// The client lacks an own column that the text names.
        ColumnMissing = "column_missing",
        /// The rendered content is longer than the channel takes.
        ContentTooLong = "content_too_long",
        /// This person's SMS would take more parts than the request allows.
        TooManySegments = "too_many_segments",
        /// The content cannot be read: its key is destroyed.
        ContentErased = "content_erased",
        /// The time to send it was over.
        Expired = "expired",
        /// A person who looked into it says that it was not sent.
        FoundUnsent = "found_unsent",
        /// A person has decided that it is not sent again.
        Discarded = "discarded",
        /// The policy of the category had it sent again, because its doubt lasted too long.
        ResentByPolicy = "resent_by_policy",
    }
}

words! {
    /// Why a delivery must not be sent.
    SuppressionReason {
        /// The address has had as many messages in this hour as its company allows.
        TooOften = "too_often",
        /// The person was erased after the audience was frozen.
        Erased = "erased",
        /// The person has asked the provider for no more messages.
        OptedOut = "opted_out",
        /// Nothing is sent to the address for this company on this channel.
        Suppressed = "suppressed",
    }
}

/// The evidence of an attempt.
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
