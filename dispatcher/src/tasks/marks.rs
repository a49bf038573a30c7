//! The start marks: what is about to be given to a provider, committed before the provider could accept it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use commands::log::EventLog;
use commands::suppressions::SuppressedAddress;
use domain::value::{ClientId, Member, Members};
use sqlx::PgConnection;
use uuid::Uuid;

use super::ChunkId;
use super::flood::{Guarded, too_often};
use super::suppressed::{SuppressedAddresses, suppressed};

/// One member that a worker is about to send to, or provably did not send to.
#[derive(Debug, Clone)]
pub(crate) struct StartMark {
    pub(crate) task: ChunkId,
    pub(crate) epoch: i64,
    /// Of the attempt: attempts are counted anew in each generation.
    pub(crate) generation: u32,
    pub(crate) attempt: u32,
    pub(crate) member: Member,
    pub(crate) client: ClientId,
    pub(crate) to: SuppressedAddress,
    /// The provider, so that a recovery can name it.
    pub(crate) provider: Arc<str>,
    /// False takes a mark back: the member is provably unsent, and stays with the owner.
    pub(crate) is_started: bool,
    /// If the company has a limit an hour and address.
    pub(crate) guarded: Option<Box<Guarded>>,
}

/// What became of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marked {
    /// It is committed: the member may be sent to.
    Started,
    /// The task is somebody else's by now: the owner was fenced, or the task taken back.
    Lost,
    /// The notification was cancelled.
    Cancelled,
    /// The notification is paused: the task goes back to the queue.
    Paused,
    /// The person was erased.
    Erased,
    /// The address has had as many messages in this hour as its company allows.
    TooOften,
    /// Nothing is sent to the address any more.
    Suppressed,
    /// Nobody knows whether it is committed; the member is unsent all the same.
    Unknown,
}

/// What one row of `send_starts` has besides its members. The order of rows about one member is that of the marks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// How many marks of its members came before: a member may be marked and taken back in one flush.
    turn: usize,
    task: ChunkId,
    epoch: i64,
    generation: u32,
    attempt: u32,
    provider: Arc<str>,
    is_started: bool,
}

/// Commits nothing: the marks are part of the caller's transaction.
pub(super) async fn mark(
    tx: &mut PgConnection,
    log: &EventLog,
    known: &SuppressedAddresses,
    owner: Uuid,
    marks: &[StartMark],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Marked>> {
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    lock(tx, owner).await?;
    let suppressed = suppressed(tx, log, known, marks).await?;
    let is_suppressed = |mark: &StartMark| suppressed.contains(&(mark.task, mark.member));
    let sendable = marks.iter().filter(|mark| mark.is_started && !is_suppressed(mark));
    let guarded: Vec<&Guarded> = sendable.filter_map(|mark| mark.guarded.as_deref()).collect();
    let too_often = too_often(tx, &guarded, now).await?;
    let is_too_often = |mark: &StartMark| {
        mark.is_started && mark.guarded.as_ref().is_some_and(|guarded| too_often.contains(&guarded.delivery))
    };
    let started = marks.iter().filter(|mark| mark.is_started);
    let clients = started.map(|mark| mark.client.uuid()).collect();
    let is_left_out = |mark: &StartMark| is_suppressed(mark) || is_too_often(mark);
    let (mut keys, mut groups) = grouped(marks, is_left_out);
    let mut inserted = insert(tx, owner, &groups, clients).await?;
    let erased = inserted.erased;
    let is_erased = |mark: &StartMark| mark.is_started && erased.contains(&mark.client.uuid());
    if !erased.is_empty() {
        (keys, groups) = grouped(marks, |mark| is_erased(mark) || is_left_out(mark));
        inserted = insert(tx, owner, &groups, Vec::new()).await?;
    }
    let order: Vec<&Key> = groups.keys().collect();
    let of_row =
        |key: &Key| order.binary_search(&key).ok().and_then(|place| inserted.marked.get(&place)).copied();
    let outcome = |(mark, key): (&StartMark, &Key)| {
        if is_erased(mark) {
            Marked::Erased
        } else if is_suppressed(mark) {
            Marked::Suppressed
        } else if is_too_often(mark) {
            Marked::TooOften
        } else {
            of_row(key).unwrap_or(Marked::Lost)
        }
    };
    Ok(marks.iter().zip(&keys).map(outcome).collect())
}

/// Shares a lock on the owner's row, on which an erasure waits, in a statement before the one that asks who was erased:
/// either the erasure is seen there, or its caller is answered after this commit.
async fn lock(tx: &mut PgConnection, owner: Uuid) -> sqlx::Result<()> {
    sqlx::query("select from send_owners where owner = $1 for key share").bind(owner).execute(tx).await?;
    Ok(())
}

/// The row of each mark, and the members of each row.
fn grouped(
    marks: &[StartMark],
    is_left_out: impl Fn(&StartMark) -> bool,
) -> (Vec<Key>, BTreeMap<Key, Members>) {
    let (mut turns, mut groups) = (HashMap::new(), BTreeMap::<Key, Members>::new());
    let mut keys = Vec::with_capacity(marks.len());
    for mark in marks {
        let turn = turns.entry((mark.task, mark.member)).or_insert(0_usize);
        let key = Key {
            turn: *turn,
            task: mark.task,
            epoch: mark.epoch,
            generation: mark.generation,
            attempt: mark.attempt,
            provider: Arc::clone(&mark.provider),
            is_started: mark.is_started,
        };
        *turn += 1;
        if !is_left_out(mark) {
            groups.entry(key.clone()).or_default().insert(mark.member);
        }
        keys.push(key);
    }
    (keys, groups)
}

/// What came of the rows of a flush.
struct Inserted {
    /// By the row's place; rows of tasks that are somebody else's are not here.
    marked: HashMap<usize, Marked>,
    /// The clients among those asked for who were erased. If there is one, no row is inserted.
    erased: HashSet<Uuid>,
}

/// The shared lock on the owner's row keeps it from being fenced before the commit. A mark is taken back even of a task that
/// is stopped.
async fn insert(
    tx: &mut PgConnection,
    owner: Uuid,
    groups: &BTreeMap<Key, Members>,
    clients: Vec<Uuid>,
) -> sqlx::Result<Inserted> {
    let keys = || groups.keys();
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let rows: Vec<(Option<i64>, Option<String>, Option<Uuid>)> = sqlx::query_as(
        "with me as materialized (
           select owner from send_owners where owner = $1 and not is_fenced for key share),
         erased as materialized (
           select w.client_id
           from unnest($10::uuid[]) as w (client_id),
                lateral (select from unsendable_clients u where u.client_id = w.client_id limit 1) u),
         asked as materialized (
           select a.*, t.stopped
           from me, unnest($2::uuid[], $3::integer[], $4::bigint[], $5::integer[], $6::integer[], $7::text[], $8::text[],
                           $9::boolean[])
                    with ordinality as a (notification_id, chunk, epoch, generation, attempt, members, provider,
                                          is_started, place),
                lateral (
                  select t.stopped from send_tasks t
                  where t.notification_id = a.notification_id and t.chunk = a.chunk and t.epoch = a.epoch
                    and t.owner = $1
                  limit 1) t),
         marked as (
           insert into send_starts (notification_id, chunk, epoch, generation, attempt, members, provider, is_started)
           select notification_id, chunk, epoch, generation, attempt, members, provider, is_started
           from asked
           where (stopped is null or not is_started) and not exists (select from erased)
           order by place)
         select place, case when is_started then stopped end, null from asked
         union all
         select null, null, client_id from erased",
    )
    .bind(owner)
    .bind(keys().map(|key| key.task.notification.uuid()).collect::<Vec<_>>())
    .bind(keys().map(|key| number(key.task.chunk)).collect::<Vec<_>>())
    .bind(keys().map(|key| key.epoch).collect::<Vec<_>>())
    .bind(keys().map(|key| number(key.generation)).collect::<Vec<_>>())
    .bind(keys().map(|key| number(key.attempt)).collect::<Vec<_>>())
    .bind(groups.values().map(Members::to_string).collect::<Vec<_>>())
    .bind(keys().map(|key| &*key.provider).collect::<Vec<_>>())
    .bind(keys().map(|key| key.is_started).collect::<Vec<_>>())
    .bind(clients)
    .fetch_all(tx)
    .await?;
    let marked = |stopped: Option<String>| match stopped.as_deref() {
        None => Marked::Started,
        Some("paused") => Marked::Paused,
        Some(_) => Marked::Cancelled,
    };
    let mut inserted = Inserted { marked: HashMap::new(), erased: HashSet::new() };
    for (place, stopped, erased) in rows {
        let marked = marked(stopped);
        inserted.marked.extend(place.map(|place| (place as usize - 1, marked)));
        inserted.erased.extend(erased);
    }
    Ok(inserted)
}

/// A row of `send_starts`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct StartRow {
    pub(super) notification_id: Uuid,
    pub(super) chunk: i32,
    pub(super) generation: i32,
    pub(super) attempt: i32,
    pub(super) members: String,
    pub(super) provider: String,
    pub(super) is_started: bool,
}

/// What the marks of a task say of a member: it may have been given to this provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Started {
    pub(super) generation: u32,
    pub(super) attempt: u32,
    pub(super) provider: String,
}

/// The members that are started by the marks of one task, in their order: the last row about a member counts.
pub(super) fn started<'a>(rows: impl IntoIterator<Item = &'a StartRow>) -> BTreeMap<Member, Started> {
    let mut started = BTreeMap::new();
    for row in rows {
        // Written by this program: what cannot be read is of nobody.
        for member in row.members.parse::<Members>().unwrap_or_default().iter() {
            if row.is_started {
                let (generation, attempt) = (row.generation.unsigned_abs(), row.attempt.unsigned_abs());
                started.insert(member, Started { generation, attempt, provider: row.provider.clone() });
            } else {
                started.remove(&member);
            }
        }
    }
    started
}

#[cfg(test)]
mod tests {
    use domain::value::Channel;

    use super::*;

    fn member(number: u16) -> Member {
        Member::try_new(number).expect("a member")
    }

    fn mark(number: u16, provider: &str, is_started: bool) -> StartMark {
        StartMark {
            task: ChunkId { notification: Uuid::from_u128(1).into(), chunk: 1 },
            epoch: 1,
            generation: 1,
            attempt: 1,
            member: member(number),
            client: Uuid::from_u128(number.into()).into(),
            to: SuppressedAddress {
                company: Uuid::from_u128(20).into(),
                channel: Channel::Sms,
                address: format!("+57300{number:07}"),
            },
            provider: provider.into(),
            is_started,
            guarded: None,
        }
    }

    fn row(members: &str, attempt: i32, is_started: bool) -> StartRow {
        StartRow {
            notification_id: Uuid::nil(),
            chunk: 1,
            generation: 1,
            attempt,
            members: members.into(),
            provider: "uno".into(),
            is_started,
        }
    }

    #[test]
    fn marks_of_one_task_attempt_and_provider_are_one_row() {
        let marks = [mark(1, "uno", true), mark(2, "uno", true), mark(3, "dos", true)];
        let (_, groups) = grouped(&marks, |_| false);
        let members: Vec<String> = groups.values().map(Members::to_string).collect();
        assert_eq!(members, ["3", "1-2"]);
    }

    #[test]
    fn a_mark_and_its_taking_back_in_one_flush_keep_their_order() {
        let marks = [mark(1, "uno", true), mark(1, "uno", false), mark(1, "dos", true)];
        let (_, groups) = grouped(&marks, |_| false);
        let order: Vec<(&str, bool)> = groups.keys().map(|key| (&*key.provider, key.is_started)).collect();
        assert_eq!(order, [("uno", true), ("uno", false), ("dos", true)]);
    }

    #[test]
    fn who_is_erased_is_in_no_row() {
        let marks = [mark(1, "uno", true), mark(2, "uno", true)];
        let (_, groups) = grouped(&marks, |mark| mark.member == member(2));
        assert_eq!(groups.values().next().map(Members::to_string), Some("1".to_owned()));
    }

    #[test]
    fn the_last_row_about_a_member_counts() {
        let rows = [row("1-3", 1, true), row("2", 1, false), row("3", 2, true)];
        let started: Vec<(u16, u32)> =
            started(&rows).into_iter().map(|(member, mark)| (member.number(), mark.attempt)).collect();
        assert_eq!(started, [(1, 1), (3, 2)]);
    }
}
