//! The options of a dispatcher: clock, randomness and intervals.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use crate::destination::DomainLimits;

/// The time now.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;
/// A random number from 0 to 1, for the jitter of retries.
pub type Chance = Arc<dyn Fn() -> f64 + Send + Sync>;

/// The options of a dispatcher.
#[derive(Clone)]
pub struct DispatcherOptions {
    /// The time now.
    pub clock: Clock,
    /// The randomness for the jitter of retries.
    pub chance: Chance,
    /// The waits before the second, third, … attempt instead of the channel's own schedule, when a provider asks for
    /// nothing itself; a delivery that fails once more after them has failed for good. For demonstrations and tests.
    pub retry_waits: Option<Vec<Duration>>,
    /// How often an owner beats and looks at the others. One that does not beat for fifteen looks of another loses
    /// its tasks, so that this is a fifteenth of the lease.
    pub heartbeat: Duration,
    /// How often the queue is asked without having been woken.
    pub poll: Duration,
    /// How long a send may still take once the dispatcher is told to stop; after it the send is in doubt.
    pub grace: Duration,
    /// The public address of the gateway, for links in mails; none: no mail has a link of ours.
    pub public_url: Option<Url>,
    /// The e-mails a second that domains get, over all processes.
    pub email_domains: DomainLimits,
    /// The DNS server that is asked for the servers of these domains, instead of those of the system.
    pub dns_server: Option<SocketAddr>,
}

/// One second: a lease of fifteen.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Only rows that another process queued wait this long.
const POLL: Duration = Duration::from_millis(500);
/// Most providers answer sooner; what does not is in doubt, so a stop is better a little late.
const GRACE: Duration = Duration::from_secs(8);

impl DispatcherOptions {
    /// What production uses.
    pub fn new(clock: Clock, chance: Chance) -> Self {
        Self {
            clock,
            chance,
            retry_waits: None,
            heartbeat: HEARTBEAT,
            poll: POLL,
            grace: GRACE,
            public_url: None,
            email_domains: DomainLimits::default(),
            dns_server: None,
        }
    }
}

impl std::fmt::Debug for DispatcherOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DispatcherOptions")
            .field("retry_waits", &self.retry_waits)
            .field("heartbeat", &self.heartbeat)
            .field("poll", &self.poll)
            .field("grace", &self.grace)
            .field("email_domains", &self.email_domains)
            .finish_non_exhaustive()
    }
}
