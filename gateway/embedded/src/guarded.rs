//! The parent's handle of a guard: starts it, reads its reports, ends it.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::environment::variable;
use crate::error::StackError;
use crate::platform;
use crate::protocol::{GuardSpec, Instruction, Report};

/// How long a guard may take to end: more than its server's timeouts.
const END_WAIT: Duration = Duration::from_secs(9);

/// How to run a guard: this executable with the argument `guard`, or a test's own binary.
///
/// The program must call [`crate::guard_main`] and write little to standard output.
#[derive(Debug, Clone)]
pub struct GuardCommand {
    /// The executable; its path must stay valid.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables added to the environment.
    pub env: Vec<(String, String)>,
}

impl Default for GuardCommand {
    fn default() -> Self {
        Self { program: this_executable(), args: vec!["guard".to_owned()], env: Vec::new() }
    }
}

impl GuardCommand {
    /// A guard command for a test binary. Its `#[test]` of this full name must call [`GuardCommand::run_if_guard`].
    #[must_use]
    pub fn of_test(name: &str) -> Self {
        let args = [name, "--exact", "--nocapture", "--include-ignored"].map(str::to_owned).to_vec();
        Self { program: this_executable(), args, env: vec![(GUARD_VARIABLE.to_owned(), "1".to_owned())] }
    }

    /// Called by the test named to [`GuardCommand::of_test`]: runs a guard and does not return, if the process was
    /// started as one.
    pub fn run_if_guard() {
        if variable(GUARD_VARIABLE).is_some() {
            let is_success = crate::guard_main(&[]) == ExitCode::SUCCESS;
            std::process::exit(i32::from(!is_success));
        }
    }
}

/// The variable that starts a test binary as a guard.
const GUARD_VARIABLE: &str = "MENSAJERIA_TEST_GUARD";

fn this_executable() -> PathBuf {
    std::env::current_exe().expect("the path of the running executable is known on every system we build for")
}

/// A running guard. Dropping it closes the guard's input, which stops its server.
#[derive(Debug)]
pub(crate) struct Guarded {
    input: ChildStdin,
    state: watch::Receiver<GuardState>,
}

/// The guard's last report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GuardState {
    Starting,
    Waiting,
    Running(u32),
    /// The guard has ended, with the reason if the end was unexpected.
    Ended(Option<String>),
}

impl Guarded {
    pub(crate) fn spawn(guard: &GuardCommand, spec: &GuardSpec) -> Result<Self, StackError> {
        let failed = |error: std::io::Error| StackError::Failed {
            program: format!("the guard {}", guard.program.display()),
            output: error.to_string(),
        };
        let mut child = command(guard).spawn().map_err(failed)?;
        let (mut input, output) = match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => (input, output),
            _ => unreachable!("both were asked for as pipes"),
        };
        let line = serde_json::to_string(spec).expect("paths and texts always serialise") + "\n";
        input.write_all(line.as_bytes()).map_err(failed)?;
        let (sender, state) = watch::channel(GuardState::Starting);
        // A thread instead of a task: tests with different runtimes share a stack.
        std::thread::Builder::new()
            .name("guard".to_owned())
            .spawn(move || follow(child, output, &sender))
            .map_err(failed)?;
        Ok(Self { input, state })
    }

    pub(crate) fn state(&self) -> watch::Receiver<GuardState> {
        self.state.clone()
    }

    /// Tells the guard to restart the server from now on when it ends by itself.
    pub(crate) fn mark_ready(&mut self) {
        self.send(Instruction::Ready);
    }

    /// Kills the server without a clean shutdown, and waits for the guard's end.
    pub(crate) async fn crash(mut self) -> Result<(), StackError> {
        self.send(Instruction::Crash);
        ended(&mut self.state).await
    }

    /// Closes the guard's input and waits for its end.
    pub(crate) async fn stop(self) -> Result<(), StackError> {
        let Self { input, mut state } = self;
        drop(input);
        ended(&mut state).await
    }

    /// Sends an instruction. A failure is ignored: the guard's end shows in its state.
    fn send(&mut self, instruction: Instruction) {
        drop(self.input.write_all(instruction.line().as_bytes()).and_then(|()| self.input.flush()));
    }
}

fn command(guard: &GuardCommand) -> Command {
    let mut command = Command::new(&guard.program);
    command.args(&guard.args).envs(guard.env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    platform::own_group(&mut command);
    command
}

/// Turns the guard's reports into states, and its end into the last state.
fn follow(mut child: Child, output: ChildStdout, state: &watch::Sender<GuardState>) {
    let mut reason = None;
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        match Report::parse(&line) {
            Some(Report::Waiting) => drop(state.send_replace(GuardState::Waiting)),
            Some(Report::Running(pid)) => drop(state.send_replace(GuardState::Running(pid))),
            Some(Report::Failed(why)) => reason = Some(why),
            None => {}
        }
    }
    // Reap the process, so that no zombie remains.
    let killed = match child.wait() {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("its guard ended ({status})")),
        Err(error) => Some(error.to_string()),
    };
    state.send_replace(GuardState::Ended(reason.or(killed)));
}

async fn ended(state: &mut watch::Receiver<GuardState>) -> Result<(), StackError> {
    let ended = state.wait_for(|state| matches!(state, GuardState::Ended(_)));
    match timeout(END_WAIT, ended).await {
        Ok(Ok(state)) => match &*state {
            GuardState::Ended(Some(reason)) => Err(not_stopped(reason.clone())),
            _ => Ok(()),
        },
        Ok(Err(_)) => Ok(()),
        Err(_) => Err(not_stopped(format!("no end within {} s", END_WAIT.as_secs()))),
    }
}

fn not_stopped(reason: String) -> StackError {
    StackError::Server { server: "the guard", verb: "stop", reason }
}
