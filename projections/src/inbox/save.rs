//! Writes the changes of a batch, one statement a table. The order matters: withdrawals, then read-alls over items that
//! were not loaded, then the folded rows.

use std::collections::HashMap;

use domain::Position;
use sqlx::PgConnection;
use uuid::Uuid;

use super::changes::Changes;
use super::fold::{Counted, Fold, Item, Key, Logged, Sent, Span, Touched};
use super::withdraw::withdraw;
use crate::copy::CopyIn;
use crate::search;

pub(super) async fn save(tx: &mut PgConnection, fold: Fold) -> sqlx::Result<()> {
    let mut changes = Changes::default();
    for (user, position) in &fold.counted_at {
        changes.add(*user, Counted::default(), *position);
    }
    for ((user, _), touched) in &fold.items {
        changes.add(*user, touched.change(), 0);
    }
    let mut receipts = receipts(&fold);
    insert_sent(tx, &fold.sent, &mut receipts).await?;
    withdraw(tx, &fold, &mut changes).await?;
    read_spans(tx, &fold, &mut changes).await?;
    save_items(tx, &fold.items).await?;
    count_receipts(tx, receipts).await?;
    save_read_alls(tx, &fold).await?;
    insert_log(tx, &fold.log).await?;
    changes.0.retain(|_, (by, position)| *position > 0 || *by != Counted::default());
    save_counts(tx, changes).await
}

/// Inserts new messages with their receipts in the batch, which are removed from `receipts`.
async fn insert_sent(tx: &mut PgConnection, sent: &[Sent], receipts: &mut Receipts) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(
        tx,
        "sent_messages (message_id, author_id, body, search, created_at, priority, acknowledge, in_reply_to, recipients,
                        position, read, acknowledged)",
    );
    for sent in sent {
        let (read, acknowledged) = receipts.remove(&sent.message).unwrap_or_default();
        copy.row()
            .await?
            .put(sent.message)
            .put(sent.author)
            .put(&sent.body)
            .put(search::searchable(&sent.body))
            .put(sent.created_at)
            .put(sent.priority)
            .put(sent.acknowledge)
            .put(sent.in_reply_to)
            .put(sent.recipients)
            .put(sent.position)
            .put(read)
            .put(acknowledged);
    }
    copy.end().await
}

/// Applies the read-alls of a batch to items that were not loaded: items, receipts and updates for authors, in one
/// statement. Deleted items are read too, so that a restored one is; they count nowhere.
const READ_SPANS: &str = "
with span as (
  select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[])
    as s (user_id, after, up_to, at, position)
), folded as (
  select * from unnest($6::uuid[], $7::uuid[]) as f (user_id, message_id)
), unread as (
  select r.user_id, r.message_id, r.author_id, r.seen_at is null as unseen, false as deleted, s.at, s.position
  from span s
  join received r on r.user_id = s.user_id and r.position > s.after and r.position <= s.up_to
  where r.deleted_at is null and r.read_at is null
  union all
  select r.user_id, r.message_id, r.author_id, r.seen_at is null, true, s.at, s.position
  from span s
  join received r on r.user_id = s.user_id and r.position > s.after and r.position <= s.up_to
  where r.deleted_at is not null and r.read_at is null
), now_read as (
  select u.* from unread u
  where not exists (select from folded f where f.user_id = u.user_id and f.message_id = u.message_id)
), items as (
  update received r set read_at = n.at, seen_at = coalesce(r.seen_at, n.at)
  from now_read n
  where r.user_id = n.user_id and r.message_id = n.message_id
), told as (
  insert into receipt_log (position, message_id, user_id, author_id, kind, at)
  select position, message_id, user_id, author_id, 'read', at from now_read
), sent as (
  update sent_messages m set read = m.read + n.readers
  from (select message_id, count(*) as readers from now_read group by message_id) n
  where m.message_id = n.message_id
)
select user_id, count(*) filter (where unseen) as unseen, count(*) as unread, max(position) as position
from now_read
where not deleted
group by user_id";

async fn read_spans(tx: &mut PgConnection, fold: &Fold, changes: &mut Changes) -> sqlx::Result<()> {
    let spans: &[Span] = &fold.spans;
    if spans.is_empty() {
        return Ok(());
    }
    let is_read = |(user, _): &&Key| spans.iter().any(|span| span.user == *user);
    let folded: Vec<&Key> = fold.items.keys().filter(is_read).collect();
    let rows: Vec<(Uuid, i64, i64, Position)> = sqlx::query_as(READ_SPANS)
        .bind(spans.iter().map(|span| span.user).collect::<Vec<_>>())
        .bind(spans.iter().map(|span| span.from).collect::<Vec<_>>())
        .bind(spans.iter().map(|span| span.up_to).collect::<Vec<_>>())
        .bind(spans.iter().map(|span| span.at).collect::<Vec<_>>())
        .bind(spans.iter().map(|span| span.position).collect::<Vec<_>>())
        .bind(folded.iter().map(|(user, _)| *user).collect::<Vec<_>>())
        .bind(folded.iter().map(|(_, message)| *message).collect::<Vec<_>>())
        .fetch_all(tx)
        .await?;
    for (user, unseen, unread, position) in rows {
        changes.add(user, Counted { unseen: -unseen, unread: -unread, total: 0 }, position);
    }
    Ok(())
}

async fn save_items(tx: &mut PgConnection, items: &HashMap<Key, Touched>) -> sqlx::Result<()> {
    let (mut fresh, mut changed) = (Vec::new(), Vec::new());
    for (key, touched) in items {
        match (&touched.before, &touched.now) {
            (None, Some(now)) => fresh.push((key, now)),
            (Some(before), Some(now)) if before != now => changed.push((key, now)),
            _ => {}
        }
    }
    // In the order of the log, so that rows of the same time are close on disk.
    fresh.sort_unstable_by_key(|(key, item)| (item.position, **key));
    insert_items(tx, &fresh).await?;
    update_items(tx, &changed).await
}

async fn insert_items(tx: &mut PgConnection, rows: &[(&Key, &Item)]) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(
        tx,
        "received (user_id, message_id, position, author_id, seen_at, read_at, acknowledged_at, deleted_at)",
    );
    for ((user, message), item) in rows {
        copy.row()
            .await?
            .put(user)
            .put(message)
            .put(item.position)
            .put(item.author)
            .put(item.seen_at)
            .put(item.read_at)
            .put(item.acknowledged_at)
            .put(item.deleted_at);
    }
    copy.end().await
}

async fn update_items(tx: &mut PgConnection, rows: &[(&Key, &Item)]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update received r
         set seen_at = c.seen_at, read_at = c.read_at, acknowledged_at = c.acknowledged_at, deleted_at = c.deleted_at
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
              as c (user_id, message_id, seen_at, read_at, acknowledged_at, deleted_at)
         where r.user_id = c.user_id and r.message_id = c.message_id",
    )
    .bind(rows.iter().map(|(key, _)| key.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|(key, _)| key.1).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, item)| item.seen_at).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, item)| item.read_at).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, item)| item.acknowledged_at).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, item)| item.deleted_at).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// The changes of the numbers of readers and acknowledgements of each message.
type Receipts = HashMap<Uuid, (i64, i64)>;

/// Differences between old and new items; a withdrawn message has none.
fn receipts(fold: &Fold) -> Receipts {
    let counted = |item: &Option<Item>| {
        let item = item.as_ref();
        let is = |so: Option<bool>| i64::from(so == Some(true));
        (is(item.map(|item| item.read_at.is_some())), is(item.map(|item| item.acknowledged_at.is_some())))
    };
    let mut sums = Receipts::new();
    for ((_, message), touched) in &fold.items {
        let (before, now) = (counted(&touched.before), counted(&touched.now));
        let sum = sums.entry(*message).or_default();
        *sum = (sum.0 + now.0 - before.0, sum.1 + now.1 - before.1);
    }
    sums.retain(|message, sum| *sum != (0, 0) && !fold.withdrawn.contains_key(message));
    sums
}

async fn count_receipts(tx: &mut PgConnection, sums: Receipts) -> sqlx::Result<()> {
    if sums.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update sent_messages m set read = m.read + c.read, acknowledged = m.acknowledged + c.acknowledged
         from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as c (message_id, read, acknowledged)
         where m.message_id = c.message_id",
    )
    .bind(sums.keys().copied().collect::<Vec<_>>())
    .bind(sums.values().map(|sum| sum.0).collect::<Vec<_>>())
    .bind(sums.values().map(|sum| sum.1).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn save_read_alls(tx: &mut PgConnection, fold: &Fold) -> sqlx::Result<()> {
    if fold.read_alls.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into inbox_reads (user_id, position, up_to)
         select * from unnest($1::uuid[], $2::bigint[], $3::bigint[])
         on conflict (user_id) do update set position = excluded.position, up_to = excluded.up_to
         where inbox_reads.position <> excluded.position",
    )
    .bind(fold.read_alls.keys().copied().collect::<Vec<_>>())
    .bind(fold.read_alls.values().map(|read| read.position).collect::<Vec<_>>())
    .bind(fold.read_alls.values().map(|read| read.up_to).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_log(tx: &mut PgConnection, log: &[Logged]) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(tx, "receipt_log (position, message_id, user_id, author_id, kind, at)");
    for logged in log {
        copy.row()
            .await?
            .put(logged.position)
            .put(logged.message)
            .put(logged.user)
            .put(logged.author)
            .put(logged.kind)
            .put(logged.at);
    }
    copy.end().await
}

async fn save_counts(tx: &mut PgConnection, changes: Changes) -> sqlx::Result<()> {
    if changes.0.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into inbox_counts as c (user_id, unseen, unread, total, position)
         select unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[]),
                unnest($5::bigint[])
         on conflict (user_id) do update
         set unseen = c.unseen + excluded.unseen, unread = c.unread + excluded.unread,
             total = c.total + excluded.total, position = greatest(c.position, excluded.position)",
    )
    .bind(changes.0.keys().copied().collect::<Vec<_>>())
    .bind(changes.0.values().map(|(by, _)| by.unseen).collect::<Vec<_>>())
    .bind(changes.0.values().map(|(by, _)| by.unread).collect::<Vec<_>>())
    .bind(changes.0.values().map(|(by, _)| by.total).collect::<Vec<_>>())
    .bind(changes.0.values().map(|(_, position)| *position).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}
