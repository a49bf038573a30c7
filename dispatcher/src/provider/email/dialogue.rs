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

/// How the message itself was answered, or why it was not.
pub(super) enum Transmission {
    Answered(Reply),
    /// Proof that the server never had the message's end.
    Unsent(Failure),
    /// It may have it.
    InDoubt(Failure),
}

impl Dialogue {
    pub(super) fn new(wire: Wire, shared: &Arc<Shared>) -> Self {
        Self { wire, shared: Arc::clone(shared) }
    }

    /// Sends a command, or several at once, and reads the first reply.
    pub(super) async fn command(&mut self, phase: Phase, command: &str) -> Result<Reply, Failure> {
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

    /// Whether the connection is open and no reply has come that answers nothing.
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
    pub(super) fn into_clear(self) -> Result<TcpStream, ConnectionError> {
        self.wire.into_clear()
    }
}

/// The reply, if it is the one that the phase needs to go on.
pub(super) fn expected(phase: Phase, reply: Reply, is_good: fn(&Reply) -> bool) -> Result<Reply, Failure> {
    match reply {
        reply if is_good(&reply) => Ok(reply),
        reply if reply.is_refusal() => Err(reply::refused(phase, reply.code, &reply::words(&reply))),
        reply => Err(reply::out_of_order(phase, reply.code)),
    }
}
