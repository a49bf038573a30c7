//! The memory and CPU time of other processes, from `/proc`.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

/// The memory of a process, in bytes. Only on systems with `/proc`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// The current resident memory.
    pub now: u64,
    /// The peak of resident memory.
    pub peak: u64,
}

impl Memory {
    /// The memory of a process.
    pub fn of(process: u32) -> Option<Self> {
        let status = std::fs::read_to_string(PathBuf::from(format!("/proc/{process}/status"))).ok()?;
        Some(Self { now: kilobytes(&status, "VmRSS:")? * 1024, peak: kilobytes(&status, "VmHWM:")? * 1024 })
    }
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// The load average of the last minute. Only on systems with `/proc`.
pub(super) fn load_average() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Bytes in MB, as in the goals.
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Resets the peak of a process's memory, so that the next peak is that of the next phase. Only on Linux, and only for
/// own processes.
///
/// # Errors
/// A system without this feature.
pub fn reset_peak(process: u32) -> std::io::Result<()> {
    std::fs::write(format!("/proc/{process}/clear_refs"), RESET_PEAK)
}

/// The value for `clear_refs` that resets the peak (`proc_pid_clear_refs(5)`).
const RESET_PEAK: &str = "5";

/// The user and system CPU time of a process and its descendants, ended ones included. `None` without `/proc` or
/// without the process.
///
/// The time of a child's own ended children counts only once the child has ended: PostgreSQL's children have none.
pub fn cpu_of_tree(root: u32) -> Option<Duration> {
    let own = Ticks::of(root)?;
    let children: u64 = children(root)?.into_iter().filter_map(Ticks::of).map(|child| child.own).sum();
    Some(Duration::from_millis((own.own + own.ended_children + children) * 1_000 / TICKS_PER_SECOND))
}

/// The unit of CPU time in `/proc`, independent of the kernel's own tick (`sysconf(_SC_CLK_TCK)`).
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

    /// The second field, the name, may contain anything, brackets and spaces too: fields are counted after its end.
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
    // A thread may have ended by now.
    let lists =
        threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    Some(
        lists
            .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
            .collect(),
    )
}

/// Sends SIGINT to a process, like Ctrl-C.
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
