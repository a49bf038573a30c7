//! The settings of the gateway, given at the start.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use commands::clock;
use dispatcher::Route;
use dispatcher::simulator::Simulator;
use url::Url;

use crate::timeouts::Timeouts;

/// The source of the time; an argument, so that tests can move it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The settings of the gateway.
#[derive(Clone)]
pub struct Settings {
    /// The public address for browsers, if it is known.
    pub public_url: Option<Url>,
    /// Whether cookies are `Secure` and prefixed: always, except in `dev` on plain http beyond this machine.
    pub secure_cookies: bool,
    /// The trusted proxies: their `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The simulator of `dev`, shown by «Buzón de pruebas».
    pub simulator: Option<Arc<Simulator>>,
    /// How the deliveries of companies are carried.
    pub routes: Vec<Route>,
    /// The currency of prices, as ISO 4217.
    pub currency: String,
    /// The source of the time.
    pub clock: Clock,
    /// How long a read waits for the views to show its caller's last write.
    pub read_wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            secure_cookies: true,
            trusted_proxies: Vec::new(),
            simulator: None,
            routes: Vec::new(),
            currency: "USD".to_owned(),
            clock: Arc::new(clock::now),
            read_wait: Timeouts::default().views,
        }
    }
}

impl Settings {
    /// Whether the public address is https.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}
