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

/// The key of a row: the person, the generation and the attempt of the message, and the provider that reports.
type Key = (Uuid, i32, i32, i32, String);

/// A row of `waiting_receipts`.
#[derive(FromRow)]
struct Row {
    notification_id: Uuid,
    ordinal: i32,
    generation: i32,
    attempt: i32,
    company_id: Uuid,
    provider: String,
    carrier: Option<String>,
    at: DateTime<Utc>,
    receipt: Json<Receipt>,
}

impl From<Row> for Option<FoundReceipt> {
    fn from(row: Row) -> Self {
        let ordinal = Ordinal::try_new(row.ordinal.unsigned_abs())?;
        let receipt = MemberReceipt {
            member: ordinal.member(),
            generation: row.generation.unsigned_abs(),
            attempt: row.attempt.unsigned_abs(),
            carrier: row.carrier,
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
    let (generation, attempt) = (receipt.generation.cast_signed(), receipt.attempt.cast_signed());
    Some((chunk.notification.uuid(), ordinal, generation, attempt, receipt.provider.clone()))
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
    let known: Vec<_> =
        keys.iter().zip(receipts).filter_map(|(key, row)| Some((key.as_ref()?, row))).collect();
    let kept: HashSet<Key> = sqlx::query_as(
        "insert into waiting_receipts as w (notification_id, ordinal, generation, attempt, company_id, stream, sequence, provider,
                                            carrier, at, receipt)
         select a.notification_id, a.ordinal, a.generation, a.attempt, a.company_id, a.stream, a.sequence, a.provider,
                a.carrier, a.at, a.receipt
         from unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[], $5::uuid[], $6::text[], $7::bigint[],
                     $8::text[], $9::text[], $10::timestamptz[], $11::json[], $12::integer[])
           as a (notification_id, ordinal, generation, attempt, company_id, stream, sequence, provider, carrier, at, receipt,
                 chunk)
         where exists (select from send_tasks t where t.notification_id = a.notification_id and t.chunk = a.chunk)
         order by a.notification_id, a.ordinal, a.generation, a.attempt, a.provider
         on conflict (notification_id, ordinal, generation, attempt, provider) do update set sequence = excluded.sequence
         returning notification_id, ordinal, generation, attempt, provider",
    )
    .bind(known.iter().map(|(key, _)| key.0).collect::<Vec<_>>())
    .bind(known.iter().map(|(key, _)| key.1).collect::<Vec<_>>())
    .bind(known.iter().map(|(key, _)| key.2).collect::<Vec<_>>())
    .bind(known.iter().map(|(key, _)| key.3).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| receipt.company.uuid()).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (_, stream, _))| stream.as_str()).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (.., sequence))| *sequence).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| receipt.receipt.provider.as_str()).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| receipt.receipt.carrier.as_deref()).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| receipt.receipt.at).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| Json(&receipt.receipt.receipt)).collect::<Vec<_>>())
    .bind(known.iter().map(|(_, (receipt, ..))| receipt.chunk.chunk.cast_signed()).collect::<Vec<_>>())
    .fetch_all(tx)
    .await?
    .into_iter()
    .collect();
    Ok(keys.iter().map(|key| key.as_ref().is_some_and(|key| kept.contains(key))).collect())
}

/// Deletes receipts that wait no more.
pub(super) async fn remove(tx: &mut PgConnection, receipts: &[&FoundReceipt]) -> sqlx::Result<()> {
    if receipts.is_empty() {
        return Ok(());
    }
    let keys: Vec<Key> = receipts.iter().filter_map(|receipt| key(receipt)).collect();
    sqlx::query(
        "delete from waiting_receipts w
         using (select notification_id, ordinal, generation, attempt, provider from waiting_receipts
                where (notification_id, ordinal, generation, attempt, provider) in
                  (select * from unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[], $5::text[]))
                order by notification_id, ordinal, generation, attempt, provider for update) d
         where w.notification_id = d.notification_id and w.ordinal = d.ordinal and w.generation = d.generation
           and w.attempt = d.attempt and w.provider = d.provider",
    )
    .bind(keys.iter().map(|key| key.0).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.2).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.3).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.4.as_str()).collect::<Vec<_>>())
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
         select w.notification_id, w.ordinal, w.generation, w.attempt, w.company_id, w.provider, w.carrier, w.at, w.receipt
         from waiting_receipts w join moved using (stream)
         order by w.notification_id, w.ordinal, w.generation, w.attempt, w.provider
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
