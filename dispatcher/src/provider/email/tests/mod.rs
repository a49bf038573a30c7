//! The SMTP client against real sockets: the simulator, and a server that does just what a test says.

mod loose;
mod opening;
mod pipelining;
mod protocol;
mod scripted;
mod simulated;
mod tls;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::DateTime;
use domain::{
    deliveries::{FailureClass, Observation},
    value::Channel,
};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::*;
use crate::{
    provider::{Doubt, RetryAdvice, TlsMode},
    simulator::{Behaviour, Outcome, Refusal, Simulator, SimulatorOptions},
};

fn now() -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time")
}

fn options() -> SimulatorOptions {
    SimulatorOptions::new(Arc::new(now))
}

async fn simulator() -> Simulator {
    Simulator::start(options()).await.expect("a simulator")
}

fn sender_to(simulator: &Simulator) -> EmailSender {
    EmailProvider::try_new(&simulator.smtp_settings(1)).expect("good settings").sender()
}

fn mail(to: &str) -> Outgoing {
    Outgoing {
        delivery_id: Uuid::from_u128(7).into(),
        generation: 1,
        attempt: 1,
        to: to.into(),
        to_name: Some("Ana Núñez".into()),
        subject: Some("Corte de luz".into()),
        body: "Hola, Ana".into(),
        html: None,
        is_personal: false,
        requested_at: now(),
        returns: Default::default(),
    }
}

async fn start() -> Result<(), StartRefused> {
    Ok(())
}

async fn refuse() -> Result<(), StartRefused> {
    Err(StartRefused)
}

async fn never() -> Result<(), StartRefused> {
    panic!("the server never said 354")
}

fn unsent(result: Result<Accepted, SendFailure>) -> Failure {
    match result {
        Err(SendFailure::Unsent(failure)) => failure,
        other => panic!("not provably unsent: {other:?}"),
    }
}

fn doubt(result: Result<Accepted, SendFailure>) -> Doubt {
    match result {
        Err(SendFailure::InDoubt(doubt)) => doubt,
        other => panic!("not in doubt: {other:?}"),
    }
}

fn accepted(simulator: &Simulator) -> u64 {
    simulator.counts(Channel::Email).accepted
}

fn settings(url: &str) -> SmtpSettings {
    SmtpSettings::new("prueba", url, "avisos@mensajeria.test")
}

fn sender_of(settings: &SmtpSettings) -> EmailSender {
    EmailProvider::try_new(settings).expect("good settings").sender()
}

fn sender_at(url: &str, deadlines: SmtpDeadlines) -> EmailSender {
    EmailProvider::with_deadlines(&settings(url), deadlines).expect("good settings").sender()
}
