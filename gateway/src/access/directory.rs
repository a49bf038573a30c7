//! The directory of users and companies, cached in memory: every request reads it, and it rarely changes.

use std::collections::{BTreeSet, HashMap};
use std::io::ErrorKind;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use commands::log::Reader;
use domain::Position;
use domain::value::{CompanyId, Role, UserId};
use projections::{Positions, Projection};
use sqlx::PgPool;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::caller::Caller;
use crate::freshness::caught_up;
use crate::problem::{Answer, Problem};

/// The maximum age of the cache. Only positive answers come from the cache.
const CACHE_TIME: Duration = Duration::from_secs(1);
/// How long a caller waits for a refresh, including the wait behind other refreshes. After it the database counts as
/// unavailable.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(10);

/// A user, with the fields that the gateway needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub id: UserId,
    /// The worker's name; none once erased.
    pub name: Option<String>,
    /// The address that the worker logs in with; none once erased.
    pub email: Option<String>,
    /// The worker's telephone in E.164; none if there is none, and once erased.
    pub phone: Option<String>,
    /// The worker's roles.
    pub roles: BTreeSet<Role>,
    /// The companies the worker may act for.
    pub companies: Vec<CompanyId>,
    /// Whether the worker may log in.
    pub active: bool,
}

/// All users and companies at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    users: HashMap<UserId, Arc<Member>>,
    companies: BTreeSet<CompanyId>,
    position: Position,
    taken: Option<Instant>,
}

/// The users and companies of the platform.
pub struct Directory {
    log: Reader,
    positions: Positions,
    /// How long a caller waits until a projection shows its own write.
    limit: Duration,
    known: RwLock<Arc<Snapshot>>,
    refreshing: Mutex<()>,
}

impl Snapshot {
    /// A user who may log in.
    pub fn user(&self, id: UserId) -> Option<&Arc<Member>> {
        self.users.get(&id).filter(|member| member.active)
    }

    /// A user, also one who may not log in any more.
    pub fn worker(&self, id: UserId) -> Option<&Arc<Member>> {
        self.users.get(&id)
    }

    /// Every user who may log in, in no order.
    pub fn users(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.users.values().filter(|member| member.active)
    }

    /// Whether the company exists.
    pub fn has_company(&self, id: CompanyId) -> bool {
        self.companies.contains(&id)
    }

    /// The company, if there is one only.
    pub fn only_company(&self) -> Option<CompanyId> {
        self.companies.first().copied().filter(|_| self.companies.len() == 1)
    }
}

impl Directory {
    pub(crate) fn new(log: Reader, positions: Positions, limit: Duration) -> Self {
        Self { log, positions, limit, known: RwLock::default(), refreshing: Mutex::default() }
    }

    /// The cached directory, at most a second old.
    ///
    /// # Errors
    /// 503 when the database does not answer.
    pub async fn snapshot(&self) -> Answer<Arc<Snapshot>> {
        match self.recall(|known| known.is_young()) {
            Some(known) => Ok(known),
            None => self.refresh(|known| known.is_young()).await,
        }
    }

    /// The directory once the projections show every event written until now. Read it before a 404 is given.
    ///
    /// # Errors
    /// 503 when the projections do not catch up, or the database does not answer.
    pub async fn fresh(&self) -> Answer<Arc<Snapshot>> {
        let head = self.log.head().await?;
        self.at(head).await
    }

    /// The directory at this position or later. Read it after users or companies were written.
    ///
    /// # Errors
    /// 503 when the projections do not catch up, or the database does not answer.
    pub async fn at(&self, position: Position) -> Answer<Arc<Snapshot>> {
        let is_new_enough = |known: &Snapshot| known.position >= position;
        if let Some(known) = self.recall(is_new_enough) {
            return Ok(known);
        }
        caught_up(&self.positions, &[Projection::Users, Projection::Clients], position, self.limit).await?;
        self.refresh(is_new_enough).await
    }

    /// Refreshes the cache up to a position just written, as far as the projections show it: its writer will read it
    /// next.
    pub async fn refresh_to(&self, position: Position) {
        // The write is committed either way, and the cache expires within a second.
        let _ = self.at(position).await;
    }

    /// A user who may log in.
    ///
    /// # Errors
    /// 503, as above.
    pub async fn user(&self, id: UserId) -> Answer<Option<Arc<Member>>> {
        if let Some(member) = self.snapshot().await?.user(id) {
            return Ok(Some(Arc::clone(member)));
        }
        Ok(self.fresh().await?.user(id).cloned())
    }

    /// Whether the company exists.
    ///
    /// # Errors
    /// 503, as above.
    pub async fn has_company(&self, id: CompanyId) -> Answer<bool> {
        Ok(self.snapshot().await?.has_company(id) || self.fresh().await?.has_company(id))
    }

    /// The one company that a caller may act for; none if there are several or none.
    ///
    /// # Errors
    /// 503, as above.
    pub async fn only_company_of(&self, caller: &Caller) -> Answer<Option<CompanyId>> {
        if caller.is_admin() {
            return Ok(self.fresh().await?.only_company());
        }
        Ok(match caller.member().companies[..] {
            [only] => Some(only),
            _ => None,
        })
    }

    fn recall(&self, is_good: impl Fn(&Snapshot) -> bool) -> Option<Arc<Snapshot>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        is_good(&known).then(|| Arc::clone(&known))
    }

    async fn refresh(&self, is_good: impl Fn(&Snapshot) -> bool) -> Answer<Arc<Snapshot>> {
        let refreshed = timeout(REFRESH_TIMEOUT, self.refresh_once(is_good)).await;
        let away = |_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into()));
        refreshed.unwrap_or_else(away).map_err(Problem::from)
    }

    /// One caller queries the database; the others wait for its result.
    async fn refresh_once(&self, is_good: impl Fn(&Snapshot) -> bool) -> sqlx::Result<Arc<Snapshot>> {
        let _turn = self.refreshing.lock().await;
        if let Some(known) = self.recall(is_good) {
            return Ok(known);
        }
        let before = self.recall(|_| true).unwrap_or_default();
        let after = Arc::new(read(self.log.pool(), &before).await?);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&after);
        Ok(after)
    }
}

impl Snapshot {
    fn is_young(&self) -> bool {
        self.taken.is_some_and(|taken| taken.elapsed() < CACHE_TIME)
    }
}

type UserRow = (Uuid, Option<String>, Option<String>, Option<String>, Vec<String>, Vec<Uuid>, bool);

/// Reads only the rows that changed since `before`. The checkpoint is read first: a row written meanwhile is read
/// twice, never missed.
async fn read(pool: &PgPool, before: &Snapshot) -> sqlx::Result<Snapshot> {
    let taken = Some(Instant::now());
    let position = sqlx::query_scalar(
        "select least((select position from users.checkpoint), (select position from clients.checkpoint))",
    )
    .fetch_one(pool)
    .await?;
    let users: Vec<UserRow> = sqlx::query_as(
        "select user_id, name, email, phone, roles, companies, active from users.users where position > $1",
    )
    .bind(before.position)
    .fetch_all(pool)
    .await?;
    let companies: Vec<Uuid> =
        sqlx::query_scalar("select company_id from clients.companies where position > $1")
            .bind(before.position)
            .fetch_all(pool)
            .await?;
    let mut after = Snapshot { position, taken, ..before.clone() };
    after.users.extend(users.into_iter().map(member).map(|member| (member.id, Arc::new(member))));
    after.companies.extend(companies.into_iter().map(CompanyId::from));
    Ok(after)
}

/// Roles unknown to this version of the program are ignored.
fn member((id, name, email, phone, roles, companies, active): UserRow) -> Member {
    Member {
        id: id.into(),
        name,
        email,
        phone,
        roles: roles.iter().filter_map(|role| role.parse().ok()).collect(),
        companies: companies.into_iter().map(CompanyId::from).collect(),
        active,
    }
}
