//! The program as a process of its own, to be killed: a test binary that runs itself again as `mensajeria`.

use std::collections::HashMap;
use std::io::{Seek, Write};
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use embedded::GuardCommand;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::HANG;
use super::servers::GUARD_ENTRY;

/// The variable that starts a test binary as the program; it holds the program's arguments, one a line.
const ARGUMENTS: &str = "MENSAJERIA_TEST_PROGRAM";
/// The variable with the failpoints for the `fail` crate.
const FAILPOINTS: &str = "FAILPOINTS";
/// The test that runs the program in a test binary; `entry_points!` defines it.
const PROGRAM_ENTRY: &str = "program_entry";
/// The test runner's output before the program's.
const RUNNERS_LINE: &str = "running 1 test\n";

/// Called by the test `program_entry`: runs the program and does not return, if the process was started as one.
#[expect(
    clippy::disallowed_methods,
    reason = "how this process is told what it is, not a setting of the program"
)]
pub fn run_if_program() {
    if let Ok(arguments) = std::env::var(ARGUMENTS) {
        let scenario = fail::FailScenario::setup();
        let arguments = std::iter::once("mensajeria").chain(arguments.lines()).map(Into::into);
        let code = gateway::cli::main(arguments);
        scenario.teardown();
        let is_code = |number: &u8| std::process::ExitCode::from(*number) == code;
        std::process::exit((0..u8::MAX).find(is_code).map_or(i32::from(u8::MAX), i32::from));
    }
}

/// A running program.
pub struct Program {
    child: Child,
    /// The URL of its API.
    pub base: String,
    /// Its further lines of output.
    said: mpsc::UnboundedReceiver<String>,
}

impl Program {
    /// Starts the program and waits for the address it listens on. `failpoints` as in `append::committed=return`.
    pub async fn start(arguments: &[&str], environment: &HashMap<String, String>, failpoints: &str) -> Self {
        Self::try_start(arguments, environment, failpoints).await.expect("the program listens")
    }

    /// The same, of a program that may die before it listens: how it ended.
    pub async fn try_start(
        arguments: &[&str],
        environment: &HashMap<String, String>,
        failpoints: &str,
    ) -> Result<Self, ExitStatus> {
        let mut command = command(arguments, environment);
        command.env(FAILPOINTS, failpoints);
        Self::listening(command).await
    }

    /// The same, with its log in a file.
    pub async fn start_logging(
        arguments: &[&str],
        environment: &HashMap<String, String>,
        log: &Path,
    ) -> Self {
        let log = std::fs::File::create(log).expect("a file for the log");
        let mut command = command(arguments, environment);
        command.stderr(log);
        Self::listening(command).await.expect("the program listens")
    }

    async fn listening(mut command: Command) -> Result<Self, ExitStatus> {
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await.expect("its output can be read") {
                if let Some(base) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                    return Ok(base.to_owned());
                }
            }
            Err(child.wait().await.expect("it has ended"))
        };
        let base = timeout(HANG, listening).await.expect("the program listens in time")?;
        let (says, said) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            // Drain the output even without a reader: a full pipe would block the program.
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = says.send(line);
            }
        });
        Ok(Self { child, base, said })
    }

    /// Starts a program without the gateway role, which prints no address.
    pub fn start_silent(arguments: &[&str], environment: &HashMap<String, String>, failpoints: &str) -> Self {
        let mut command = command(arguments, environment);
        let child =
            command.env(FAILPOINTS, failpoints).stdout(Stdio::null()).spawn().expect("the program starts");
        Self { child, base: String::new(), said: mpsc::unbounded_channel().1 }
    }

    /// The text after a label in a later line of output; lines in between are skipped.
    pub async fn says(&mut self, label: &str) -> String {
        let line = async {
            while let Some(line) = self.said.recv().await {
                if let Some(words) = line.trim().strip_prefix(label) {
                    return words.trim().to_owned();
                }
            }
            panic!("the program does not say {label}");
        };
        timeout(HANG, line).await.expect("the program says it in time")
    }

    /// Sends it a signal, such as `STOP` or `CONT`.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args([format!("-{name}"), pid]).status().await.expect("kill runs");
        assert!(sent.success(), "the program takes a signal");
    }

    /// Sends a signal to it and its child processes at once, as a service manager does.
    pub async fn signal_all(&self, name: &str) {
        let pid = self.child.id().expect("it runs");
        let pids = children(pid).into_iter().chain([pid]).map(|pid| pid.to_string());
        let sent = Command::new("kill").arg(format!("-{name}")).args(pids).status().await.expect("kill runs");
        assert!(sent.success(), "the program and its servers' guards take a signal");
    }

    /// Stops it like Ctrl-C, and waits for its end.
    pub async fn interrupt(mut self) {
        self.signal("INT").await;
        self.ends_well().await;
    }

    /// Waits for its end, which must be successful.
    pub async fn ends_well(&mut self) {
        let ended = timeout(HANG, self.child.wait()).await.expect("the program ends in time");
        assert!(ended.expect("the program can be waited for").success(), "the program ends well");
    }

    /// Kills it like `kill -9`, and waits for its end.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("the program can be killed");
    }

    /// Waits until it ends by itself, as at a failpoint. Returns its status.
    pub async fn ended(mut self) -> ExitStatus {
        self.child.wait().await.expect("the program can be waited for")
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }
}

/// The child processes of a process.
fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let of_thread = |thread: std::io::Result<std::fs::DirEntry>| {
        let path = thread.expect("a thread").path().join("children");
        // A thread may have ended by now.
        std::fs::read_to_string(path).unwrap_or_default()
    };
    let all: Vec<String> = threads.map(of_thread).collect();
    all.iter().flat_map(|pids| pids.split_whitespace()).map(|pid| pid.parse().expect("a number")).collect()
}

/// The result of a run of the program.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub output: String,
    /// Its standard error.
    pub errors: String,
}

/// Runs the program to its end, with this standard input.
pub async fn run(arguments: &[&str], environment: &HashMap<String, String>, input: &str) -> Ended {
    let mut file = tempfile::tempfile().expect("a file for its input");
    file.write_all(input.as_bytes()).and_then(|()| file.rewind()).expect("its input");
    let output = command(arguments, environment).stdin(file).stderr(Stdio::piped()).output();
    let output = timeout(HANG, output).await.expect("the program ends in time").expect("the program starts");
    let [text, errors] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("it writes text"));
    // The first lines are the test runner's.
    let own = text.split_once(RUNNERS_LINE).map_or(text.as_str(), |(_, own)| own.trim());
    let code = output.status.code().expect("it ends by itself");
    Ended { code, output: own.to_owned(), errors }
}

/// Runs the program to its end, which must be successful. Returns its standard output.
pub async fn output(arguments: &[&str], environment: &HashMap<String, String>, input: &str) -> String {
    let ended = run(arguments, environment, input).await;
    assert_eq!(ended.code, 0, "{arguments:?} ends well: {}", ended.errors);
    ended.output
}

/// A command that runs this executable as the program.
fn command(arguments: &[&str], environment: &HashMap<String, String>) -> Command {
    let executable = std::env::current_exe().expect("the path of this executable");
    let mut command = Command::new(executable);
    command
        .args([PROGRAM_ENTRY, "--exact", "--nocapture"])
        // The environment of the test run is ignored; only the test's own variables count.
        .env_remove("DATABASE_URL")
        .env_remove("NATS_URL")
        .envs(environment)
        // The program runs its own executable as its servers' guard, and that is this one.
        .envs(GuardCommand::of_test(GUARD_ENTRY).env)
        .env(ARGUMENTS, arguments.join("\n"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    command
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}
