//! The permit of a request to be worked on. It is taken after the caller is known and the body has arrived, so that a
//! slow sender holds no permit. Requests without caller and body, such as `/livez`, need none.

use std::sync::{Arc, OnceLock};

use axum::http::Extensions;
use domain::value::UserId;

use super::owner::{Full, Owner, Permit, Permits};
use super::table::Connection;
use crate::problem::{Answer, Kind, Problem, Reason};
use crate::request::{ClientIp, network_of};

/// The `Retry-After` of a refused request, in seconds.
const RETRY_AFTER_S: u32 = 1;

/// The permit of one request, kept in its extensions until the request is answered. Without a server, as in unit tests,
/// every request has a permit.
#[derive(Clone, Default)]
pub(crate) struct RequestPermit(Option<Arc<Held>>);

struct Held {
    permits: RequestPermits,
    network: Owner,
    connection: Option<Connection>,
    permit: OnceLock<Permit>,
}

/// The permits for requests at work: one pool for users, one for callers that are not logged in.
#[derive(Clone)]
pub(crate) struct RequestPermits {
    pub(crate) users: Permits,
    pub(crate) strangers: Permits,
}

impl RequestPermit {
    /// The permit holder of a new request, without a permit yet.
    pub(crate) fn new(permits: &RequestPermits, extensions: &Extensions) -> Self {
        let ip = extensions.get::<ClientIp>().and_then(|ip| ip.0);
        Self(Some(Arc::new(Held {
            permits: permits.clone(),
            network: Owner::Network(ip.map(network_of)),
            connection: extensions.get().cloned(),
            permit: OnceLock::new(),
        })))
    }

    /// The permit holder in these extensions.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    /// Assigns the request's connection to a user.
    pub(crate) fn assign_to(&self, user: UserId) {
        if let Some(connection) = self.0.as_ref().and_then(|held| held.connection.as_ref()) {
            connection.assign_to(user);
        }
    }

    /// Takes a permit from the users' pool, unless the request has one.
    ///
    /// # Errors
    /// 429 when the user has reached its limit, 503 when the pool is exhausted.
    pub(crate) fn enter(&self, user: UserId) -> Answer<()> {
        self.take(|held| held.permits.users.take(Owner::User(user)))
    }

    /// Takes a permit from the strangers' pool, unless the request has one.
    ///
    /// # Errors
    /// 429 when the caller's network has reached its limit, 503 when the pool is exhausted.
    pub(crate) fn enter_as_stranger(&self) -> Answer<()> {
        self.take(|held| held.permits.strangers.take(held.network))
    }

    fn take(&self, take: impl FnOnce(&Held) -> Result<Permit, Full>) -> Answer<()> {
        let Some(held) = self.0.as_ref().filter(|held| held.permit.get().is_none()) else { return Ok(()) };
        let permit = take(held).map_err(refused)?;
        if let Some(connection) = &held.connection {
            connection.set_at_work(true);
        }
        let _ = held.permit.set(permit);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            connection.set_at_work(false);
        }
    }
}

fn refused(full: Full) -> Problem {
    match full {
        Full::All => Problem::unavailable(RETRY_AFTER_S).because(Reason::Overloaded),
        Full::OfOwner => {
            Problem { retry_after_s: Some(RETRY_AFTER_S), ..Problem::new(Kind::TooManyRequests) }
        }
    }
}
