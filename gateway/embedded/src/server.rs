//! One server under its guard: started on a port that stays its own, stopped, killed, started again.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::error::StackError;
use crate::guarded::{GuardCommand, GuardState, Guarded};
use crate::options::Print;
use crate::protocol::{GuardSpec, Serve};

/// How often a start is tried. Between choosing a free port and using it, another program may take it; and the
/// processes of a PostgreSQL that was killed hold its memory until they have noticed.
const START_TRIES: u32 = 7;

/// The pause before the second try; it doubles from try to try, to about three seconds in all.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How long a server may take to answer; a database that recovers from a kill under load needs more than a moment.
const READY_WAIT: Duration = Duration::from_secs(60);

/// How often a starting server is asked whether it answers.
const READY_POLL: Duration = Duration::from_millis(10);

/// One server of a stack.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    serve: Serve,
    guard: GuardCommand,
    guarded: Mutex<Option<Guarded>>,
}

/// What makes a server ours: asked again and again while it starts.
pub(crate) trait Probe {
    /// Whether the server that answers is ours and ready.
    async fn is_ready(&self) -> bool;
}

impl Server {
    pub(crate) fn new(name: &'static str, serve: Serve, guard: &GuardCommand) -> Self {
        Self { name, serve, guard: guard.clone(), guarded: Mutex::new(None) }
    }

    /// Starts it, unless it runs already, and returns when the probe is content.
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

    /// Stops it; a server that does not run is fine too.
    pub(crate) async fn stop(&self) -> Result<(), StackError> {
        match self.guarded.lock().await.take() {
            Some(guard) => guard.stop().await,
            None => Ok(()),
        }
    }

    /// Kills it as a power cut would, and leaves it down.
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

    /// Waits until its guard has given up; a server stopped on purpose never counts.
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

/// Starts something on a free port, and on another one when that was taken meanwhile.
pub(crate) async fn on_a_free_port<S>(
    start: impl AsyncFn(u16) -> Result<S, StackError>,
) -> Result<S, StackError> {
    persistently(async || start(free_port()?).await).await
}

/// Tries again, ever later, when a server ended before it answered.
pub(crate) async fn persistently<S>(start: impl AsyncFn() -> Result<S, StackError>) -> Result<S, StackError> {
    let mut pauses = (0..START_TRIES - 1).map(|doubled| FIRST_PAUSE * 2_u32.pow(doubled));
    loop {
        let outcome = start().await;
        match (outcome, pauses.next()) {
            (Err(error), Some(pause)) if error.is_worth_another_try() => sleep(pause).await,
            (outcome, _) => return outcome,
        }
    }
}

/// A port on the loopback that nobody listens on at this moment.
fn free_port() -> Result<u16, StackError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| StackError::Failed {
        program: "looking for a free port".to_owned(),
        output: error.to_string(),
    })
}
