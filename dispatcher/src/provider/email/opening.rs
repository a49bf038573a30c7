//! Opens a connection for mail: greeting, TLS where it is wanted, log-in.

use std::sync::{Arc, atomic::Ordering};

use domain::deliveries::Observation;

use super::{
    Shared, auth,
    dialogue::{Dialogue, expected},
    extensions::Extensions,
    helo,
    reply::{self, Phase},
    security::Tls,
    stream,
    wire::{Reply, Wire},
};
use crate::provider::failure::Failure;

/// Connects, greets, agrees on TLS and logs in.
pub(super) async fn open(shared: &Arc<Shared>) -> Result<(Dialogue, Extensions), Failure> {
    let stream = stream::connect(shared).await?;
    let mut dialogue = Dialogue::new(Wire::new(stream), shared);
    let greeting = dialogue.read_reply(Phase::Greeting).await?;
    expected(Phase::Greeting, greeting, Reply::is_completion)?;
    let name = name(shared, &dialogue)?;
    let mut extensions = hello(&mut dialogue, &name).await?;
    if matches!(shared.server.tls, Tls::Required | Tls::WhenOffered) && extensions.offer("STARTTLS") {
        dialogue = start_tls(dialogue, shared).await?;
        // Discard what was offered in clear (RFC 3207 section 4.2).
        extensions = hello(&mut dialogue, &name).await?;
    }
    protected(shared, dialogue.is_encrypted())?;
    if let Some((user, password)) = &shared.server.credentials {
        auth::log_in(&mut dialogue, &extensions, user, password).await?;
    }
    Ok((dialogue, extensions))
}

/// The configured name, else the address of this end (RFC 5321 4.1.4).
fn name(shared: &Shared, dialogue: &Dialogue) -> Result<String, Failure> {
    match &shared.server.helo_name {
        Some(name) => Ok(name.clone()),
        None => dialogue.local_address().map(helo::literal).map_err(|_| reply::ended(Phase::Greeting)),
    }
}

/// EHLO; HELO if the server does not know EHLO (RFC 5321 3.2). Not if it knows EHLO and refuses our name or us (501,
/// 504, 550): by HELO it would at best take the mail without TLS and log-in, and hide a fault that must be repaired.
async fn hello(dialogue: &mut Dialogue, name: &str) -> Result<Extensions, Failure> {
    const UNRECOGNIZED: u16 = 500;
    const NOT_IMPLEMENTED: u16 = 502;
    let reply = dialogue.command(Phase::Greeting, &format!("EHLO {name}\r\n")).await?;
    if !matches!(reply.code, UNRECOGNIZED | NOT_IMPLEMENTED) {
        return expected(Phase::Greeting, reply, Reply::is_completion).map(|reply| Extensions::of(&reply));
    }
    let reply = dialogue.command(Phase::Greeting, &format!("HELO {name}\r\n")).await?;
    expected(Phase::Greeting, reply, Reply::is_completion).map(|_| Extensions::default())
}

async fn start_tls(mut dialogue: Dialogue, shared: &Arc<Shared>) -> Result<Dialogue, Failure> {
    let reply = dialogue.command(Phase::Tls, "STARTTLS\r\n").await?;
    expected(Phase::Tls, reply, Reply::is_completion)?;
    // A reply in clear after STARTTLS may come from an attacker in between.
    let tcp = dialogue.into_clear().map_err(|_| reply::unprotected(Observation::AnswerUnasked))?;
    let stream = stream::start_tls(tcp, shared).await?;
    Ok(Dialogue::new(Wire::new(stream), shared))
}

/// Whether mail and password may be sent on the connection as it is. STARTTLS is offered in clear, so an attacker on
/// the way can remove the offer: a server that has kept it once is expected to keep it (RFC 3207 section 6).
fn protected(shared: &Shared, is_encrypted: bool) -> Result<(), Failure> {
    let server = &shared.server;
    if is_encrypted {
        shared.has_had_tls.store(true, Ordering::Relaxed);
        return Ok(());
    }
    if !server.may_do_without_tls() {
        return Err(reply::unprotected(Observation::AuthUnprotected));
    }
    if server.tls == Tls::Required {
        return Err(reply::unprotected(Observation::TlsNotOffered));
    }
    if server.tls == Tls::WhenOffered && shared.has_had_tls.load(Ordering::Relaxed) {
        return Err(reply::unprotected(Observation::TlsWithdrawn));
    }
    Ok(())
}
