//! One connection and the mails that go over it, one after the other.

use std::sync::Arc;

use tokio::time::{Duration, Instant, timeout};

use domain::deliveries::{self, FailureClass, Observation};

use super::{
    Shared,
    dialogue::{Dialogue, Transmission, expected},
    message::Mail,
    opening,
    reply::{self, Phase},
    wire::{ConnectionError, Reply},
};
use crate::provider::failure::{Accepted, Failure, SendFailure};
use crate::provider::redaction::without_recipient;

/// A connection and the properties of its server.
pub(super) struct Connection {
    /// Boxed, to keep an idle sender small.
    dialogue: Box<Dialogue>,
    /// How long it may be idle and still be used again.
    idle: Duration,
    pipelining: bool,
    /// Whether the server takes addresses outside ASCII (SMTPUTF8).
    international: bool,
    /// How many mails were given to it, for the log.
    uses: u64,
    idle_since: Instant,
    state: State,
}

/// The state of the dialogue. Only a connection between two mails may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    BetweenMails,
    /// A refused envelope must be reset before the next one.
    Refused,
    WithinMail,
}

impl Connection {
    /// Connects, greets, agrees on TLS and logs in.
    pub(super) async fn open(shared: &Arc<Shared>) -> Result<Self, Failure> {
        let (dialogue, extensions) = opening::open(shared).await?;
        Ok(Self {
            dialogue: Box::new(dialogue),
            idle: shared.deadlines.idle,
            pipelining: extensions.offer("PIPELINING"),
            international: extensions.offer("SMTPUTF8"),
            uses: 0,
            idle_since: Instant::now(),
            state: State::BetweenMails,
        })
    }

    /// Whether another mail may go over the connection. Not after an idle time in which the server or a firewall may
    /// have dropped it, not when it has ended, and not when an unsolicited reply has come, which would pass for the
    /// reply to MAIL. Never to a server that has sent such a reply before: the next one may come too late to be seen here.
    pub(super) fn is_ready(&mut self) -> bool {
        self.may_carry_another() && self.idle_since.elapsed() < self.idle && self.dialogue.is_quiet()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.dialogue.is_encrypted()
    }

    pub(super) fn may_carry_another(&self) -> bool {
        self.state != State::WithinMail && self.dialogue.trusts_replies()
    }

    /// Sends the envelope and DATA until the server answers 354. A failure is proof that nothing of the message was
    /// sent.
    pub(super) async fn announce(&mut self, mail: &Mail) -> Result<(), Failure> {
        if mail.is_international() && !self.international {
            let (class, phase) = (FailureClass::PermanentContent, deliveries::Phase::Mail);
            return Err(Failure::observed(class, phase, Observation::Utf8NotOffered));
        }
        let must_reset = std::mem::replace(&mut self.state, State::WithinMail) == State::Refused;
        if self.pipelining {
            self.announce_at_once(mail, must_reset).await
        } else {
            self.announce_in_turn(mail, must_reset).await
        }
    }

    /// Sends the message and reads the reply to it. Between the message's last byte and that reply the outcome is
    /// unknown.
    pub(super) async fn transmit(&mut self, mail: &Mail) -> Result<Accepted, SendFailure> {
        // The server has waited for the start mark. A reply that it sent meanwhile is no reply to the message.
        if !self.dialogue.is_quiet() {
            return Err(reply::ended(Phase::Data).into());
        }
        let reply = match self.dialogue.transmit(&mail.wire).await {
            Transmission::Answered(reply) => reply,
            Transmission::Unsent(failure) => return Err(failure.into()),
            Transmission::InDoubt(failure) => return Err(failure.into_doubt().into()),
        };
        if reply.is_intermediate() {
            return Err(reply::out_of_order(Phase::FinalReply, reply.code).into_doubt().into());
        }
        self.answered(State::BetweenMails);
        match expected(Phase::FinalReply, reply, Reply::is_completion) {
            Ok(reply) => Ok(Accepted { reference: reference(&reply, mail) }),
            Err(refusal) => Err(self.confirmed(refusal).await),
        }
    }

    /// The refusal of a message, if it is certain that the message was refused. It may be a reply too many that came late, to
    /// the mail before or to a command of this one, and the reply to this message, which may be an acceptance, follows. So the
    /// connection is ended, and the replies until its end are read: a mail that is sent again must not have been accepted.
    async fn confirmed(&mut self, refusal: Failure) -> SendFailure {
        self.state = State::WithinMail;
        match self.dialogue.accepts_before_the_end(Phase::FinalReply).await {
            Ok(false) => refusal.into(),
            Ok(true) => {
                self.dialogue.distrust_replies();
                let unsolicited = ConnectionError::UnsolicitedReply;
                reply::failed(Phase::FinalReply, &unsolicited).into_doubt().into()
            }
            Err(silence) => silence.into_doubt().into(),
        }
    }

    /// Ends the connection politely.
    pub(super) async fn quit(mut self) {
        // A server that does not answer QUIT has nothing of ours: the result does not matter.
        let _ = timeout(GOODBYE, self.dialogue.command(Phase::Greeting, "QUIT\r\n")).await;
    }

    /// Sends the commands in one write and reads a reply to each, whatever the first ones are (RFC 2920 3.1).
    async fn announce_at_once(&mut self, mail: &Mail, must_reset: bool) -> Result<(), Failure> {
        let reset = if must_reset { RSET } else { "" };
        let commands = format!("{reset}{}{}{DATA}", mail_command(mail), rcpt_command(mail));
        let mut envelope = self.command(Phase::Mail, &commands, Reply::is_completion).await;
        if must_reset {
            reset_or_ended(envelope)?;
            envelope = self.next_reply(Phase::Mail, Reply::is_completion).await;
        }
        if is_over(&envelope) {
            return envelope;
        }
        let rcpt = self.next_reply(Phase::Rcpt, Reply::is_completion).await;
        let rcpt_is_over = is_over(&rcpt);
        envelope = envelope.and(rcpt);
        if rcpt_is_over {
            return envelope;
        }
        let data = self.next_reply(Phase::Data, Reply::is_intermediate).await;
        // A reply too many shifts the others, and may be the refusal among them.
        if data.as_ref().is_err_and(is_unexpected) {
            return data;
        }
        // After a 354 the server waits for a message without a recipient. RFC 2920 3.1 would end it with a dot, and the server
        // might deliver an empty mail to the person whom it refused. Closing the connection sends nothing.
        if is_over(&data) || (envelope.is_err() && data.is_ok()) {
            return envelope.and(data);
        }
        match (envelope, data) {
            (Ok(()), Err(refusal)) => Err(self.confirmed_at_data(refusal).await),
            (envelope, data) => self.settle(envelope.and(data)),
        }
    }

    async fn announce_in_turn(&mut self, mail: &Mail, must_reset: bool) -> Result<(), Failure> {
        if must_reset {
            reset_or_ended(self.command(Phase::Mail, RSET, Reply::is_completion).await)?;
        }
        let result = self.command(Phase::Mail, &mail_command(mail), Reply::is_completion).await;
        self.settle(result)?;
        let result = self.command(Phase::Rcpt, &rcpt_command(mail), Reply::is_completion).await;
        self.settle(result)?;
        match self.command(Phase::Data, DATA, Reply::is_intermediate).await {
            Err(refusal) if !refusal.ends_dialogue() => Err(self.confirmed_at_data(refusal).await),
            result => result,
        }
    }

    /// The refusal of DATA, if it is certain that DATA was refused. It may be a reply too many to RCPT, and the 354 follows: a
    /// person whom the server has accepted must not count as refused. A server that waits for a message takes RSET for its
    /// first line; one that does not answers it, and the connection may be used again.
    async fn confirmed_at_data(&mut self, refusal: Failure) -> Failure {
        match self.command(Phase::Data, RSET, Reply::is_completion).await {
            Ok(()) => {
                self.answered(State::BetweenMails);
                refusal
            }
            Err(other) if other.ends_dialogue() => other,
            // The server has answered a command, so it waits for no message.
            Err(_) => refusal,
        }
    }

    /// A refusal by reply leaves the connection usable; a failure that is no reply, or a 421, does not.
    fn settle(&mut self, result: Result<(), Failure>) -> Result<(), Failure> {
        if result.is_err() && !is_over(&result) {
            self.answered(State::Refused);
        }
        result
    }

    async fn command(
        &mut self,
        phase: Phase,
        command: &str,
        is_good: fn(&Reply) -> bool,
    ) -> Result<(), Failure> {
        let reply = self.dialogue.command(phase, command).await?;
        self.expected(phase, reply, is_good)
    }

    async fn next_reply(&mut self, phase: Phase, is_good: fn(&Reply) -> bool) -> Result<(), Failure> {
        let reply = self.dialogue.read_reply(phase).await?;
        self.expected(phase, reply, is_good)
    }

    /// A reply too many shows at the latest at DATA, which only a 354 answers.
    fn expected(&self, phase: Phase, reply: Reply, is_good: fn(&Reply) -> bool) -> Result<(), Failure> {
        let expected = expected(phase, reply, is_good).map(drop);
        if expected.as_ref().is_err_and(is_unexpected) {
            self.dialogue.distrust_replies();
        }
        expected
    }

    fn answered(&mut self, state: State) {
        self.state = state;
        self.uses += 1;
        self.idle_since = Instant::now();
    }
}

/// The deadline for QUIT, short because the program is about to end.
const GOODBYE: Duration = Duration::from_secs(1);
const RSET: &str = "RSET\r\n";
const DATA: &str = "DATA\r\n";

fn mail_command(mail: &Mail) -> String {
    let utf8 = if mail.is_international() { " SMTPUTF8 BODY=8BITMIME" } else { "" };
    format!("MAIL FROM:<{}>{utf8}\r\n", mail.sender)
}

fn rcpt_command(mail: &Mail) -> String {
    format!("RCPT TO:<{}>\r\n", mail.recipient)
}

/// No mail can begin on a connection whose last mail could not be reset.
fn reset_or_ended(rset: Result<(), Failure>) -> Result<(), Failure> {
    rset.map_err(|_| reply::ended(Phase::Mail))
}

fn is_over(result: &Result<(), Failure>) -> bool {
    result.as_ref().is_err_and(Failure::ends_dialogue)
}

/// Whether it is a reply that answers nothing that was asked in this phase.
fn is_unexpected(failure: &Failure) -> bool {
    failure.seen() == Some(Observation::AnswerUnexpected)
}

/// Whether a reused connection may simply have ended. Silence is no end.
pub(super) fn was_at_its_end(failure: &Failure) -> bool {
    failure.ends_dialogue() && failure.seen() != Some(Observation::NoAnswer)
}

/// The server's text at acceptance, which holds its queue id; kept as it is unless it repeats the address. The
/// address is blanked before the text is cut, since a part of an address would not be recognised.
fn reference(reply: &Reply, mail: &Mail) -> String {
    const MAX_REFERENCE: usize = 200;
    let text = reply.lines().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    without_recipient(&text, mail.recipient.as_ref()).chars().take(MAX_REFERENCE).collect()
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("uses", &self.uses)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
