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

/// Tells a test binary that it is run as the program; holds the program's arguments, one a line.
const ARGUMENTS: &str = "MENSAJERIA_TEST_PROGRAM";
/// The variable by which the `fail` crate is told where to fail.
const FAILPOINTS: &str = "FAILPOINTS";
/// The name of the test by which a test binary becomes the program; `entry_points!` defines it.
const PROGRAM_ENTRY: &str = "program_entry";
/// What the test runner writes before the program does.
const RUNNERS_LINE: &str = "running 1 test\n";

/// In the test named `program_entry`: becomes the program, and does not return, if it is run as one.
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
    /// Where its front door is.
    pub base: String,
    /// What it prints after that, line by line.
    said: mpsc::UnboundedReceiver<String>,
}

impl Program {
    /// Starts the program and waits until it says where it listens. `failpoints` as in `append::committed=return`.
    pub async fn start(arguments: &[&str], environment: &HashMap<String, String>, failpoints: &str) -> Self {
        let mut command = command(arguments, environment);
        command.env(FAILPOINTS, failpoints);
        Self::listening(command).await
    }

    /// The same, with its log written to a file.
    pub async fn start_logging(
        arguments: &[&str],
        environment: &HashMap<String, String>,
        log: &Path,
    ) -> Self {
        let log = std::fs::File::create(log).expect("a file for the log");
        let mut command = command(arguments, environment);
        command.stderr(log);
        Self::listening(command).await
    }

    async fn listening(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await.expect("its output can be read") {
                if let Some(base) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                    return base.to_owned();
                }
            }
            panic!("the program ended before it listened");
        };
        let base = timeout(HANG, listening).await.expect("the program listens in time");
        let (says, said) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            // Read to its end even if nobody listens, or the program would wait for somebody who does.
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = says.send(line);
            }
        });
        Self { child, base, said }
    }

    /// Starts a program without a front door, which does not say when it is at work.
    pub fn start_silent(arguments: &[&str], environment: &HashMap<String, String>, failpoints: &str) -> Self {
        let mut command = command(arguments, environment);
        let child =
            command.env(FAILPOINTS, failpoints).stdout(Stdio::null()).spawn().expect("the program starts");
        Self { child, base: String::new(), said: mpsc::unbounded_channel().1 }
    }

    /// What stands after a label in a line that it prints after its address; lines between are passed over.
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

    /// Sends it a signal, such as `STOP` and `CONT`.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args([format!("-{name}"), pid]).status().await.expect("kill runs");
        assert!(sent.success(), "the program takes a signal");
    }

    /// Sends a signal to it and to what it runs, all at once, as a service manager does.
    pub async fn signal_all(&self, name: &str) {
        let pid = self.child.id().expect("it runs");
        let pids = children(pid).into_iter().chain([pid]).map(|pid| pid.to_string());
        let sent = Command::new("kill").arg(format!("-{name}")).args(pids).status().await.expect("kill runs");
        assert!(sent.success(), "the program and its servers' guards take a signal");
    }

    /// Ends it as Ctrl-C does and waits until it is gone.
    pub async fn interrupt(mut self) {
        self.signal("INT").await;
        self.ends_well().await;
    }

    /// Waits until it has ended as it was told to.
    pub async fn ends_well(&mut self) {
        let ended = timeout(HANG, self.child.wait()).await.expect("the program ends in time");
        assert!(ended.expect("the program can be waited for").success(), "the program ends well");
    }

    /// Kills it as `kill -9` does and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("the program can be killed");
    }

    /// Waits until it has ended by itself, as at a failpoint, and gives how.
    pub async fn ended(mut self) -> ExitStatus {
        self.child.wait().await.expect("the program can be waited for")
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }
}

/// The processes that a process has started.
fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let of_thread = |thread: std::io::Result<std::fs::DirEntry>| {
        let path = thread.expect("a thread").path().join("children");
        // A thread may be gone by now.
        std::fs::read_to_string(path).unwrap_or_default()
    };
    let all: Vec<String> = threads.map(of_thread).collect();
    all.iter().flat_map(|pids| pids.split_whitespace()).map(|pid| pid.parse().expect("a number")).collect()
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// What it wrote to standard output.
    pub output: String,
    /// What it wrote to standard error.
    pub errors: String,
}

/// Runs the program to its end, with this on its standard input.
pub async fn run(arguments: &[&str], environment: &HashMap<String, String>, input: &str) -> Ended {
    let mut file = tempfile::tempfile().expect("a file for its input");
    file.write_all(input.as_bytes()).and_then(|()| file.rewind()).expect("its input");
    let output = command(arguments, environment).stdin(file).stderr(Stdio::piped()).output();
    let output = timeout(HANG, output).await.expect("the program ends in time").expect("the program starts");
    let [text, errors] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("it writes text"));
    // The first lines are the test runner's own.
    let own = text.split_once(RUNNERS_LINE).map_or(text.as_str(), |(_, own)| own.trim());
    let code = output.status.code().expect("it ends by itself");
    Ended { code, output: own.to_owned(), errors }
}

/// Runs the program to its end, which must be a good one, and gives what it wrote to standard output.
pub async fn output(arguments: &[&str], environment: &HashMap<String, String>, input: &str) -> String {
    let ended = run(arguments, environment, input).await;
    assert_eq!(ended.code, 0, "{arguments:?} ends well: {}", ended.errors);
    ended.output
}

/// This very executable, to be run as the program.
fn command(arguments: &[&str], environment: &HashMap<String, String>) -> Command {
    let executable = std::env::current_exe().expect("the path of this executable");
    let mut command = Command::new(executable);
    command
        .args([PROGRAM_ENTRY, "--exact", "--nocapture"])
        // Of whoever runs the tests; only what a test names counts.
        .env_remove("DATABASE_URL")
        .env_remove("NATS_URL")
        .envs(environment)
        // The program runs its own executable to guard its servers, and that is this one.
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
