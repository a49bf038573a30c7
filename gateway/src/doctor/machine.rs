//! The machine: the disk of the data folder, memory, and open files.

use std::fs;
use std::path::Path;

use dispatcher::probe::Finding;

/// The memory that a process needs to be at ease, in bytes: 120 MB of its own, and room for log-ins and imports.
const MEMORY_MIN: u64 = 256 << 20;
/// The open files that a process of the role `gateway` makes use of (docs/OPERATIONS.md).
const FILES_MIN: u64 = 11_000;
/// From this much free disk down an operator should look, in bytes.
const DISK_LOW: u64 = 5 << 30;
/// From this much down servers soon stop, in bytes.
const DISK_FULL: u64 = 512 << 20;

/// Looks at the machine.
pub(crate) fn machine(data: &Path) -> Vec<Finding> {
    vec![disk(data), memory(), files()]
}

fn disk(data: &Path) -> Finding {
    const CHECK: &str = "machine.disk";
    let folder = data.ancestors().find(|folder| folder.exists()).unwrap_or(data);
    let advice = "free some space: PostgreSQL and JetStream stop on a full disk";
    match free(folder) {
        Some(free) => {
            let seen = format!("{} MiB are free at {}", free >> 20, folder.display());
            judge(CHECK, seen, advice, free > DISK_LOW, free <= DISK_FULL)
        }
        None => Finding::warning(CHECK, format!("the space at {} cannot be read", folder.display()), advice),
    }
}

fn judge(check: &str, seen: String, advice: &str, is_ok: bool, is_fault: bool) -> Finding {
    match (is_ok, is_fault) {
        (true, _) => Finding::ok(check, seen),
        (_, true) => Finding::fault(check, seen, advice),
        _ => Finding::warning(check, seen, advice),
    }
}

#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let space = rustix::fs::statvfs(folder).ok()?;
    Some(space.f_bavail.saturating_mul(space.f_frsize))
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Option<u64> {
    None
}

/// The smaller of the machine's memory and the limit of the process's control group.
fn memory() -> Finding {
    const CHECK: &str = "machine.memory";
    let limits = [of_machine(), of_group()];
    let Some(limit) = limits.into_iter().flatten().min() else {
        return Finding::warning(
            CHECK,
            "cannot be known: this system does not tell it",
            "look up yourself whether each process can have 256 MiB",
        );
    };
    let seen = format!("a process may use {} MiB", limit >> 20);
    judge(
        CHECK,
        seen,
        "give each process 256 MiB at least (MemoryMax= in systemd, or the container's limit)",
        limit >= MEMORY_MIN,
        false,
    )
}

fn of_machine() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.split_whitespace().next()?.parse().ok()?;
    Some(kib << 10)
}

/// The smallest limit of the group and of those around it.
fn of_group() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let root = Path::new("/sys/fs/cgroup");
    let group = root.join(group);
    let limit = |folder: &Path| fs::read_to_string(folder.join("memory.max")).ok()?.trim().parse().ok();
    group.ancestors().take_while(|folder| folder.starts_with(root)).filter_map(limit).min()
}

fn files() -> Finding {
    const CHECK: &str = "machine.files";
    let most = most_files();
    let seen = format!("a process may open {most} files");
    judge(
        CHECK,
        seen,
        "let a process of the role gateway open 11,000 files or more (LimitNOFILE= in systemd): it takes fewer \
         connections otherwise",
        most >= FILES_MIN,
        false,
    )
}

/// The hard limit, to which a gateway raises its own.
#[cfg(unix)]
fn most_files() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
fn most_files() -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use dispatcher::probe::Level;

    use super::*;

    #[test]
    fn a_machine_tells_its_disk_memory_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let findings = machine(&folder.path().join("not/there/yet"));
        let checks: Vec<_> = findings.iter().map(|finding| finding.check.as_str()).collect();
        assert_eq!(checks, ["machine.disk", "machine.memory", "machine.files"]);
        assert!(findings[0].seen.contains("MiB are free"), "{:?}", findings[0]);
    }

    #[test]
    fn a_bound_that_is_met_is_ok_and_one_that_is_passed_is_a_fault() {
        let level = |is_ok, is_fault| judge("c", String::new(), "a", is_ok, is_fault).level;
        assert_eq!(level(true, false), Level::Ok);
        assert_eq!(level(false, false), Level::Warning);
        assert_eq!(level(false, true), Level::Fault);
    }
}
