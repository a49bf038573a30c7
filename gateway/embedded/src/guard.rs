//! The hidden guard subcommand: it owns one server, and stops the server when its parent process ends.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, sleep, timeout};

use crate::environment::variable;
use crate::files;
use crate::folder::{LOCK_POLL, try_lock};
use crate::platform::{self, StopSignal};
use crate::predecessor::Predecessor;
use crate::protocol::{GuardSpec, Instruction, Removal, Report, Serve};
use crate::restarts::Restarts;

/// How long a guard waits for the servers of a dead owner: longer than the timeouts of their stop.
const PREDECESSOR_WAIT: Duration = Duration::from_secs(20);

/// How long a server may take to stop, and then to abort, before it is killed. Ctrl-C ends everything within two
/// seconds, and the parent needs the rest of that time.
const STOP_WAITS: [(StopSignal, Duration); 3] = [
    (StopSignal::Stop, Duration::from_millis(1_100)),
    (StopSignal::Abort, Duration::from_millis(300)),
    (StopSignal::Kill, Duration::from_secs(5)),
];

/// How long a guard with a stop signal waits for its parent. A service manager or a shell signals both at the same
/// moment, and the parent still needs the server to finish. The wait is longer than the parent's own timeout.
const PARENT_WAIT: Duration = Duration::from_secs(3);

/// The environment variables that a server receives. All others may contain secrets.
const SERVER_ENVIRONMENT: [&str; 7] =
    ["PATH", "LD_LIBRARY_PATH", "TMPDIR", "TZ", "SystemRoot", "TEMP", "TMP"];

/// The capacity of the channel of instructions. The parent sends two at most.
const INSTRUCTIONS_MAX: usize = 8;

/// Runs a guard: reads its specification from standard input, and stops its server when that input closes.
///
/// Ignores its arguments (`_args` is there for the caller's dispatch). Returns the process's exit code.
pub fn guard_main(_args: &[String]) -> ExitCode {
    let (spec, instructions) = match listen() {
        Ok(orders) => orders,
        Err(error) => return fail(&format!("failed to read the orders: {error}")),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("failed to start: {error}")),
    };
    let done = runtime.block_on(async {
        match spec {
            GuardSpec::Serve(serve) => guard_server(serve, instructions).await,
            GuardSpec::Remove(removal) => remove_at_the_end(removal, instructions).await,
        }
    });
    done.map_or_else(|reason| fail(&reason), |()| ExitCode::SUCCESS)
}

fn fail(reason: &str) -> ExitCode {
    report(&Report::Failed(reason.to_owned()));
    ExitCode::FAILURE
}

/// The parent may be gone, and with it the reader.
fn report(report: &Report) {
    let mut output = std::io::stdout().lock();
    drop(output.write_all(report.line().as_bytes()).and_then(|()| output.flush()));
}

/// Reads the first line, and returns a channel of the instructions after it, which closes with the input.
fn listen() -> std::io::Result<(GuardSpec, Receiver<Instruction>)> {
    let mut first = String::new();
    std::io::stdin().read_line(&mut first)?;
    let spec = serde_json::from_str(&first)?;
    let (sender, receiver) = channel(INSTRUCTIONS_MAX);
    std::thread::Builder::new().name("instructions".to_owned()).spawn(move || {
        let instructions = std::io::stdin().lines().map_while(Result::ok);
        for instruction in instructions.filter_map(|line| Instruction::parse(&line)) {
            if sender.blocking_send(instruction).is_err() {
                return;
            }
        }
    })?;
    Ok((spec, receiver))
}

async fn guard_server(serve: Serve, mut instructions: Receiver<Instruction>) -> Result<(), String> {
    let Some(_lock) = lock_after_predecessor(&serve.lock, &mut instructions).await? else {
        return Ok(());
    };
    Predecessor::read(&serve.pid_file).stop(&STOP_WAITS).await;
    let mut terminated = terminated().map_err(|error| format!("failed to listen for signals: {error}"))?;
    let mut restarts = Restarts::default();
    let mut is_ready = false;
    let mut server = start(&serve)?;
    loop {
        tokio::select! {
            instruction = instructions.recv() => match instruction {
                Some(Instruction::Ready) => is_ready = true,
                Some(Instruction::Crash) => return end(&mut server, &STOP_WAITS[2..]).await,
                None => return end(&mut server, &STOP_WAITS).await,
            },
            () = terminated.recv() => {
                parent_is_done(&mut instructions).await;
                return end(&mut server, &STOP_WAITS).await;
            }
            ended = server.wait() => {
                let reason = reason_of(ended, &serve.log);
                let pause = if is_ready { restarts.next_pause(Instant::now()) } else { None };
                if has_parent_ended(timeout(pause.ok_or(reason)?, instructions.recv()).await) {
                    return Ok(());
                }
                server = start(&serve)?;
            }
        }
    }
}

/// Waits until the parent closes the input, or for a timeout.
async fn parent_is_done(instructions: &mut Receiver<Instruction>) {
    let _ = timeout(PARENT_WAIT, async { while instructions.recv().await.is_some() {} }).await;
}

/// Whether the parent ended the guard during the pause before a restart. The pause gives the remaining processes of a
/// killed server time to end.
fn has_parent_ended(heard: Result<Option<Instruction>, tokio::time::error::Elapsed>) -> bool {
    matches!(heard, Ok(None | Some(Instruction::Crash)))
}

fn start(serve: &Serve) -> Result<Child, String> {
    let failed = |error: std::io::Error| format!("failed to run {}: {error}", serve.program.display());
    let log = files::open_log(&serve.log).map_err(failed)?;
    let mut command = std::process::Command::new(&serve.program);
    command.args(&serve.args).stdin(Stdio::null());
    command.stdout(log.try_clone().map_err(failed)?).stderr(log);
    command.env_clear().envs(SERVER_ENVIRONMENT.iter().filter_map(|name| Some((name, variable(name)?))));
    platform::run_in(&mut command, &serve.folder, serve.account).map_err(failed)?;
    let server = Command::from(command).kill_on_drop(true).spawn().map_err(failed)?;
    let pid = server.id().ok_or("the server ended at once")?;
    Predecessor::write(&serve.pid_file, pid)
        .map_err(|error| format!("failed to note the process: {error}"))?;
    report(&Report::Running(pid));
    Ok(server)
}

/// Stops the server by one signal after the other, each with its timeout. The last one cannot be ignored.
async fn end(server: &mut Child, ways: &[(StopSignal, Duration)]) -> Result<(), String> {
    for (ask, limit) in ways {
        let Some(pid) = server.id() else {
            return Ok(());
        };
        platform::signal(pid, *ask);
        if timeout(*limit, server.wait()).await.is_ok() {
            return Ok(());
        }
    }
    Err("the server does not end, though killed".to_owned())
}

fn reason_of(ended: std::io::Result<std::process::ExitStatus>, log: &Path) -> String {
    let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
    format!("it ended ({how}), saying last:\n{}", files::tail(log))
}

/// The server's lock, once the guard of a dead owner has released it; none if the parent ended meanwhile.
async fn lock_after_predecessor(
    path: &Path,
    instructions: &mut Receiver<Instruction>,
) -> Result<Option<File>, String> {
    let failed = |error: std::io::Error| format!("failed to lock {}: {error}", path.display());
    let deadline = Instant::now() + PREDECESSOR_WAIT;
    let mut has_waited = false;
    loop {
        if let Some(lock) = try_lock(path).map_err(failed)? {
            return Ok(Some(lock));
        }
        if !std::mem::replace(&mut has_waited, true) {
            report(&Report::Waiting);
        }
        if Instant::now() >= deadline {
            return Err(format!("the server of a former run still holds {}", path.display()));
        }
        if let Ok(None) = timeout(LOCK_POLL, instructions.recv()).await {
            return Ok(None);
        }
    }
}

/// Waits for the end of the input and of both servers, then removes the folder.
async fn remove_at_the_end(removal: Removal, mut instructions: Receiver<Instruction>) -> Result<(), String> {
    let mut terminated = terminated().map_err(|error| format!("failed to listen for signals: {error}"))?;
    loop {
        tokio::select! {
            instruction = instructions.recv() => if instruction.is_none() { break },
            () = terminated.recv() => break,
        }
    }
    let deadline = Instant::now() + PREDECESSOR_WAIT;
    while removal.locks.iter().any(|lock| is_held(lock)) && Instant::now() < deadline {
        sleep(LOCK_POLL).await;
    }
    std::fs::remove_dir_all(&removal.folder)
        .map_err(|error| format!("failed to remove {}: {error}", removal.folder.display()))
}

fn is_held(lock: &Path) -> bool {
    lock.exists() && matches!(try_lock(lock), Ok(None))
}

#[cfg(unix)]
use unix_signals::terminated;

#[cfg(unix)]
mod unix_signals {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The signals that would end a guard without its server. SIGHUP of a closing terminal is ignored: only the
    /// parent's end counts.
    pub(crate) struct Terminated {
        terminate: Signal,
        interrupt: Signal,
        _hang_up: Signal,
    }

    pub(crate) fn terminated() -> std::io::Result<Terminated> {
        Ok(Terminated {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            _hang_up: signal(SignalKind::hangup())?,
        })
    }

    impl Terminated {
        pub(crate) async fn recv(&mut self) {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        }
    }
}

#[cfg(not(unix))]
struct Terminated;

#[cfg(not(unix))]
fn terminated() -> std::io::Result<Terminated> {
    Ok(Terminated)
}

#[cfg(not(unix))]
impl Terminated {
    async fn recv(&mut self) {
        std::future::pending().await
    }
}
