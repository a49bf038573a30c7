//! The guard of one address: no more messages an hour from one company than its limit allows, over all processes. Alarms
//! count, and are never refused.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use domain::value::{Channel, CompanyId, DeliveryId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// How many addresses are forgotten at once.
const FORGOTTEN_MAX: i64 = 5_000;

/// What the guard must know of a message that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Guarded {
    pub(crate) company: CompanyId,
    pub(crate) channel: Channel,
    pub(crate) delivery: DeliveryId,
    /// The address's blind index.
    pub(crate) address: Vec<u8>,
    /// Messages an hour; none for an alarm, which is never refused.
    pub(crate) per_hour: Option<u64>,
}

/// Counts the messages that are about to be sent; returns the deliveries that would be one too many. A delivery counts
/// once, however often it is tried.
pub(super) async fn too_often(
    tx: &mut PgConnection,
    guarded: &[&Guarded],
    now: DateTime<Utc>,
) -> sqlx::Result<HashSet<DeliveryId>> {
    let mut refused = HashSet::new();
    // An address twice in one statement would be an error.
    for round in rounds(guarded.iter().copied()) {
        let admitted = admit(tx, &round, now).await?;
        refused.extend(round.iter().map(|one| one.delivery).filter(|delivery| !admitted.contains(delivery)));
    }
    Ok(refused)
}

/// The first message to each address, then the second, and so on; each round in the order of the addresses, so that two
/// processes never wait for each other.
fn rounds<'a>(guarded: impl Iterator<Item = &'a Guarded>) -> Vec<Vec<&'a Guarded>> {
    let mut by_address = BTreeMap::<_, Vec<&Guarded>>::new();
    for one in guarded {
        by_address.entry((one.company.uuid(), one.channel, &one.address)).or_default().push(one);
    }
    let longest = by_address.values().map(Vec::len).max().unwrap_or(0);
    (0..longest).map(|turn| by_address.values().filter_map(|all| all.get(turn).copied()).collect()).collect()
}

async fn admit(
    tx: &mut PgConnection,
    round: &[&Guarded],
    now: DateTime<Utc>,
) -> sqlx::Result<HashSet<DeliveryId>> {
    let per_hour = |one: &&Guarded| one.per_hour.map_or(0, |max| i32::try_from(max).unwrap_or(i32::MAX));
    // A limit of 0 lets nothing through but alarms.
    let round: Vec<&Guarded> = round.iter().filter(|one| one.per_hour != Some(0)).copied().collect();
    let admitted: Vec<Uuid> = sqlx::query_scalar(
        "insert into recent_addresses as r (company_id, channel, address, deliveries, times, last_at, per_hour)
         select company_id, channel, address, array[delivery], array[$5], $5, per_hour
         from unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $6::integer[])
           as asked (company_id, channel, address, delivery, per_hour)
         order by company_id, channel, address
         on conflict (company_id, channel, address) do update
         set (deliveries, times) = (
               select array_agg(kept.delivery order by kept.at), array_agg(kept.at order by kept.at)
               from (select o.delivery, o.at from unnest(r.deliveries, r.times) as o (delivery, at)
                     where o.at > excluded.last_at - interval '1 hour' and o.delivery <> excluded.deliveries[1]
                     union all
                     select excluded.deliveries[1], excluded.last_at) kept),
             last_at = excluded.last_at, per_hour = excluded.per_hour
         where excluded.per_hour = 0 or excluded.deliveries[1] = any(r.deliveries)
           or (select count(*) from unnest(r.times) as sent (at) where sent.at > excluded.last_at - interval '1 hour')
              < excluded.per_hour
         returning deliveries[array_upper(deliveries, 1)]",
    )
    .bind(round.iter().map(|one| one.company.uuid()).collect::<Vec<_>>())
    .bind(round.iter().map(|one| one.channel.as_str()).collect::<Vec<_>>())
    .bind(round.iter().map(|one| one.address.as_slice()).collect::<Vec<_>>())
    .bind(round.iter().map(|one| one.delivery.uuid()).collect::<Vec<_>>())
    .bind(now)
    .bind(round.iter().map(per_hour).collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    Ok(admitted.into_iter().map(DeliveryId::from).collect())
}

/// Forgets addresses to which nothing was sent for an hour.
pub(crate) async fn forget_old_addresses(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query(
        "delete from recent_addresses where (company_id, channel, address) in (
           select company_id, channel, address from recent_addresses
           where last_at < $1 - interval '1 hour' order by last_at limit $2 for update skip locked)",
    )
    .bind(now)
    .bind(FORGOTTEN_MAX)
    .execute(pool)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(address: u8, delivery: u128) -> Guarded {
        Guarded {
            company: Uuid::from_u128(1).into(),
            channel: Channel::Sms,
            delivery: Uuid::from_u128(delivery).into(),
            address: vec![address],
            per_hour: Some(2),
        }
    }

    #[test]
    fn no_address_is_in_a_round_twice_and_its_messages_keep_their_order() {
        let all = [guarded(2, 1), guarded(1, 2), guarded(2, 3), guarded(2, 4)];
        let deliveries = |round: &Vec<&Guarded>| round.iter().map(|one| one.delivery).collect::<Vec<_>>();
        let rounds: Vec<_> = rounds(all.iter()).iter().map(deliveries).collect();
        let id = |number| DeliveryId::from(Uuid::from_u128(number));
        assert_eq!(rounds, [vec![id(2), id(1)], vec![id(3)], vec![id(4)]]);
    }
}
