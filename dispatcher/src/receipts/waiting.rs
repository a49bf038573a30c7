//! Receipts that wait for the outcome of their message: their table.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::deliveries::{DELIVERIES, MemberReceipt, Receipt};
use domain::value::Ordinal;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use super::record::FoundReceipt;
use crate::tasks::ChunkId;

/// The key of a row.
type Key = (Uuid, i32, i32);

/// A row of `waiting_receipts`.
#[derive(FromRow)]
struct Row {
    notification_id: Uuid,
    ordinal: i32,
    generation: i32,
    company_id: Uuid,
    provider: String,
    at: DateTime<Utc>,
    receipt: Json<Receipt>,
}

impl From<Row> for Option<FoundReceipt> {
    fn from(row: Row) -> Self {
        let ordinal = Ordinal::try_new(row.ordinal.unsigned_abs())?;
        let receipt = MemberReceipt {
            member: ordinal.member(),
            generation: row.generation.unsigned_abs(),
            provider: row.provider,
            at: row.at,
            receipt: row.receipt.0,
            detail: None,
        };
        let chunk = ChunkId { notification: row.notification_id.into(), chunk: ordinal.chunk() };
        Some(FoundReceipt { chunk, company: row.company_id.into(), receipt, is_stored: true })
    }
}

fn key(FoundReceipt { chunk, receipt, .. }: &FoundReceipt) -> Option<Key> {
    let ordinal = Ordinal::of(chunk.chunk, receipt.member)?.number().cast_signed();
    Some((chunk.notification.uuid(), ordinal, receipt.generation.cast_signed()))
}

/// Stores receipts with the last sequence of their stream. A person without an open task has nothing to wait for. Of two
/// receipts about one message the first is kept, without the provider's text, which may name a person. Returns whether
/// each waits, in their order.
pub(super) async fn keep(
    tx: &mut PgConnection,
    receipts: &[(&FoundReceipt, String, i64)],
) -> sqlx::Result<Vec<bool>> {
    if receipts.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Option<Key>> = receipts.iter().map(|(receipt, ..)| key(receipt)).collect();
    let known: Vec<_> = keys.iter().zip(receipts).filter_map(|(key, row)| Some(((*key)?, row))).collect();
    let kept: HashSet<Key> = sqlx::query_as(
        "insert into waiting_receipts as w (notification_id, ordinal, generation, company_id, stream, sequence, provider, at,
                                            receipt)
         select a.notification_id, a.ordinal, a.generation, a.company_id, a.stream, a.sequence, a.provider, a.at, a.receipt
         from unnest($1::uuid[], $2::integer[], $3::integer[], $4::uuid[], $5::text[], $6::bigint[], $7::text[],
                     $8::timestamptz[], $9::json[], $10::integer[])
           as a (notification_id, ordinal, generation, company_id, stream, sequence, provider, at, receipt, chunk)
         where exists (select from send_tasks t where t.notification_id = a.notification_id and t.chunk = a.chunk)
         order by a.notification_id, a.ordinal, a.generation
         on conflict (notification_id, ordinal, generation) do update set sequence = excluded.sequence
         returning notification_id, ordinal, generation",
    )
    .bind(known.iter().map(|(key, _)| key.0).collect::<Vec<_>>())
    .bind(known.iter().map(|(key, _)| key.1).collect::<Vec<_>>())
    .bind(known.iter().map(|(key, _)| key.2).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| receipt.company.uuid()).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (_, stream, _))| stream.as_str()).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (.., sequence))| *sequence).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| receipt.receipt.provider.as_str()).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| receipt.receipt.at).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| Json(&receipt.receipt.receipt)).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| receipt.chunk.chunk.cast_signed()).collect::<Vec<_>>())
    .fetch_all(tx)
    .await?
    .into_iter()
    .collect();
    Ok(keys.into_iter().map(|key| key.is_some_and(|key| kept.contains(&key))).collect())
}

/// Deletes receipts that wait no more.
pub(super) async fn remove(tx: &mut PgConnection, receipts: &[&FoundReceipt]) -> sqlx::Result<()> {
    if receipts.is_empty() {
        return Ok(());
    }
    let keys: Vec<Key> = receipts.iter().filter_map(|receipt| key(receipt)).collect();
    sqlx::query(
        "delete from waiting_receipts w
         using (select notification_id, ordinal, generation from waiting_receipts
                where (notification_id, ordinal, generation) in
                  (select * from unnest($1::uuid[], $2::integer[], $3::integer[]))
                order by notification_id, ordinal, generation for update) d
         where w.notification_id = d.notification_id and w.ordinal = d.ordinal and w.generation = d.generation",
    )
    .bind(keys.iter().map(|key| key.0).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.2).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Those whose stream has moved since they were stored or last looked at.
pub(super) async fn moved(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<FoundReceipt>> {
    let rows: Vec<Row> = sqlx::query_as(
        "with moved as materialized (
           select s.stream from (select stream, min(sequence) as sequence from waiting_receipts group by stream) s
           where exists (select from events e
                         where e.aggregate_type = $1 and e.aggregate_id = s.stream and e.sequence > s.sequence))
         select w.notification_id, w.ordinal, w.generation, w.company_id, w.provider, w.at, w.receipt
         from waiting_receipts w join moved using (stream)
         order by w.notification_id, w.ordinal, w.generation
         limit $2",
    )
    .bind(DELIVERIES)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().filter_map(Option::from).collect())
}

/// Deletes those that came before a moment: nothing will come of their messages. Returns how many.
pub(super) async fn expire(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let expired =
        sqlx::query("delete from waiting_receipts where at < $1").bind(before).execute(pool).await?;
    Ok(expired.rows_affected())
}
