//! The options of a dispatcher: clock, randomness and intervals.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
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
    /// What happens to doubts without a person.
    pub doubts: DoubtOptions,
    /// How long a send may still take once the dispatcher is told to stop; after it the send is in doubt.
    pub grace: Duration,
    /// The public address of the gateway, for links in mails; none: no mail has a link of ours.
    pub public_url: Option<Url>,
    /// The e-mails a second that domains get, over all processes.
    pub email_domains: DomainLimits,
    /// The DNS server that is asked for the servers of these domains, instead of those of the system.
    pub dns_server: Option<SocketAddr>,
}

/// What happens to doubts without a person.
#[derive(Debug, Clone, Copy)]
pub struct DoubtOptions {
    /// How often doubts are looked for.
    pub look: Duration,
    /// How old a doubt is when its provider is asked for the first time. Until then a late answer or a receipt may end it.
    pub ask_after: TimeDelta,
    /// How old a doubt of the category `operational` is when it is sent again. None: a person decides.
    pub resend_operational_after: Option<TimeDelta>,
}

/// Doubts are rare, and a question is asked minutes after the send.
const LOOK: Duration = Duration::from_secs(10);
/// Longer than a send that began when the doubt was recorded may take, with the difference of two clocks: its outcome is known
/// by then, so that its message is not taken for that of the doubt.
pub const ASK_AFTER: TimeDelta = TimeDelta::seconds(120);

impl Default for DoubtOptions {
    fn default() -> Self {
        Self { look: LOOK, ask_after: ASK_AFTER, resend_operational_after: None }
    }
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
            doubts: DoubtOptions::default(),
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
