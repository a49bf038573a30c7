//! The sessions of browsers and tokens of programs, cached for a moment.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::value::UserId;
use lru::LruCache;
use sqlx::PgPool;
use tokio::time::Instant;
use uuid::Uuid;

use super::cookie::SESSION_LIFETIME;
use super::token::{Token, TokenHash};

/// How long a cached session is trusted. A login that was ended in another process lasts at most this much longer.
const CACHE_TIME: Duration = Duration::from_secs(2);
/// How many sessions are cached.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

/// The credential of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A browser's session cookie.
    Session(TokenHash),
    /// A program's bearer token.
    ApiToken(TokenHash),
}

/// The sessions in the database, and a cache of recent ones.
pub struct Sessions {
    pool: PgPool,
    seen: Mutex<LruCache<Credential, (UserId, Instant)>>,
}

impl Sessions {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, seen: Mutex::new(LruCache::new(REMEMBERED_MAX)) }
    }

    /// Begins a session for a user whose password was right; none if the login was disabled or the password changed
    /// meanwhile. All expired sessions are deleted in the same call.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(
        &self,
        token: &Token,
        user: UserId,
        password_hash: &str,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Option<()>> {
        sqlx::query("delete from sessions where expires_at <= $1").bind(now).execute(&self.pool).await?;
        let begun = sqlx::query(
            "insert into sessions (token_hash, user_id, created_at, expires_at)
             select $1, user_id, $3, $4 from credentials where user_id = $2 and active and password_hash = $5",
        )
        .bind(token.hash().as_bytes())
        .bind(Uuid::from(user))
        .bind(now)
        .bind(now + SESSION_LIFETIME)
        .bind(password_hash)
        .execute(&self.pool)
        .await?;
        Ok((begun.rows_affected() == 1).then_some(()))
    }

    /// Ends a session. Ending it twice is not an error.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end(&self, hash: TokenHash) -> sqlx::Result<()> {
        sqlx::query("delete from sessions where token_hash = $1")
            .bind(hash.as_bytes())
            .execute(&self.pool)
            .await?;
        self.seen().pop(&Credential::Session(hash));
        Ok(())
    }

    /// Removes a user whose login changed from the cache, so that the next request reads the database.
    pub fn forget(&self, user: UserId) {
        let mut seen = self.seen();
        let theirs: Vec<_> =
            seen.iter().filter(|(_, (owner, _))| *owner == user).map(|(credential, _)| *credential).collect();
        for credential in theirs {
            seen.pop(&credential);
        }
    }

    /// The user of a credential, if the credential is valid.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user_of(&self, credential: Credential, now: DateTime<Utc>) -> sqlx::Result<Option<UserId>> {
        if let Some(user) = self.recall(credential) {
            return Ok(Some(user));
        }
        let user = self.look_up(credential, now).await?.map(UserId::from);
        if let Some(user) = user {
            self.seen().put(credential, (user, Instant::now()));
        }
        Ok(user)
    }

    fn recall(&self, credential: Credential) -> Option<UserId> {
        self.seen().get(&credential).filter(|(_, since)| since.elapsed() < CACHE_TIME).map(|(user, _)| *user)
    }

    async fn look_up(&self, credential: Credential, now: DateTime<Utc>) -> sqlx::Result<Option<Uuid>> {
        match credential {
            Credential::Session(hash) => {
                sqlx::query_scalar(
                    "select user_id from sessions join credentials using (user_id)
                     where token_hash = $1 and expires_at > $2 and active",
                )
                .bind(hash.as_bytes().to_vec())
                .bind(now)
                .fetch_optional(&self.pool)
                .await
            }
            Credential::ApiToken(hash) => {
                sqlx::query_scalar(
                    "select user_id from api_tokens join credentials using (user_id) where token_hash = $1 and active",
                )
                .bind(hash.as_bytes().to_vec())
                .fetch_optional(&self.pool)
                .await
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, LruCache<Credential, (UserId, Instant)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
