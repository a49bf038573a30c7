//! What DNS says, in the few forms that the looks need.

use std::net::{IpAddr, SocketAddr};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError as Refusal, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;
use hickory_resolver::{Resolver, TokioResolver};

use super::LOOK_TIMEOUT;

/// How often a server is asked before it counts as silent.
const ATTEMPTS: usize = 2;

/// Asks DNS.
pub struct Dns(TokioResolver);

/// Why nobody can be asked.
#[derive(Debug, thiserror::Error)]
#[error("failed to find a DNS server: {0}")]
pub struct DnsError(#[from] NetError);

/// What it says.
pub(crate) enum Answer<T> {
    Found(Vec<T>),
    /// The name, or what was asked of it, does not exist.
    Nothing,
    /// It says nothing, and why.
    Unanswered(String),
}

impl Dns {
    /// Asks this server, or those of the system.
    ///
    /// # Errors
    /// The system names none.
    pub fn try_new(server: Option<SocketAddr>) -> Result<Self, DnsError> {
        let mut builder = match server {
            Some(server) => Resolver::builder_with_config(config(server), TokioRuntimeProvider::default()),
            None => Resolver::builder_tokio()?,
        };
        let options = builder.options_mut();
        options.attempts = ATTEMPTS;
        options.timeout = LOOK_TIMEOUT / 4;
        // Records in `/etc/hosts` are not what the world sees.
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self(builder.build()?))
    }

    /// The addresses of a host.
    pub(super) async fn addresses(&self, name: &str) -> Answer<IpAddr> {
        match self.0.lookup_ip(absolute(name)).await {
            Ok(found) => some(found.iter().collect()),
            Err(error) => of_error(&error),
        }
    }

    /// The servers that take a domain's mail, the preferred one first.
    pub(crate) async fn mail_servers(&self, domain: &str) -> Answer<String> {
        match self.records(domain, RecordType::MX).await {
            Answer::Found(records) => some(sorted(&records)),
            other => other,
        }
    }

    /// The texts of a name, each in one piece.
    pub(super) async fn texts(&self, name: &str) -> Answer<String> {
        self.records(name, RecordType::TXT).await
    }

    /// The records of one type as text.
    async fn records(&self, name: &str, kind: RecordType) -> Answer<String> {
        match self.0.lookup(absolute(name), kind).await {
            Ok(found) => {
                let records = found.answers().iter().filter(|record| record.record_type() == kind);
                some(records.map(|record| record.data.to_string()).collect())
            }
            Err(error) => of_error(&error),
        }
    }
}

fn config(server: SocketAddr) -> ResolverConfig {
    let [mut udp, mut tcp] = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
    udp.port = server.port();
    tcp.port = server.port();
    ResolverConfig::from_parts(
        None,
        Vec::new(),
        vec![NameServerConfig::new(server.ip(), true, vec![udp, tcp])],
    )
}

/// A name that the search list of the system is not added to.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn some<T>(found: Vec<T>) -> Answer<T> {
    if found.is_empty() { Answer::Nothing } else { Answer::Found(found) }
}

fn of_error<T>(error: &NetError) -> Answer<T> {
    match error {
        NetError::Dns(Refusal::NoRecordsFound(none))
            if matches!(none.response_code, ResponseCode::NXDomain | ResponseCode::NoError) =>
        {
            Answer::Nothing
        }
        other => Answer::Unanswered(other.to_string()),
    }
}

/// The hosts of records such as `10 mail.example.com.`, by preference and without the last dot.
fn sorted(records: &[String]) -> Vec<String> {
    let mut servers: Vec<(u16, &str)> = records
        .iter()
        .filter_map(|record| record.split_once(' '))
        .map(|(preference, host)| (preference.parse().unwrap_or(u16::MAX), host))
        .collect();
    servers.sort_unstable();
    let bare = |host: &str| if host == "." { host.to_owned() } else { host.trim_end_matches('.').to_owned() };
    servers.into_iter().map(|(_, host)| bare(host)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_servers_come_by_preference_and_a_null_one_stays() {
        let records = ["20 b.example.com.", "5 c.example.com.", "10 a.example.com."].map(str::to_owned);
        assert_eq!(sorted(&records), ["c.example.com", "a.example.com", "b.example.com"]);
        assert_eq!(sorted(&["0 .".to_owned()]), ["."]);
    }
}
