//! Commands and their replies, each within its deadline.

use std::{io, net::IpAddr, sync::Arc};

use tokio::net::TcpStream;

use super::{
    Shared,
    reply::{self, Phase},
    wire::{ConnectionError, Reply, Wire},
};
use crate::provider::{failure::Failure, pulse::NoAnswer};

/// An SMTP connection with a deadline for every reply.
pub(super) struct Dialogue {
    wire: Wire,
    shared: Arc<Shared>,
}

/// The reply to the message, or the reason why there is none.
pub(super) enum Transmission {
    Answered(Reply),
    /// The server provably did not get the end of the message.
    Unsent(Failure),
    /// The server may have the message.
    InDoubt(Failure),
}

impl Dialogue {
    pub(super) fn new(wire: Wire, shared: &Arc<Shared>) -> Self {
        Self { wire, shared: Arc::clone(shared) }
    }

    /// Sends a command, or several at once, and reads the first reply.
    pub(super) async fn command(&mut self, phase: Phase, command: &str) -> Result<Reply, Failure> {
        self.note_unsolicited_reply();
        let Self { wire, shared } = self;
        let exchange =
            async { wire.exchange(command.as_bytes()).await.map_err(|error| reply::failed(phase, &error)) };
        shared.within(phase, exchange).await
    }

    /// Reads one more reply.
    pub(super) async fn read_reply(&mut self, phase: Phase) -> Result<Reply, Failure> {
        let Self { wire, shared } = self;
        let reply = async { wire.read_reply().await.map_err(|error| reply::failed(phase, &error)) };
        shared.within(phase, reply).await
    }

    /// Sends the message and reads the reply to it.
    pub(super) async fn transmit(&mut self, message: &str) -> Transmission {
        let phase = Phase::FinalReply;
        let Self { wire, shared } = self;
        let exchange = wire.exchange(message.as_bytes());
        match shared.gate.pulse.within(shared.deadlines.of(phase), exchange).await {
            Ok(Ok(reply)) => Transmission::Answered(reply),
            Ok(Err(error @ (ConnectionError::UnsolicitedReply | ConnectionError::WriteFailed))) => {
                Transmission::Unsent(reply::failed(phase, &error))
            }
            Ok(Err(error)) => Transmission::InDoubt(reply::failed(phase, &error)),
            Err(NoAnswer) => Transmission::InDoubt(reply::timed_out(phase)),
        }
    }

    /// Ends the connection by QUIT, and tells whether the server accepted something before it answered QUIT. The server
    /// works off commands in their order, so that the reply to QUIT is the last one: 221, and the end of the connection. What
    /// cannot be read may have an acceptance behind it, and is a failure.
    pub(super) async fn accepts_before_the_end(&mut self, phase: Phase) -> Result<bool, Failure> {
        const CLOSING: u16 = 221;
        let Self { wire, shared } = self;
        let replies = async {
            wire.send(b"QUIT\r\n").await;
            loop {
                match wire.read_reply().await {
                    Ok(reply) if reply.is_completion() => return Ok(reply.code != CLOSING),
                    Ok(_) => {}
                    Err(ConnectionError::Closed) => return Ok(false),
                    Err(unreadable) => return Err(reply::failed(phase, &unreadable)),
                }
            }
        };
        shared.within(phase, replies).await
    }

    /// Whether the connection is open and no unsolicited reply has come.
    pub(super) fn is_quiet(&mut self) -> bool {
        let is_quiet = self.wire.is_quiet();
        self.note_unsolicited_reply();
        is_quiet
    }

    fn note_unsolicited_reply(&mut self) {
        if self.wire.has_unsolicited_reply() {
            self.shared.distrust_replies();
        }
    }

    /// From now on the replies of the server are not counted upon to belong to what was asked.
    pub(super) fn distrust_replies(&self) {
        self.shared.distrust_replies();
    }

    pub(super) fn trusts_replies(&self) -> bool {
        self.shared.trusts_replies()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.wire.is_encrypted()
    }

    pub(super) fn local_address(&self) -> io::Result<IpAddr> {
        self.wire.local_address()
    }

    /// The raw connection, to start TLS on.
    pub(super) fn into_clear(self) -> Result<TcpStream, ConnectionError> {
        self.wire.into_clear()
    }
}

/// The reply, if its code is the one that continues the phase.
pub(super) fn expected(phase: Phase, reply: Reply, is_good: fn(&Reply) -> bool) -> Result<Reply, Failure> {
    match reply {
        reply if is_good(&reply) => Ok(reply),
        reply if reply.is_refusal() => Err(reply::refused(phase, reply.code, &reply::words(&reply))),
        reply => Err(reply::out_of_order(phase, reply.code)),
    }
}
