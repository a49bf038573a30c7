//! What the system tells of another process of ours: its memory and its CPU time.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

/// The memory of a process, in bytes; only where the system has `/proc`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// Resident now.
    pub now: u64,
    /// The most that was ever resident.
    pub peak: u64,
}

impl Memory {
    /// What a process has.
    pub fn of(process: u32) -> Option<Self> {
        let status = std::fs::read_to_string(PathBuf::from(format!("/proc/{process}/status"))).ok()?;
        Some(Self { now: kilobytes(&status, "VmRSS:")? * 1024, peak: kilobytes(&status, "VmHWM:")? * 1024 })
    }
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// How many tasks want a core, over the last minute; only where the system has `/proc`.
pub(super) fn load_average() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Bytes as the goals count them.
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Lets a process forget the most that was ever resident, so that the next peak is one of its own. Only on Linux, and
/// only for processes of ours.
///
/// # Errors
/// A system that does not offer it.
pub fn forget_peak(process: u32) -> std::io::Result<()> {
    std::fs::write(format!("/proc/{process}/clear_refs"), RESET_PEAK)
}

/// What `clear_refs` takes for the peak (`proc_pid_clear_refs(5)`).
const RESET_PEAK: &str = "5";

/// The CPU time, of user and system, of a process and of all that it started, those that have ended included. `None`
/// where there is no `/proc`, or no such process.
///
/// What a child's own ended children took is counted only once the child has ended: PostgreSQL's have none.
pub fn cpu_of_tree(root: u32) -> Option<Duration> {
    let own = Ticks::of(root)?;
    let children: u64 = children(root)?.into_iter().filter_map(Ticks::of).map(|child| child.own).sum();
    Some(Duration::from_millis((own.own + own.ended_children + children) * 1_000 / TICKS_PER_SECOND))
}

/// How Linux counts CPU time for programs, whatever the kernel's own tick (`sysconf(_SC_CLK_TCK)`).
const TICKS_PER_SECOND: u64 = 100;

/// The CPU time of a process.
#[derive(Debug, PartialEq)]
struct Ticks {
    own: u64,
    ended_children: u64,
}

impl Ticks {
    fn of(process: u32) -> Option<Self> {
        Self::read(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
    }

    /// The name, the second field, may hold anything, brackets and spaces too: fields are counted after its end.
    fn read(stat: &str) -> Option<Self> {
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<u64> =
            fields.split_whitespace().skip(11).take(4).map_while(|field| field.parse().ok()).collect();
        let [user, system, children_user, children_system] = fields[..] else { return None };
        Some(Self { own: user + system, ended_children: children_user + children_system })
    }
}

fn children(process: u32) -> Option<Vec<u32>> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).ok()?;
    // A thread may be gone by now.
    let lists =
        threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    Some(
        lists
            .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
            .collect(),
    )
}

/// Asks a process to end as Ctrl-C does.
///
/// # Errors
/// A system without `kill`.
pub async fn interrupt(process: u32) -> std::io::Result<()> {
    // A process that has ended meanwhile is fine.
    Command::new("kill").args(["-INT", &process.to_string()]).status().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t   34568 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!((kilobytes(status, "VmHWM:"), kilobytes(status, "VmRSS:")), (Some(34_568), Some(1_024)));
        assert_eq!(kilobytes(status, "VmSwap:"), None);
    }

    #[test]
    fn cpu_time_is_read_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 50 25 10 5 20 0 1 0 9 8";
        assert_eq!(Ticks::read(stat), Some(Ticks { own: 75, ended_children: 15 }));
        assert_eq!(Ticks::read("7 (a) S 1"), None);
    }
}
