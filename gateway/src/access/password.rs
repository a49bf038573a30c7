//! Passwords: Argon2id as OWASP's Password Storage Cheat Sheet has it, off the threads that serve requests.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::password_text::opaque;
use crate::problem::{Answer, Problem, Reason};

/// Memory of one hash, in KiB: 19 MiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Lanes of one hash.
const LANES: u32 = 1;
/// How many hashes are computed at once: more would only take memory and starve the rest.
const AT_ONCE: usize = 2;
/// How long a login waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);
/// When one that waited in vain may ask again, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// Hashes and verifies passwords, a few at a time.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// The hash of a new password, in PHC format.
    ///
    /// # Errors
    /// 503 when too many others wait.
    pub async fn hash(&self, password: &str) -> Answer<String> {
        let password = password.to_owned();
        self.blocking(move || hash(&password)).await?.map_err(|error| Problem::internal(&error))
    }

    /// Whether a password belongs to a hash. Without one it takes as long and is false, so that nobody can tell by the
    /// time it takes whether somebody has a login.
    ///
    /// # Errors
    /// 503 when too many others wait.
    pub async fn verify(&self, password: &str, hash: Option<String>) -> Answer<bool> {
        let password = password.to_owned();
        let is_somebody = hash.is_some();
        let work = move || verify(&password, hash.as_deref().unwrap_or_else(|| nobodys_hash()));
        Ok(self.blocking(work).await? && is_somebody)
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
        let turn = self.turn().await?;
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error))
    }

    async fn turn(&self) -> Answer<OwnedSemaphorePermit> {
        let turn = timeout(TURN_TIMEOUT, Arc::clone(&self.turns).acquire_owned()).await;
        turn.ok()
            .and_then(Result::ok)
            .ok_or_else(|| Problem::unavailable(RETRY_AFTER_S).because(Reason::Overloaded))
    }
}

/// The hash of a new password in PHC format, at once: for the command line and for demo data.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(argon2id().hash_password(opaque(password).as_bytes())?.to_string())
}

/// Whether a password belongs to a hash, at once: for demo data.
pub fn verify(password: &str, hash: &str) -> bool {
    let password = opaque(password);
    PasswordHash::new(hash).is_ok_and(|hash| argon2id().verify_password(password.as_bytes(), &hash).is_ok())
}

fn argon2id() -> Argon2<'static> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn nobodys_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash("nobody").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_belongs_to_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correcto 😀").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.verify("correcto 😀", Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("incorrecto", Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_is_the_same_from_every_keyboard() {
        let passwords = Passwords::default();
        let stored = passwords.hash("contraseña año").await.unwrap();
        assert!(passwords.verify("contrasen\u{303}a\u{a0}an\u{303}o", Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("contrasena ano", Some(stored)).await.unwrap());
        assert!(verify("contraseña", &hash("contrasen\u{303}a").unwrap()));
    }

    #[tokio::test]
    async fn nobody_comes_in_without_a_hash() {
        let passwords = Passwords::default();
        assert!(!passwords.verify("nobody", None).await.unwrap());
        assert!(!passwords.verify("x", Some("not a hash".into())).await.unwrap());
    }
}
