//! The settings of this front door, as they were handed in at the start.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use commands::clock;
use dispatcher::simulator::Simulator;
use url::Url;

use crate::patience::Patience;

/// Tells the time; handed in so that tests can move it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The settings of the front door.
#[derive(Clone)]
pub struct Settings {
    /// What browsers reach us by, if it is known.
    pub public_url: Option<Url>,
    /// Whether cookies are `Secure` and prefixed: everywhere but for `dev` on plain http beyond this machine.
    pub secure_cookies: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The outside world of `dev`, shown by «Buzón de pruebas».
    pub simulator: Option<Arc<Simulator>>,
    /// The time.
    pub clock: Clock,
    /// How long a read waits for the views to show what its caller wrote.
    pub read_wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            secure_cookies: true,
            trusted_proxies: Vec::new(),
            simulator: None,
            clock: Arc::new(clock::now),
            read_wait: Patience::default().views,
        }
    }
}

impl Settings {
    /// Whether browsers reach us by https.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}
