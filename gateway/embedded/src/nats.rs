//! The embedded nats-server with JetStream. Its stream is a mirror that can be rebuilt, so it is flushed every two
//! seconds.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use async_nats::ConnectOptions;

use crate::cache::Cache;
use crate::error::StackError;
use crate::files;
use crate::options::{Print, StackOptions};
use crate::programs::find_nats;
use crate::protocol::Serve;
use crate::server::{Probe, Server, on_a_free_port, with_retries};

/// Held while the server lives.
pub(crate) const LOCK_FILE: &str = "nats.lock";

/// The only user.
const USER: &str = "mensajeria";

/// The timeout of one connection attempt to a starting server.
const CONNECT_WAIT: Duration = Duration::from_secs(1);

/// A running nats-server.
#[derive(Debug)]
pub(crate) struct Nats {
    pub(crate) server: Server,
    probe: NatsProbe,
    url: String,
}

/// The address of this stack's server, and what identifies it.
#[derive(Debug)]
struct NatsProbe {
    address: String,
    password: String,
    server_name: String,
}

impl Nats {
    pub(crate) async fn start(
        options: &StackOptions,
        cache: &Cache,
        data: &Path,
    ) -> Result<Self, StackError> {
        let program = find_nats(cache, &options.print).await?;
        on_a_free_port(async |port| {
            let nats = Self::at(port, options, data, &program)?;
            nats.server.start(&nats.probe, &options.print).await.map(|()| nats)
        })
        .await
    }

    fn at(port: u16, options: &StackOptions, data: &Path, program: &Path) -> Result<Self, StackError> {
        let probe = NatsProbe {
            address: format!("nats://127.0.0.1:{port}"),
            password: files::random_hex(32),
            server_name: files::random_hex(8),
        };
        let file = data.join("nats.conf");
        files::write_private(&file, &configuration(port, data, &probe))?;
        let serve = Serve {
            program: program.to_owned(),
            args: vec!["--config".to_owned(), file.display().to_string()],
            folder: data.to_owned(),
            account: None,
            log: data.join("nats.log"),
            lock: data.join(LOCK_FILE),
            pid_file: data.join("nats.pid"),
        };
        let url = format!("nats://{USER}:{}@127.0.0.1:{port}", probe.password);
        Ok(Self { server: Server::new("NATS", serve, &options.guard), probe, url })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn restart(&self) -> Result<(), StackError> {
        with_retries(async || self.server.start(&self.probe, &Print::silent()).await).await
    }
}

impl Probe for NatsProbe {
    /// The password identifies this stack's server, and the random name this start of it.
    async fn is_ready(&self) -> bool {
        let options = ConnectOptions::with_user_and_password(USER.to_owned(), self.password.clone())
            .connection_timeout(CONNECT_WAIT)
            .max_reconnects(1);
        let client = options.connect(&self.address).await;
        client.is_ok_and(|client| client.server_info().server_name == self.server_name)
    }
}

/// What all streams together may set aside: more than most disks have. By default it is three quarters of the free disk, of which
/// each stream takes its limit at once: a server of hundreds of ledgers, such as that of the tests, would refuse new streams on
/// a disk with room for all that they hold.
const STREAMS_MAX: &str = "1TB";

/// nats-server creates the folder `jetstream` inside the store's folder.
fn configuration(port: u16, data: &Path, probe: &NatsProbe) -> String {
    let NatsProbe { password, server_name, .. } = probe;
    format!(
        "listen: \"127.0.0.1:{port}\"\n\
         server_name: \"{server_name}\"\n\
         max_payload: 1MB\n\
         authorization {{ user: {USER}, password: \"{password}\" }}\n\
         jetstream {{ store_dir: {}, sync_interval: \"2s\", max_memory_store: 64MB, \
         max_file_store: {STREAMS_MAX} }}\n",
        quoted(data),
    )
}

/// A path as a string of the configuration language, with the escapes `\"`, `\\` and `\xHH`.
fn quoted(path: &Path) -> String {
    let mut text = String::from("\"");
    for c in path.display().to_string().chars() {
        match c {
            '"' | '\\' => drop(write!(text, "\\{c}")),
            c if c.is_control() => drop(write!(text, "\\x{:02X}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_quotes_stays_one_string() {
        assert_eq!(quoted(Path::new("/a \"b\"\\c")), "\"/a \\\"b\\\"\\\\c\"");
    }
}
