//! One server under its guard: started on a port that it keeps, stopped, killed, started again.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::error::StackError;
use crate::guarded::{GuardCommand, GuardState, Guarded};
use crate::options::Print;
use crate::protocol::{GuardSpec, Serve};

/// How often a start is tried. Another program may take a free port before the server does, and the processes of a
/// killed PostgreSQL hold its shared memory until they end.
const START_TRIES: u32 = 7;

/// The pause before the second try; it doubles with each, to about three seconds in all.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The timeout of a start; a database that recovers from a kill under load takes a while.
const READY_WAIT: Duration = Duration::from_secs(60);

/// How often a starting server is probed.
const READY_POLL: Duration = Duration::from_millis(10);

/// One server of a stack.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    serve: Serve,
    guard: GuardCommand,
    guarded: Mutex<Option<Guarded>>,
}

/// Identifies a server of this stack; called repeatedly while the server starts.
pub(crate) trait Probe {
    /// Whether the answering server is this stack's own and ready.
    async fn is_ready(&self) -> bool;
}

impl Server {
    pub(crate) fn new(name: &'static str, serve: Serve, guard: &GuardCommand) -> Self {
        Self { name, serve, guard: guard.clone(), guarded: Mutex::new(None) }
    }

    /// Starts the server unless it runs, and returns when the probe succeeds.
    pub(crate) async fn start(&self, probe: &impl Probe, print: &Print) -> Result<(), StackError> {
        let mut guarded = self.guarded.lock().await;
        if guarded.is_some() {
            return Ok(());
        }
        let mut guard = Guarded::spawn(&self.guard, &GuardSpec::Serve(self.serve.clone()))?;
        self.wait_until_ready(&guard, probe, print).await?;
        guard.mark_ready();
        *guarded = Some(guard);
        Ok(())
    }

    async fn wait_until_ready(
        &self,
        guard: &Guarded,
        probe: &impl Probe,
        print: &Print,
    ) -> Result<(), StackError> {
        let state = guard.state();
        let mut has_waited = false;
        let mut deadline = Instant::now() + READY_WAIT;
        while Instant::now() < deadline {
            let now = state.borrow().clone();
            match now {
                GuardState::Ended(reason) => return Err(self.error("start", reason)),
                GuardState::Running(_) if probe.is_ready().await => return Ok(()),
                GuardState::Waiting if !std::mem::replace(&mut has_waited, true) => {
                    print.line(&format!("waiting for the {} of a former run to end", self.name));
                    deadline = Instant::now() + READY_WAIT;
                }
                _ => {}
            }
            sleep(READY_POLL).await;
        }
        Err(self.error("start", Some(format!("no answer within {} s", READY_WAIT.as_secs()))))
    }

    /// Stops the server. Stopping it twice is fine.
    pub(crate) async fn stop(&self) -> Result<(), StackError> {
        match self.guarded.lock().await.take() {
            Some(guard) => guard.stop().await,
            None => Ok(()),
        }
    }

    /// Kills the server like a power failure, and leaves it down.
    pub(crate) async fn crash(&self) -> Result<(), StackError> {
        match self.guarded.lock().await.take() {
            Some(guard) => guard.crash().await,
            None => Ok(()),
        }
    }

    /// The process id of the running server.
    pub(crate) async fn pid(&self) -> Option<u32> {
        match *self.guarded.lock().await.as_ref()?.state().borrow() {
            GuardState::Running(pid) => Some(pid),
            _ => None,
        }
    }

    /// Waits until the guard has given up. A server stopped on purpose never counts.
    pub(crate) async fn failed(&self) -> StackError {
        let state = self.guarded.lock().await.as_ref().map(Guarded::state);
        let Some(mut state) = state else {
            return std::future::pending().await;
        };
        let ended = state.wait_for(|state| matches!(state, GuardState::Ended(Some(_)))).await;
        if let Ok(GuardState::Ended(reason)) = ended.as_deref() {
            return self.error("stay up", reason.clone());
        }
        drop(ended);
        std::future::pending().await
    }

    fn error(&self, verb: &'static str, reason: Option<String>) -> StackError {
        let reason = reason.unwrap_or_else(|| "it was told to end meanwhile".to_owned());
        StackError::Server { server: self.name, verb, reason }
    }
}

/// Starts a server on a free port, and on another one if that port was taken meanwhile.
pub(crate) async fn on_a_free_port<S>(
    start: impl AsyncFn(u16) -> Result<S, StackError>,
) -> Result<S, StackError> {
    with_retries(async || start(free_port()?).await).await
}

/// Retries with growing pauses when a server ends before it answers.
pub(crate) async fn with_retries<S>(start: impl AsyncFn() -> Result<S, StackError>) -> Result<S, StackError> {
    let mut pauses = (0..START_TRIES - 1).map(|doubled| FIRST_PAUSE * 2_u32.pow(doubled));
    loop {
        let outcome = start().await;
        match (outcome, pauses.next()) {
            (Err(error), Some(pause)) if error.is_retryable() => sleep(pause).await,
            (outcome, _) => return outcome,
        }
    }
}

/// A port on the loopback that is free at this moment.
fn free_port() -> Result<u16, StackError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| StackError::Failed {
        program: "looking for a free port".to_owned(),
        output: error.to_string(),
    })
}
