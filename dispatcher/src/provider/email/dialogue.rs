//! Commands and their replies, with a deadline for each.

use std::{io, net::IpAddr, time::Duration};

use tokio::{net::TcpStream, time::timeout};

use super::{
    SmtpDeadlines,
    reply::{self, Phase},
    wire::{Broken, Reply, Wire},
};
use crate::provider::failure::Failure;

/// An SMTP connection on which nobody is waited for in vain.
pub(super) struct Dialogue {
    wire: Wire,
    deadlines: SmtpDeadlines,
}

/// How the message itself was answered, or why it was not.
pub(super) enum Transmission {
    Answered(Reply),
    /// Proof that the server never had the message's end.
    Unsent(Failure),
    /// It may have it.
    InDoubt(Failure),
}

impl Dialogue {
    pub(super) fn new(wire: Wire, deadlines: SmtpDeadlines) -> Self {
        Self { wire, deadlines }
    }

    /// Says a command, or several at once, and reads the first reply.
    pub(super) async fn ask(&mut self, phase: Phase, command: &str) -> Result<Reply, Failure> {
        let deadline = self.deadline(phase);
        within(deadline, phase, self.wire.ask(command.as_bytes())).await
    }

    /// Reads one more reply.
    pub(super) async fn hear(&mut self, phase: Phase) -> Result<Reply, Failure> {
        let deadline = self.deadline(phase);
        within(deadline, phase, self.wire.reply()).await
    }

    /// Says the message and waits for the word on it.
    pub(super) async fn transmit(&mut self, message: &str) -> Transmission {
        let phase = Phase::FinalReply;
        let Ok(answer) = timeout(self.deadline(phase), self.wire.ask(message.as_bytes())).await else {
            return Transmission::InDoubt(reply::timed_out(phase));
        };
        match answer {
            Ok(reply) => Transmission::Answered(reply),
            Err(broken @ (Broken::Unasked | Broken::Unwritten)) => {
                Transmission::Unsent(reply::failed(phase, &broken))
            }
            Err(broken) => Transmission::InDoubt(reply::failed(phase, &broken)),
        }
    }

    /// Whether the server is there and has said nothing that was not asked.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.wire.is_quiet()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.wire.is_encrypted()
    }

    pub(super) fn local_address(&self) -> io::Result<IpAddr> {
        self.wire.local_address()
    }

    /// The bare connection, for TLS to begin on.
    pub(super) fn into_clear(self) -> Result<TcpStream, Broken> {
        self.wire.into_clear()
    }

    fn deadline(&self, phase: Phase) -> Duration {
        let deadlines = &self.deadlines;
        match phase {
            Phase::Connect | Phase::Tls => deadlines.connect,
            Phase::Greeting | Phase::Auth => deadlines.greeting,
            Phase::Mail | Phase::Rcpt => deadlines.envelope,
            Phase::Data => deadlines.data,
            Phase::FinalReply => deadlines.final_reply,
        }
    }
}

/// The reply, if it is the one that the phase wants to go on.
pub(super) fn wanted(phase: Phase, reply: Reply, is_good: fn(&Reply) -> bool) -> Result<Reply, Failure> {
    match reply {
        reply if is_good(&reply) => Ok(reply),
        reply if reply.is_refusal() => Err(reply::refused(phase, reply.code, &reply::words(&reply))),
        reply => Err(reply::out_of_order(phase, reply.code)),
    }
}

/// Runs one step within its deadline.
async fn within(
    deadline: Duration,
    phase: Phase,
    step: impl Future<Output = Result<Reply, Broken>>,
) -> Result<Reply, Failure> {
    match timeout(deadline, step).await {
        Ok(result) => result.map_err(|broken| reply::failed(phase, &broken)),
        Err(_) => Err(reply::timed_out(phase)),
    }
}
