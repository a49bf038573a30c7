//! A request's turn to be worked on. It is taken once the caller is known and the body has arrived, so that no caller
//! holds a place by sending slowly; what asks for neither, such as `/livez`, needs none.

use std::sync::{Arc, OnceLock};

use axum::http::Extensions;
use domain::value::UserId;

use super::owner::{Full, Owner, Place, Places};
use super::table::Connection;
use crate::problem::{Answer, Kind, Problem, Reason};
use crate::request::{ClientIp, network_of};

/// When a request that was turned away may come again, in seconds.
const RETRY_AFTER_S: u32 = 1;

/// The turn of one request, kept in its extensions; over when the request is answered. Without a server, as in unit
/// tests, every request has its turn.
#[derive(Clone, Default)]
pub(crate) struct RequestTurn(Option<Arc<Held>>);

struct Held {
    places: RequestPlaces,
    network: Owner,
    connection: Option<Connection>,
    place: OnceLock<Place>,
}

/// The places of requests at work: those of users, and those of callers that are not logged in.
#[derive(Clone)]
pub(crate) struct RequestPlaces {
    pub(crate) users: Places,
    pub(crate) strangers: Places,
}

impl RequestTurn {
    /// The turn of a request that arrives.
    pub(crate) fn new(places: &RequestPlaces, extensions: &Extensions) -> Self {
        let ip = extensions.get::<ClientIp>().and_then(|ip| ip.0);
        Self(Some(Arc::new(Held {
            places: places.clone(),
            network: Owner::Network(ip.map(network_of)),
            connection: extensions.get().cloned(),
            place: OnceLock::new(),
        })))
    }

    /// The turn of the request with these extensions.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    /// Tells whose request it is: its connection counts as the user's from now on.
    pub(crate) fn is_of(&self, user: UserId) {
        if let Some(connection) = self.0.as_ref().and_then(|held| held.connection.as_ref()) {
            connection.is_of(user);
        }
    }

    /// Takes a place among those of users, unless the request has one.
    ///
    /// # Errors
    /// 429 when the user has as many as one may have, 503 when all are taken.
    pub(crate) fn enter(&self, user: UserId) -> Answer<()> {
        self.take(|held| held.places.users.take(Owner::User(user)))
    }

    /// Takes a place among those of callers that are not logged in, unless the request has one.
    ///
    /// # Errors
    /// 429 when the caller's network has as many as one may have, 503 when all are taken.
    pub(crate) fn enter_as_stranger(&self) -> Answer<()> {
        self.take(|held| held.places.strangers.take(held.network))
    }

    fn take(&self, take: impl FnOnce(&Held) -> Result<Place, Full>) -> Answer<()> {
        let Some(held) = self.0.as_ref().filter(|held| held.place.get().is_none()) else { return Ok(()) };
        let place = take(held).map_err(refused)?;
        if let Some(connection) = &held.connection {
            connection.set_at_work(true);
        }
        let _ = held.place.set(place);
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
        Full::OfOne => Problem { retry_after_s: Some(RETRY_AFTER_S), ..Problem::new(Kind::TooManyRequests) },
    }
}
