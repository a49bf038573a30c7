//! The MX groups of domains, as DNS says, kept for a while.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{DomainLimits, group_of_host};
use crate::probe::{Answer, Dns};

/// How long an answer counts. An older one counts until the next is there.
const KEPT: Duration = Duration::from_secs(3_600);
/// The same, of a domain that DNS said nothing of.
const KEPT_UNANSWERED: Duration = Duration::from_secs(300);
/// How many domains are known at once; when there are more, those that are not configured are asked for again.
const KNOWN_MAX: usize = 20_000;
/// How many domains are asked for at once.
const LOOKS_MAX: usize = 16;
/// How long a mail waits for DNS; then its domain counts as itself.
const LOOK_MAX: Duration = Duration::from_secs(3);

/// The limits of destinations in this process.
pub(crate) struct Destinations {
    limits: DomainLimits,
    dns: Option<Dns>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: HashMap<String, Known>,
    looking: HashSet<String>,
}

#[derive(Clone)]
struct Known {
    group: Option<Arc<str>>,
    until: Instant,
}

/// The limit of one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// It has none.
    Free,
    /// The name that it is counted under, and the messages a second.
    Limited(String, NonZeroU32),
    /// It is not known yet.
    Unknown,
}

impl Destinations {
    /// None if no destination has a limit. `server` is asked instead of the system's DNS servers.
    pub(crate) fn new(limits: DomainLimits, server: Option<SocketAddr>) -> Option<Arc<Self>> {
        if limits.is_empty() {
            return None;
        }
        let dns = Dns::try_new(server)
            .inspect_err(|error| tracing::warn!(%error, "limits of e-mail go by domain, not by the servers that take its mail"));
        Some(Arc::new(Self { limits, dns: dns.ok(), state: Mutex::default() }))
    }

    /// The limit of an address's domain. The servers of an unknown domain are looked up in the background, and count from then on.
    pub(crate) fn of(self: &Arc<Self>, address: &str) -> Destination {
        let domain = address.rsplit_once('@').map_or(address, |(_, domain)| domain).to_lowercase();
        let asked = self.limits.domains().chain([domain.as_str()]);
        // All are asked for at once.
        if asked.filter(|domain| !self.is_known(domain)).count() > 0 {
            return Destination::Unknown;
        }
        let state = self.state();
        let group_of = |domain: &str| state.known.get(domain)?.group.clone();
        let by_group: BTreeMap<_, _> = self.limits.by_group(group_of);
        match self.limits.of(&domain, group_of(&domain).as_deref(), &by_group) {
            Some((name, per_second)) => Destination::Limited(name, per_second),
            None => Destination::Free,
        }
    }

    /// Whether the group of a domain is known, or that it has none. What is too old is asked for again meanwhile.
    fn is_known(self: &Arc<Self>, domain: &str) -> bool {
        if self.dns.is_none() {
            return true;
        }
        let mut state = self.state();
        let known = state.known.get(domain).map(|known| known.until);
        let is_new = known.is_none_or(|until| until <= Instant::now());
        if is_new && state.looking.len() < LOOKS_MAX && state.looking.insert(domain.to_owned()) {
            tokio::spawn(Arc::clone(self).look(domain.to_owned()));
        }
        known.is_some()
    }

    async fn look(self: Arc<Self>, domain: String) {
        let Some(dns) = &self.dns else { return };
        let answer = timeout(LOOK_MAX, dns.mail_servers(&domain)).await;
        let mut state = self.state();
        let before = state.known.get(&domain).and_then(|known| known.group.clone());
        let (group, kept) = match answer {
            Ok(Answer::Found(hosts)) => {
                (hosts.first().and_then(|host| group_of_host(host)).map(Into::into), KEPT)
            }
            Ok(Answer::Nothing) => (None, KEPT),
            Ok(Answer::Unanswered(_)) | Err(_) => (before, KEPT_UNANSWERED),
        };
        if state.known.len() >= KNOWN_MAX {
            state.known.retain(|domain, _| self.limits.by_domain.contains_key(domain));
        }
        state.looking.remove(&domain);
        state.known.insert(domain, Known { group, until: Instant::now() + kept });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
