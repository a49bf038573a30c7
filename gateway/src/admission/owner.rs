//! Whose a connection or a request is, and how many there are of each owner.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::value::UserId;

/// Whose a connection or a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// A proxy that we trust: its connections carry requests of everybody.
    Proxy,
    /// A network of callers that are not logged in; none if the address is not known.
    Network(Option<IpAddr>),
    /// A user.
    User(UserId),
}

/// So many places in all, and so many of them for one owner.
#[derive(Clone)]
pub(crate) struct Places(Arc<Shared>);

struct Shared {
    all: usize,
    of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_owner: HashMap<Owner, usize>,
}

/// A taken place; free again when it is dropped.
pub(crate) struct Place {
    places: Places,
    owner: Owner,
}

/// Why no place is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// All are taken.
    All,
    /// The owner has as many as it may.
    OfOne,
}

impl Places {
    pub(crate) fn new(all: usize, of_one: usize) -> Self {
        Self(Arc::new(Shared { all, of_one, taken: Mutex::default() }))
    }

    /// A place, at once or not at all.
    pub(crate) fn take(&self, owner: Owner) -> Result<Place, Full> {
        let mut taken = self.taken();
        if taken.all >= self.0.all {
            return Err(Full::All);
        }
        let own = taken.by_owner.entry(owner).or_default();
        if *own >= self.0.of_one {
            return Err(Full::OfOne);
        }
        *own += 1;
        taken.all += 1;
        Ok(Place { places: self.clone(), owner })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(own) = taken.by_owner.get_mut(&self.owner) {
            *own -= 1;
            if *own == 0 {
                taken.by_owner.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(last: u8) -> Owner {
        Owner::Network(Some([192, 0, 2, last].into()))
    }

    #[test]
    fn no_owner_takes_all_places_and_each_is_free_again() {
        let places = Places::new(3, 2);
        let own: Vec<_> = (0..2).map(|_| places.take(network(1)).ok().unwrap()).collect();
        assert_eq!(places.take(network(1)).err(), Some(Full::OfOne));
        let other = places.take(network(2)).ok().unwrap();
        assert_eq!(places.take(network(3)).err(), Some(Full::All));
        drop((own, other));
        assert_eq!(places.taken().by_owner.len(), 0);
        assert!(places.take(network(1)).is_ok());
    }
}
