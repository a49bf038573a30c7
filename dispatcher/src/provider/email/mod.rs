//! E-mail over SMTP. lettre builds the messages; the dialogue is our own, because lettre understands fewer replies than
//! servers give.

pub(super) mod address;
mod alternative;
mod auth;
mod connection;
mod content;
mod content_cache;
mod deadlines;
mod dialogue;
mod extensions;
pub(super) mod helo;
mod message;
mod opening;
mod pin;
mod quoted_printable;
mod reply;
pub(super) mod return_path;
mod returned;
pub(super) mod security;
mod settings;
mod stream;
mod wire;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aws_lc_rs::constant_time;

use connection::Connection;
use content_cache::ContentCache;
pub use deadlines::SmtpDeadlines;
use message::Mail;
use reply::Phase;
use settings::SmtpServer;
use stream::TlsClient;

pub use return_path::ReturnPath;
pub use returned::{ReturnedMail, read_returned};
pub use settings::SmtpSettings;

use super::{
    Gate, Outgoing,
    failure::{Accepted, Failure, SendFailure, StartRefused},
    pulse::NoAnswer,
    settings::SettingsError,
};

/// One SMTP server that carries our mail.
#[derive(Debug, Clone)]
pub struct EmailProvider {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    gate: Gate,
    server: SmtpServer,
    deadlines: SmtpDeadlines,
    contents: ContentCache,
    tls: TlsClient,
    /// Whether a connection to it has used TLS since the program started.
    has_had_tls: AtomicBool,
    /// Whether it has sent a reply that answers nothing since the program started.
    has_sent_unsolicited: AtomicBool,
}

impl Shared {
    /// A server that sends one reply too many may send it when the next mail waits for its own: from now on a connection
    /// carries one mail.
    fn distrust_replies(&self) {
        if !self.has_sent_unsolicited.swap(true, Ordering::Relaxed) {
            let provider = self.gate.name.as_str();
            tracing::warn!(
                provider,
                "a mail server sends replies that answer nothing: each mail gets a connection"
            );
        }
    }

    fn trusts_replies(&self) -> bool {
        !self.has_sent_unsolicited.load(Ordering::Relaxed)
    }

    /// Runs one step of a phase within its deadline.
    async fn within<T>(
        &self,
        phase: Phase,
        step: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let answer = self.gate.pulse.within(self.deadlines.of(phase), step).await;
        answer.unwrap_or_else(|NoAnswer| Err(reply::timed_out(phase)))
    }
}

impl EmailProvider {
    /// Checks the settings. Does not connect.
    pub fn try_new(settings: &SmtpSettings) -> Result<Self, SettingsError> {
        Self::with_deadlines(settings, SmtpDeadlines::default())
    }

    /// The same with given deadlines.
    pub fn with_deadlines(settings: &SmtpSettings, deadlines: SmtpDeadlines) -> Result<Self, SettingsError> {
        let server = settings.parse()?;
        let gate = Gate::new(&settings.name, settings.connections, settings.rate_per_second);
        let (contents, tls) = (ContentCache::default(), TlsClient::default());
        let [has_had_tls, has_sent_unsolicited] = [false; 2].map(AtomicBool::new);
        let shared = Shared { gate, server, deadlines, contents, tls, has_had_tls, has_sent_unsolicited };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Name, connections, rate limit and circuit breaker.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// The transport security, in words for an operator.
    pub fn protection(&self) -> String {
        self.shared.server.protection()
    }

    /// The server's name and port.
    pub fn host(&self) -> (&str, u16) {
        (&self.shared.server.host, self.shared.server.port)
    }

    /// The domain of the sender's address.
    pub fn sender_domain(&self) -> &str {
        self.shared.server.from.email.domain()
    }

    /// The selector of the DKIM key that the server signs with.
    pub fn dkim_selector(&self) -> Option<&str> {
        self.shared.server.dkim_selector.as_deref()
    }

    /// The mailbox that bounces come to, if there is one.
    pub fn return_path(&self) -> Option<&ReturnPath> {
        self.shared.server.return_path.as_ref()
    }

    /// Whether a caller with this key, or without one, may bring mails that came back. Without a configured key everybody
    /// may: what counts is the address of ours in the mail.
    pub fn takes_returned_mail_from(&self, key: Option<&str>) -> bool {
        let Some(configured) = &self.shared.server.hook_key else { return true };
        key.is_some_and(|key| {
            constant_time::verify_slices_are_equal(configured.reveal().as_bytes(), key.as_bytes()).is_ok()
        })
    }

    /// Connects, agrees on TLS, logs in and leaves again. No mail is sent.
    ///
    /// # Errors
    /// What a mail would meet before MAIL.
    pub async fn log_in(&self) -> Result<LogIn, Failure> {
        let connection = Connection::open(&self.shared).await?;
        let is_encrypted = connection.is_encrypted();
        connection.quit().await;
        Ok(LogIn { is_encrypted, has_credentials: self.shared.server.credentials.is_some() })
    }

    /// A sender for one worker: one connection, opened when first used.
    pub fn sender(&self) -> EmailSender {
        EmailSender { shared: Arc::clone(&self.shared), idle: None }
    }
}

/// A log-in that worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogIn {
    /// Whether the connection used TLS.
    pub is_encrypted: bool,
    /// Whether user and password were given; without them none are asked for.
    pub has_credentials: bool,
}

/// One worker's connection to an SMTP server.
#[derive(Debug)]
pub struct EmailSender {
    shared: Arc<Shared>,
    /// Always a connection between two mails: a send takes it out, so that a cancelled send drops it.
    idle: Option<Connection>,
}

impl EmailSender {
    /// Sends one mail. `started` is awaited after the server's 354 and before the first byte of the message. Not
    /// earlier: refused recipients would be marked too, and where a server takes long over RCPT the mark would not be
    /// the last step before the message. A caller may commit its mark during the commands and only wait for the commit
    /// here.
    ///
    /// Cancelling drops the connection; whether the mail went out is then unknown if `started` had returned.
    pub async fn send(
        &mut self,
        outgoing: &Outgoing,
        started: impl AsyncFnOnce() -> Result<(), StartRefused>,
    ) -> Result<Accepted, SendFailure> {
        let mail = self.mail(outgoing)?;
        let mut connection = self.announce(&mail).await?;
        // After 354 only closing the connection leaves the server without a message.
        started().await?;
        let result = connection.transmit(&mail).await;
        self.keep(connection);
        result
    }

    /// Ends the connection by QUIT, within a second.
    pub async fn close(mut self) {
        if let Some(connection) = self.idle.take() {
            connection.quit().await;
        }
    }

    fn mail(&self, outgoing: &Outgoing) -> Result<Mail, Failure> {
        let from = &self.shared.server.from;
        let content = self.shared.contents.get(from, outgoing)?;
        Mail::try_new(from, outgoing, &content)
    }

    /// MAIL, RCPT and DATA. If the server ended the idle connection, or sent an unsolicited reply on it, nothing of the
    /// mail was sent, and a new connection is used.
    async fn announce(&mut self, mail: &Mail) -> Result<Connection, Failure> {
        if let Some(mut idle) = self.idle.take()
            && idle.is_ready()
        {
            match idle.announce(mail).await {
                Err(failure) if connection::was_at_its_end(&failure) => {}
                announced => return self.announced(idle, announced),
            }
        }
        let mut new = Connection::open(&self.shared).await?;
        let announced = new.announce(mail).await;
        self.announced(new, announced)
    }

    fn announced(
        &mut self,
        connection: Connection,
        result: Result<(), Failure>,
    ) -> Result<Connection, Failure> {
        match result {
            Ok(()) => Ok(connection),
            Err(failure) => {
                self.keep(connection);
                Err(failure)
            }
        }
    }

    fn keep(&mut self, connection: Connection) {
        self.idle = connection.may_carry_another().then_some(connection);
    }
}

#[cfg(test)]
mod tests;
