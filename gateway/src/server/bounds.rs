//! The limits of the gateway on connections and requests (docs/decisions/0019), in one place so that tests can lower
//! them. The limits of bodies are defined beside their readers.

use std::time::Duration;

/// Limits and timeouts of connections and requests.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Connections in all, streams included.
    pub connections: usize,
    /// Connections of one network that is not logged in, or of one user.
    pub connections_of_one: usize,
    /// Requests of users at work at once.
    pub requests: usize,
    /// Requests of one user at work at once: programs send them in parallel.
    pub requests_of_one: usize,
    /// Requests of callers that are not logged in at work at once: log-ins.
    pub stranger_requests: usize,
    /// The same for one network: an office at the beginning of a shift.
    pub stranger_requests_of_one: usize,
    /// How long a connection may be idle between two requests.
    pub idle_time: Duration,
    /// The timeout of a request's head, from its first byte.
    pub head_time: Duration,
    /// How long a peer may read nothing of what is written to it.
    pub write_time: Duration,
}

/// Connections in all: more than twice the limit of live streams.
const CONNECTIONS_MAX: usize = 10_000;
/// Connections of one owner: a browser opens six, a program's pool about a hundred.
const CONNECTIONS_OF_ONE_MAX: usize = 1_000;
/// File descriptors reserved for the rest of the program: database, broker, providers, files.
const FILES_KEPT: u64 = 512;

impl Default for Bounds {
    /// As many connections as the process has file descriptors for.
    fn default() -> Self {
        let connections = connections_for(files());
        Self {
            connections,
            connections_of_one: CONNECTIONS_OF_ONE_MAX.min(connections / 4),
            requests: 2_048,
            requests_of_one: 512,
            stranger_requests: 1_024,
            stranger_requests_of_one: 256,
            idle_time: Duration::from_secs(75),
            head_time: Duration::from_secs(15),
            write_time: Duration::from_secs(30),
        }
    }
}

fn connections_for(files: u64) -> usize {
    let left = files.saturating_sub(FILES_KEPT).max(files / 2);
    usize::try_from(left).unwrap_or(usize::MAX).clamp(1, CONNECTIONS_MAX)
}

/// The file descriptor limit of this process. Its soft limit, often 1,024, is first raised to the hard limit.
#[cfg(unix)]
fn files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // After a refusal the soft limit stays, and is read below.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
const fn files() -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_to_the_rest_of_the_program() {
        assert_eq!(connections_for(u64::MAX), CONNECTIONS_MAX);
        assert_eq!(connections_for(4_096), 4_096 - 512);
        assert_eq!(connections_for(256), 128);
    }
}
