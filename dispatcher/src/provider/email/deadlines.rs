//! How long a mail server may take.

use std::time::Duration;

use super::reply::Phase;

/// How long each part of the dialogue may take (RFC 5321 4.5.3.2).
#[derive(Debug, Clone, Copy)]
pub struct SmtpDeadlines {
    /// TCP and TLS.
    pub connect: Duration,
    /// The greeting, EHLO, STARTTLS and AUTH, each.
    pub greeting: Duration,
    /// The reply to MAIL and to RCPT, each.
    pub envelope: Duration,
    /// The reply to DATA.
    pub data: Duration,
    /// The body and the reply to its final dot. Servers filter mail before they reply, so a short deadline causes
    /// duplicates.
    pub final_reply: Duration,
    /// A connection idle for longer is not used again: a firewall may have dropped it.
    pub idle: Duration,
}

impl Default for SmtpDeadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            greeting: Duration::from_secs(300),
            envelope: Duration::from_secs(300),
            data: Duration::from_secs(120),
            final_reply: Duration::from_secs(600),
            idle: Duration::from_secs(60),
        }
    }
}

impl SmtpDeadlines {
    /// How long one step of a phase may take.
    pub(super) const fn of(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Connect | Phase::Tls => self.connect,
            Phase::Greeting | Phase::Auth => self.greeting,
            Phase::Mail | Phase::Rcpt => self.envelope,
            Phase::Data => self.data,
            Phase::FinalReply => self.final_reply,
        }
    }
}
