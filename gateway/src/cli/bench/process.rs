//! What the system tells of another process of ours: its memory.

use std::path::PathBuf;

/// The memory of a process, in bytes; only where the system has `/proc`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Memory {
    /// Resident now.
    pub(super) now: u64,
    /// The most that was ever resident.
    pub(super) peak: u64,
}

impl Memory {
    pub(super) fn of(process: u32) -> Option<Self> {
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
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Asks a process to end as Ctrl-C would.
#[cfg(unix)]
pub(super) fn interrupt(process: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        // One that has ended meanwhile is fine.
        let _ = kill_process(pid, Signal::INT);
    }
}

/// Where there are no signals, the caller kills it.
#[cfg(not(unix))]
pub(super) fn interrupt(_process: u32) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t   34568 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!((kilobytes(status, "VmHWM:"), kilobytes(status, "VmRSS:")), (Some(34_568), Some(1_024)));
        assert_eq!(kilobytes(status, "VmSwap:"), None);
    }
}
