//! The protocol between a stack and its guards: one JSON line and then instructions to the guard, marked lines of reports
//! back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::platform::Account;

/// A guard's task, sent as the first line of its standard input, so that no secret is on a command line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum GuardSpec {
    /// Keep one server running until the input ends.
    Serve(Serve),
    /// Wait until the input ends, then remove a folder.
    Remove(Removal),
}

/// One server and how to run it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Serve {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) folder: PathBuf,
    pub(crate) account: Option<Account>,
    pub(crate) log: PathBuf,
    /// Locked for as long as the server lives, so that a successor can wait for its end.
    pub(crate) lock: PathBuf,
    /// The file with the server's process, for a successor that finds the server alive without its guard.
    pub(crate) pid_file: PathBuf,
}

/// A folder to remove once these locks are free.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Removal {
    pub(crate) folder: PathBuf,
    pub(crate) locks: Vec<PathBuf>,
}

/// An instruction to the guard, one a line. The end of the input means: stop the server, and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// The server answered: restart it from now on when it ends by itself.
    Ready,
    /// Kill the server without a clean shutdown, and end.
    Crash,
}

impl Instruction {
    pub(crate) fn line(self) -> &'static str {
        match self {
            Self::Ready => "ready\n",
            Self::Crash => "crash\n",
        }
    }

    pub(crate) fn parse(line: &str) -> Option<Self> {
        [Self::Ready, Self::Crash].into_iter().find(|instruction| instruction.line().trim_end() == line)
    }
}

/// A guard's report, one a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The servers of a dead owner are still shutting down.
    Waiting,
    /// The server runs as this process.
    Running(u32),
    /// The guard failed for this reason. Without this line it ended as instructed.
    Failed(String),
}

/// Separates a report from other output on the same line, such as a test framework's.
const MARK: &str = "@mensajeria-guard ";

impl Report {
    pub(crate) fn line(&self) -> String {
        let json = serde_json::to_string(self).expect("a report with a number or a text always serialises");
        format!("{MARK}{json}\n")
    }

    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (_, json) = line.split_once(MARK)?;
        serde_json::from_str(json.trim_end()).ok()
    }
}
