//! The keys that personal data is sealed under: one a person, message or notification, each wrapped by a master key.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac, rand};
use lru::LruCache;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// How many keys a process remembers.
const KEYS_REMEMBERED: NonZeroUsize = NonZeroUsize::new(20_000).expect("a positive number");
/// How long a process may still read data that another process has erased.
const KEY_REMEMBERED_FOR: Duration = Duration::from_secs(30);
/// What the master key's proof seals.
const PROOF: &[u8] = b"mensajeria master key";
/// The length of every key, in bytes.
pub(crate) const KEY_BYTES: usize = 32;

/// The key that wraps all others; from a file or a key service, never from the database.
pub struct MasterKey([u8; KEY_BYTES]);

impl MasterKey {
    /// A master key of 32 bytes.
    pub const fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }
}

/// Why personal data cannot be sealed or unsealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The keys could not be read.
    #[error("failed to read keys: {0}")]
    Database(#[from] sqlx::Error),
    /// The master key is wrong, or the row was changed: the ciphertext does not belong here.
    #[error("ciphertext does not open under its key")]
    Forged,
    /// The system had no randomness, or the value cannot be written as JSON.
    #[error("failed to seal")]
    Failed,
}

/// A person's key, clear in memory only.
#[derive(Clone, Copy)]
pub(crate) struct DataKey([u8; KEY_BYTES]);

/// Data keys by their ids, `None` for destroyed ones; keys that were never made are absent.
pub(super) type DataKeys = HashMap<Uuid, Option<DataKey>>;

/// A key that is to be committed with the first event under it.
pub(crate) struct NewKey {
    pub(crate) id: Uuid,
    pub(crate) wrapped: Vec<u8>,
    clear: DataKey,
}

/// The keys of one log. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    pool: PgPool,
    wrapping: LessSafeKey,
    index: hmac::Key,
    requests: hmac::Key,
    tokens: hmac::Key,
    remembered: Mutex<LruCache<Uuid, (DataKey, Instant)>>,
}

impl Keys {
    /// The keys of the log in `pool`'s database.
    pub fn new(pool: PgPool, master: &MasterKey) -> Self {
        let wrapping = derive(master, b"mensajeria key wrapping");
        let index = derive(master, b"mensajeria blind index");
        let requests = derive(master, b"mensajeria request fingerprint");
        let tokens = derive(master, b"mensajeria tokens");
        Self(Arc::new(Inner {
            pool,
            wrapping: aes(&wrapping),
            index: hmac::Key::new(hmac::HMAC_SHA256, &index),
            requests: hmac::Key::new(hmac::HMAC_SHA256, &requests),
            tokens: hmac::Key::new(hmac::HMAC_SHA256, &tokens),
            remembered: Mutex::new(LruCache::new(KEYS_REMEMBERED)),
        }))
    }

    /// The blind index of a value: an HMAC-SHA-256 by which equal values are found without being readable.
    pub fn blind_index(&self, value: &str) -> Vec<u8> {
        hmac::sign(&self.0.index, value.as_bytes()).as_ref().to_vec()
    }

    /// The same hash for bytes that are not text, such as a canonical request to be confirmed.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0.index, bytes).as_ref().to_vec()
    }

    /// The fingerprint of a request: HMAC-SHA-256 of its parts. A reader of the database could try passwords and
    /// telephone numbers against a plain hash, faster than against the password hash.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
        hmac_of(&self.0.requests, parts)
    }

    /// A key for one purpose, such as the MAC of addresses that we give away. The master key stays the same for ever, and so
    /// does this one.
    pub fn derived(&self, purpose: &str) -> [u8; KEY_BYTES] {
        hmac_of(&self.0.tokens, &[purpose.as_bytes()])
    }

    /// Refuses a master key other than the one that the log was first opened with. The first key leaves a proof in the
    /// database.
    ///
    /// # Errors
    /// [`SealError::Forged`] under another key.
    pub(super) async fn prove(&self) -> Result<(), SealError> {
        let fresh = seal(&self.0.wrapping, PROOF, PROOF.to_vec())?;
        let mut kept: Vec<u8> = sqlx::query_scalar(
            "update ledger set master_key_proof = coalesce(master_key_proof, $1) returning master_key_proof",
        )
        .bind(fresh)
        .fetch_one(&self.0.pool)
        .await?;
        open(&self.0.wrapping, PROOF, &mut kept).map(drop)
    }

    /// Whether the log was opened before, which [`Keys::prove`] would change.
    ///
    /// # Errors
    /// [`SealError::Forged`] if it was, under another key.
    pub(super) async fn is_proven(&self) -> Result<bool, SealError> {
        let kept: Option<Vec<u8>> =
            sqlx::query_scalar("select master_key_proof from ledger").fetch_one(&self.0.pool).await?;
        let Some(mut kept) = kept else { return Ok(false) };
        open(&self.0.wrapping, PROOF, &mut kept).map(|_| true)
    }

    /// Destroys a key for ever, which erases everything sealed under it. Call [`Keys::forget`] after the commit.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn destroy_in(&self, tx: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
        sqlx::query("update keys set wrapped = null, destroyed_at = clock_timestamp() where key_id = $1 and wrapped is not null")
            .bind(id)
            .execute(tx)
            .await?;
        self.forget(id);
        Ok(())
    }

    /// Forgets a key that was destroyed.
    pub fn forget(&self, id: Uuid) {
        self.memory().pop(&id);
    }

    /// The keys with these ids, from memory or from the database. They are remembered.
    pub(super) async fn find(&self, ids: Vec<Uuid>) -> Result<DataKeys, SealError> {
        let mut found = DataKeys::with_capacity(ids.len());
        let missing = self.recall(ids, &mut found);
        if missing.is_empty() {
            return Ok(found);
        }
        for (id, key) in self.read(missing).await? {
            if let Some(key) = key {
                self.remember(id, key);
            }
            found.insert(id, key);
        }
        Ok(found)
    }

    /// The keys with these ids, from the database.
    pub(super) async fn read(&self, ids: Vec<Uuid>) -> Result<DataKeys, SealError> {
        if ids.is_empty() {
            return Ok(DataKeys::new());
        }
        // Two arrays: a row of an answer costs more than the key in it.
        let (ids, wrapped): (Vec<Uuid>, Vec<Option<Vec<u8>>>) = sqlx::query_as(
            "select coalesce(array_agg(key_id), '{}'), coalesce(array_agg(wrapped), '{}')
             from keys where key_id = any($1)",
        )
        .bind(ids)
        .fetch_one(&self.0.pool)
        .await?;
        let rows = ids.into_iter().zip(wrapped);
        rows.map(|(id, key)| Ok((id, key.map(|key| self.unwrap(id, key)).transpose()?))).collect()
    }

    /// Creates a key for an id that has none. Once it is committed, call [`Keys::committed`].
    pub(crate) fn create(&self, id: Uuid) -> Result<(DataKey, NewKey), SealError> {
        let mut bytes = [0; KEY_BYTES];
        rand::fill(&mut bytes).map_err(|_| SealError::Failed)?;
        let wrapped = seal(&self.0.wrapping, id.as_bytes(), bytes.to_vec())?;
        let clear = DataKey(bytes);
        Ok((clear, NewKey { id, wrapped, clear }))
    }

    /// Caches committed keys, so that readers in this process need not fetch them.
    pub(super) fn committed(&self, keys: &[NewKey]) {
        keys.iter().for_each(|key| self.remember(key.id, key.clear));
    }

    fn unwrap(&self, id: Uuid, mut wrapped: Vec<u8>) -> Result<DataKey, SealError> {
        let bytes = open(&self.0.wrapping, id.as_bytes(), &mut wrapped)?;
        (&*bytes).try_into().map(DataKey).map_err(|_| SealError::Forged)
    }

    fn recall(&self, ids: Vec<Uuid>, found: &mut DataKeys) -> Vec<Uuid> {
        let mut memory = self.memory();
        ids.into_iter()
            .filter(|id| match memory.get(id) {
                Some((key, since)) if since.elapsed() < KEY_REMEMBERED_FOR => {
                    found.insert(*id, Some(*key));
                    false
                }
                _ => true,
            })
            .collect()
    }

    fn remember(&self, id: Uuid, key: DataKey) {
        self.memory().put(id, (key, Instant::now()));
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, LruCache<Uuid, (DataKey, Instant)>> {
        self.0.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DataKey {
    #[cfg(test)]
    pub(super) const fn of(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Nonce and ciphertext of `plain`, bound to `aad`: AES-256-GCM.
    pub(crate) fn seal(&self, aad: &[u8], plain: Vec<u8>) -> Result<Vec<u8>, SealError> {
        seal(&aes(&self.0), aad, plain)
    }

    /// Opens in place what [`DataKey::seal`] sealed.
    pub(crate) fn open<'a>(&self, aad: &[u8], sealed: &'a mut [u8]) -> Result<&'a mut [u8], SealError> {
        open(&aes(&self.0), aad, sealed)
    }
}

/// HMAC-SHA-256 of parts, each after its length.
fn hmac_of(key: &hmac::Key, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
    let mut signed = hmac::Context::with_key(key);
    for part in parts {
        signed.update(&(part.len() as u64).to_be_bytes());
        signed.update(part);
    }
    signed.sign().as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
}

fn derive(master: &MasterKey, purpose: &'static [u8]) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"mensajeria")
        .extract(&master.0)
        .expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .expect("32 bytes are within what HKDF-SHA-256 can give");
    key
}

fn aes(key: &[u8; KEY_BYTES]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("the key has the cipher's length"))
}

/// A random nonce is safe here: a key seals some thousands of values in its life, far from 2³².
fn seal(key: &LessSafeKey, aad: &[u8], plain: Vec<u8>) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| SealError::Failed)?;
    let mut body = plain;
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body)
        .map_err(|_| SealError::Failed)?;
    let mut sealed = nonce.to_vec();
    sealed.append(&mut body);
    Ok(sealed)
}

fn open<'a>(key: &LessSafeKey, aad: &[u8], sealed: &'a mut [u8]) -> Result<&'a mut [u8], SealError> {
    let (nonce, body) = sealed.split_at_mut_checked(NONCE_LEN).ok_or(SealError::Forged)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Forged)?;
    key.open_in_place(nonce, Aad::from(aad), body).map_err(|_| SealError::Forged)
}
