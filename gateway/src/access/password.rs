//! Password hashing with Argon2id as OWASP's Password Storage Cheat Sheet recommends, off the threads that serve
//! requests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::argon2id::{self, Memory};
use super::password_text::opaque;
use crate::problem::{Answer, Problem, Reason};

/// How many hashes are computed at once: more would only take memory and starve the other requests.
const AT_ONCE: usize = 2;
/// How long a login waits for a hashing slot.
const SLOT_TIMEOUT: Duration = Duration::from_secs(10);
/// The `Retry-After` of a login that found no hashing slot, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// Verified for an account without a login: it costs as much as a real hash and matches no password.
const UNKNOWN_ACCOUNT_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3MgbG9naW4uLg$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and verifies passwords, a few at once.
#[derive(Clone)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    /// Taken by strangers before a hashing slot. Only as many strangers as hashing slots wait for a slot, so that
    /// others overtake the rest.
    strangers: Arc<Semaphore>,
    /// Working memory that finished hashes leave to waiting ones; empty while no password is hashed.
    spare: Arc<Mutex<Vec<Memory>>>,
}

impl Default for Passwords {
    fn default() -> Self {
        let semaphore = || Arc::new(Semaphore::new(AT_ONCE));
        Self { slots: semaphore(), strangers: semaphore(), spare: Arc::default() }
    }
}

impl Passwords {
    /// The hash of a new password, in PHC format.
    ///
    /// # Errors
    /// 503 when too many logins wait.
    pub async fn hash(&self, password: &str) -> Answer<String> {
        let password = password.to_owned();
        let work = move |memory: &mut Memory| hash_in(&password, memory);
        let slot = self.slot().await?;
        self.blocking(slot, work).await?.map_err(|error| Problem::internal(&error))
    }

    /// Whether a password matches a hash. Without a hash the answer is false after the same work, so that the response
    /// time does not reveal whether an account exists. Attempts of strangers (`is_known` false) wait behind all others.
    ///
    /// # Errors
    /// 503 when too many logins wait.
    pub async fn verify(&self, password: &str, hash: Option<String>, is_known: bool) -> Answer<bool> {
        let _place = if is_known { None } else { Some(permit(&self.strangers).await?) };
        let slot = self.slot().await?;
        let password = password.to_owned();
        let is_somebody = hash.is_some();
        let work = move |memory: &mut Memory| {
            verify_in(&password, hash.as_deref().unwrap_or(UNKNOWN_ACCOUNT_HASH), memory)
        };
        Ok(self.blocking(slot, work).await? && is_somebody)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        slot: OwnedSemaphorePermit,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Answer<T> {
        let passwords = self.clone();
        let work = move || {
            let mut memory = passwords.spare().pop().unwrap_or_default();
            let done = work(&mut memory);
            passwords.spare().push(memory);
            drop(slot);
            passwords.free_spare();
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error))
    }

    /// Frees the memory when no hash runs or waits. Called after a slot is released, so that one of the last two
    /// callers sees it.
    fn free_spare(&self) {
        if self.slots.available_permits() == AT_ONCE {
            self.spare().clear();
        }
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Memory>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn slot(&self) -> Answer<OwnedSemaphorePermit> {
        permit(&self.slots).await
    }
}

async fn permit(semaphore: &Arc<Semaphore>) -> Answer<OwnedSemaphorePermit> {
    let permit = timeout(SLOT_TIMEOUT, Arc::clone(semaphore).acquire_owned()).await;
    permit
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| Problem::unavailable(RETRY_AFTER_S).because(Reason::Overloaded))
}

/// The hash of a new password in PHC format, computed on this thread: for the command line and demo data.
///
/// # Errors
/// When the machine has no randomness.
pub fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    hash_in(password, &mut Memory::default())
}

/// Whether a password matches a hash, computed on this thread: for demo data.
pub fn verify(password: &str, hash: &str) -> bool {
    verify_in(password, hash, &mut Memory::default())
}

fn hash_in(password: &str, memory: &mut Memory) -> Result<String, argon2::password_hash::Error> {
    Ok(argon2id::hash(&opaque(password), memory)?.to_string())
}

fn verify_in(password: &str, hash: &str, memory: &mut Memory) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    argon2id::verify(&opaque(password), &hash, memory).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_belongs_to_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correcto 😀").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.verify("correcto 😀", Some(hash.clone()), true).await.unwrap());
        assert!(!passwords.verify("incorrecto", Some(hash), true).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_is_the_same_from_every_keyboard() {
        let passwords = Passwords::default();
        let stored = passwords.hash("contraseña año").await.unwrap();
        assert!(
            passwords.verify("contrasen\u{303}a\u{a0}an\u{303}o", Some(stored.clone()), true).await.unwrap()
        );
        assert!(!passwords.verify("contrasena ano", Some(stored), true).await.unwrap());
        assert!(verify("contraseña", &hash("contrasen\u{303}a").unwrap()));
    }

    #[tokio::test]
    async fn hashes_leave_their_memory_to_those_that_wait_and_the_last_gives_it_back() {
        let passwords = Passwords::default();
        let together = (0..2 * AT_ONCE).map(|_| passwords.verify("x", None, true));
        assert!(futures::future::join_all(together).await.into_iter().all(|right| right == Ok(false)));
        assert!(passwords.spare().is_empty());
        let held = passwords.slot().await.unwrap();
        passwords.verify("x", None, true).await.unwrap();
        assert_eq!(passwords.spare().len(), 1);
        drop(held);
        passwords.verify("x", None, true).await.unwrap();
        assert!(passwords.spare().is_empty());
    }

    #[tokio::test]
    async fn a_known_browser_overtakes_the_strangers_that_wait() {
        let passwords = Passwords::default();
        let strangers: Vec<_> = (0..20)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.verify("x", None, false).await })
            })
            .collect();
        tokio::task::yield_now().await;
        passwords.verify("x", None, true).await.unwrap();
        assert!(!strangers.last().unwrap().is_finished());
        for stranger in strangers {
            assert_eq!(stranger.await.unwrap(), Ok(false));
        }
    }

    #[test]
    fn the_hash_of_unknown_accounts_costs_as_much_as_a_real_one() {
        let parameters = |hash: &str| {
            let hash = PasswordHash::new(hash).unwrap();
            let lengths = (hash.salt.map(|salt| salt.len()), hash.hash.map(|output| output.len()));
            (hash.algorithm, hash.version, hash.params, lengths)
        };
        assert_eq!(parameters(UNKNOWN_ACCOUNT_HASH), parameters(&hash("x").unwrap()));
    }

    #[tokio::test]
    async fn no_password_matches_a_missing_hash() {
        let passwords = Passwords::default();
        assert!(!passwords.verify("nobody", None, true).await.unwrap());
        assert!(!passwords.verify("x", Some("not a hash".into()), true).await.unwrap());
    }
}
