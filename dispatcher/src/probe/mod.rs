//! Looks at what sending stands on: the providers' hosts, their TLS and log-ins, and what DNS says of the senders' domains.
//! Nothing is sent to anybody.

mod clock;
mod dns;
mod finding;
mod host;
mod provider;
mod sender;

use std::time::Duration;

pub use clock::clock_finding;
pub(crate) use dns::Answer;
pub use dns::{Dns, DnsError};
pub use finding::{Finding, Level};
pub use provider::provider;
pub use sender::{return_domain, sender_domain};

/// How long one look may take.
pub const LOOK_TIMEOUT: Duration = Duration::from_secs(10);
