//! Who is logged in: sessions of browsers and tokens of programs, remembered for a moment.

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

/// How long a session is believed without looking again: so long may a login that was ended elsewhere go on.
const BELIEVED_FOR: Duration = Duration::from_secs(2);
/// How many are remembered.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

/// What a caller shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presented {
    /// A browser's cookie.
    Session(TokenHash),
    /// A program's bearer token.
    ApiToken(TokenHash),
}

/// The sessions in the database, and the ones seen lately.
pub struct Sessions {
    pool: PgPool,
    seen: Mutex<LruCache<Presented, (UserId, Instant)>>,
}

impl Sessions {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, seen: Mutex::new(LruCache::new(REMEMBERED_MAX)) }
    }

    /// Begins a session for a user whose password was right; none if the login ended, or the password changed,
    /// meanwhile. Sessions that are over are cleared away on the way.
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

    /// Ends a session. Asking twice is not an error.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end(&self, hash: TokenHash) -> sqlx::Result<()> {
        sqlx::query("delete from sessions where token_hash = $1")
            .bind(hash.as_bytes())
            .execute(&self.pool)
            .await?;
        self.seen().pop(&Presented::Session(hash));
        Ok(())
    }

    /// Forgets what was seen of a user whose login changed: the database is asked again.
    pub fn forget(&self, user: UserId) {
        let mut seen = self.seen();
        let theirs: Vec<_> =
            seen.iter().filter(|(_, (owner, _))| *owner == user).map(|(shown, _)| *shown).collect();
        for shown in theirs {
            seen.pop(&shown);
        }
    }

    /// The user behind what a caller shows, if it is worth anything.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user_of(&self, shown: Presented, now: DateTime<Utc>) -> sqlx::Result<Option<UserId>> {
        if let Some(user) = self.recall(shown) {
            return Ok(Some(user));
        }
        let user = self.look_up(shown, now).await?.map(UserId::from);
        if let Some(user) = user {
            self.seen().put(shown, (user, Instant::now()));
        }
        Ok(user)
    }

    fn recall(&self, shown: Presented) -> Option<UserId> {
        self.seen().get(&shown).filter(|(_, since)| since.elapsed() < BELIEVED_FOR).map(|(user, _)| *user)
    }

    async fn look_up(&self, shown: Presented, now: DateTime<Utc>) -> sqlx::Result<Option<Uuid>> {
        match shown {
            Presented::Session(hash) => {
                sqlx::query_scalar(
                    "select user_id from sessions join credentials using (user_id)
                     where token_hash = $1 and expires_at > $2 and active",
                )
                .bind(hash.as_bytes().to_vec())
                .bind(now)
                .fetch_optional(&self.pool)
                .await
            }
            Presented::ApiToken(hash) => {
                sqlx::query_scalar(
                    "select user_id from api_tokens join credentials using (user_id) where token_hash = $1 and active",
                )
                .bind(hash.as_bytes().to_vec())
                .fetch_optional(&self.pool)
                .await
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, LruCache<Presented, (UserId, Instant)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
