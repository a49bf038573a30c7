//! The predecessor of a server: left alive by a killed guard, identified by process id and start time, then stopped.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::folder::LOCK_POLL;
use crate::platform::{self, StopSignal};

/// The process recorded by the guard of a former run, if it is still that process.
#[derive(Debug)]
pub(crate) struct Predecessor(Option<Noted>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Noted {
    pid: u32,
    /// Process ids are reused; a process id with its start time is not.
    started: String,
}

impl Predecessor {
    /// Reads the record. A record that is missing, torn or of an ended process means that there is no predecessor.
    pub(crate) fn read(path: &Path) -> Self {
        let noted = std::fs::read_to_string(path).ok().and_then(|text| {
            let (pid, started) = text.trim().split_once(' ')?;
            Some(Noted { pid: pid.parse().ok()?, started: started.to_owned() })
        });
        Self(noted)
    }

    /// Records the server's process.
    pub(crate) fn write(path: &Path, pid: u32) -> std::io::Result<()> {
        std::fs::write(path, format!("{pid} {}", started(pid).unwrap_or_default()))
    }

    /// Stops the process by one signal after the other, each with its timeout.
    pub(crate) async fn stop(self, ways: &[(StopSignal, Duration)]) {
        let Some(noted) = self.0 else {
            return;
        };
        for (ask, limit) in ways {
            if !noted.is_alive() {
                return;
            }
            platform::signal(noted.pid, *ask);
            let deadline = Instant::now() + *limit;
            while noted.is_alive() && Instant::now() < deadline {
                sleep(LOCK_POLL).await;
            }
        }
    }
}

impl Noted {
    fn is_alive(&self) -> bool {
        platform::is_alive(self.pid) && started(self.pid).is_some_and(|started| started == self.started)
    }
}

/// The start time of a process in Linux's clock ticks (field 22 of its stat). None on other systems, where no
/// predecessor is stopped.
pub(crate) fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    let is_zombie = fields.next()? == "Z";
    let start = fields.nth(18)?;
    (!is_zombie).then(|| start.to_owned())
}
