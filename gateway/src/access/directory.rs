//! Who is who, kept in memory: every request asks for it, and it hardly ever changes.

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

use crate::freshness::caught_up;
use crate::problem::{Answer, Problem};

/// How old what is known may be. Only a positive answer is ever given from memory.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// How long a caller waits for a refresh, the wait for its turn included: after it the database counts as away.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(10);

/// A user, as far as the front door needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub id: UserId,
    /// The worker's name; none once erased.
    pub name: Option<String>,
    /// What the worker logs in with; none once erased.
    pub email: Option<String>,
    /// What the worker may do.
    pub roles: BTreeSet<Role>,
    /// The companies the worker may act for.
    pub companies: Vec<CompanyId>,
    /// Whether the worker may log in.
    pub active: bool,
}

/// Everybody and every company at one moment.
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
    /// How long a caller waits until what was written can be read.
    limit: Duration,
    known: RwLock<Arc<Snapshot>>,
    refreshing: Mutex<()>,
}

impl Snapshot {
    /// A user who may log in.
    pub fn user(&self, id: UserId) -> Option<&Arc<Member>> {
        self.users.get(&id).filter(|member| member.active)
    }

    /// Everybody who may log in, in no order.
    pub fn users(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.users.values().filter(|member| member.active)
    }

    /// Whether there is such a company.
    pub fn has_company(&self, id: CompanyId) -> bool {
        self.companies.contains(&id)
    }
}

impl Directory {
    pub(crate) fn new(log: Reader, positions: Positions, limit: Duration) -> Self {
        Self { log, positions, limit, known: RwLock::default(), refreshing: Mutex::default() }
    }

    /// What is known, at most a second old.
    ///
    /// # Errors
    /// 503 when the database does not answer.
    pub async fn snapshot(&self) -> Answer<Arc<Snapshot>> {
        match self.recall(|known| known.is_young()) {
            Some(known) => Ok(known),
            None => self.refresh(|known| known.is_young()).await,
        }
    }

    /// What is known once everything written up to now can be read: before anything is said not to be there.
    ///
    /// # Errors
    /// 503 when the projections do not catch up, or the database does not answer.
    pub async fn fresh(&self) -> Answer<Arc<Snapshot>> {
        let head = self.log.head().await?;
        self.at(head).await
    }

    /// What is known at a position or after it: call it once users or companies were written.
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

    /// Makes what was just written known, as far as it can be read yet: who wrote it will use it next.
    pub async fn learn(&self, position: Position) {
        // It is written all the same, and will be known in a second.
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

    /// Whether there is such a company.
    ///
    /// # Errors
    /// 503, as above.
    pub async fn has_company(&self, id: CompanyId) -> Answer<bool> {
        Ok(self.snapshot().await?.has_company(id) || self.fresh().await?.has_company(id))
    }

    fn recall(&self, is_good: impl Fn(&Snapshot) -> bool) -> Option<Arc<Snapshot>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        is_good(&known).then(|| Arc::clone(&known))
    }

    async fn refresh(&self, is_good: impl Fn(&Snapshot) -> bool) -> Answer<Arc<Snapshot>> {
        let refreshed = timeout(REFRESH_TIMEOUT, self.refresh_in_turn(is_good)).await;
        let away = |_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into()));
        refreshed.unwrap_or_else(away).map_err(Problem::from)
    }

    /// One asks the database; the others wait for what it learns.
    async fn refresh_in_turn(&self, is_good: impl Fn(&Snapshot) -> bool) -> sqlx::Result<Arc<Snapshot>> {
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
        self.taken.is_some_and(|taken| taken.elapsed() < KNOWN_FOR)
    }
}

type UserRow = (Uuid, Option<String>, Option<String>, Vec<String>, Vec<Uuid>, bool);

/// Reads only what changed since `before`. The checkpoint is read first: what is written meanwhile is read twice, never
/// missed.
async fn read(pool: &PgPool, before: &Snapshot) -> sqlx::Result<Snapshot> {
    let taken = Some(Instant::now());
    let position = sqlx::query_scalar(
        "select least((select position from users.checkpoint), (select position from clients.checkpoint))",
    )
    .fetch_one(pool)
    .await?;
    let users: Vec<UserRow> = sqlx::query_as(
        "select user_id, name, email, roles, companies, active from users.users where position > $1",
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

/// A role that this version of the program does not know is worth nothing to it.
fn member((id, name, email, roles, companies, active): UserRow) -> Member {
    Member {
        id: id.into(),
        name,
        email,
        roles: roles.iter().filter_map(|role| role.parse().ok()).collect(),
        companies: companies.into_iter().map(CompanyId::from).collect(),
        active,
    }
}
