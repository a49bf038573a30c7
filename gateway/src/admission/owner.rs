//! The owner of a connection or request, and counted permits by owner.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::value::UserId;

/// The owner of a connection or request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// A trusted proxy: its connections carry requests of all users.
    Proxy,
    /// A network of callers that are not logged in; none if the address is unknown.
    Network(Option<IpAddr>),
    /// A user.
    User(UserId),
}

/// A semaphore with one limit in all and one for each owner.
#[derive(Clone)]
pub(crate) struct Permits(Arc<Shared>);

struct Shared {
    all: usize,
    of_owner: usize,
    taken: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_owner: HashMap<Owner, usize>,
}

/// A permit, released on drop.
pub(crate) struct Permit {
    permits: Permits,
    owner: Owner,
}

/// Why no permit is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The limit in all is reached.
    All,
    /// The owner's limit is reached.
    OfOwner,
}

impl Permits {
    pub(crate) fn new(all: usize, of_owner: usize) -> Self {
        Self(Arc::new(Shared { all, of_owner, taken: Mutex::default() }))
    }

    /// Takes a permit without waiting.
    pub(crate) fn take(&self, owner: Owner) -> Result<Permit, Full> {
        let mut taken = self.taken();
        if taken.all >= self.0.all {
            return Err(Full::All);
        }
        let own = taken.by_owner.entry(owner).or_default();
        if *own >= self.0.of_owner {
            return Err(Full::OfOwner);
        }
        *own += 1;
        taken.all += 1;
        Ok(Permit { permits: self.clone(), owner })
    }

    fn taken(&self) -> MutexGuard<'_, Counts> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.permits.taken();
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
    fn no_owner_takes_all_permits_and_each_is_released() {
        let permits = Permits::new(3, 2);
        let own: Vec<_> = (0..2).map(|_| permits.take(network(1)).ok().unwrap()).collect();
        assert_eq!(permits.take(network(1)).err(), Some(Full::OfOwner));
        let other = permits.take(network(2)).ok().unwrap();
        assert_eq!(permits.take(network(3)).err(), Some(Full::All));
        drop((own, other));
        assert_eq!(permits.taken().by_owner.len(), 0);
        assert!(permits.take(network(1)).is_ok());
    }
}
