//! Connects to NATS by a URL with credentials in it, which async-nats 0.51 accepts and then does not use.

use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, ServerAddr};

/// Connects with the user and password, or the token, that stand in the URL. Several servers of a cluster may be given,
/// separated by commas; the credentials of the first count for all.
///
/// # Errors
/// A URL that is none, and what `async_nats` says.
pub async fn connect_nats(url: &str, options: ConnectOptions) -> Result<Client, ConnectError> {
    let servers: Vec<ServerAddr> = url
        .split(',')
        .map(|server| server.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(|error| ConnectError::with_source(ConnectErrorKind::ServerParse, error))?;
    with_credentials_of(servers.first(), options).connect(servers).await
}

fn with_credentials_of(server: Option<&ServerAddr>, options: ConnectOptions) -> ConnectOptions {
    let user = server.and_then(|server| server.username());
    let password = server.and_then(|server| server.password());
    match (user, password) {
        (Some(user), Some(password)) => options.user_and_password(decoded(user), decoded(password)),
        (Some(token), None) => options.token(decoded(token)),
        (None, _) => options,
    }
}

/// Credentials stand percent-encoded in a URL, as `@` and `/` must.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
