//! What a process remembers of the addresses to which nothing is sent, so that a start mark need not look for an address
//! that is not among them. It takes up two bytes an address and may take one for suppressed that is not: the table decides.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use commands::log::EventLog;
use domain::value::Member;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{ChunkId, StartMark};

/// How many addresses are read at once.
const PAGE: i64 = 10_000;
/// How long reading rests after the database failed it; until then the table alone decides.
const REST: Duration = Duration::from_secs(1);
/// The fewest addresses that there is room for.
const CAPACITY_MIN: u64 = 1_000;
/// How many bits there are for each address that there is room for, at least.
const BITS_EACH: u64 = 8;
/// How many bits an address sets.
const BITS_SET: u64 = 4;
/// The bits of a word.
const WORD_BITS: u64 = 64;

/// The addresses that are suppressed, as far as this process has read them.
#[derive(Debug, Default)]
pub(crate) struct SuppressedAddresses {
    known: RwLock<Known>,
    behind: Notify,
}

/// All addresses up to a number are in the filter. Those that are suppressed no more stay there.
#[derive(Debug, Default)]
struct Known {
    number: i64,
    filter: Filter,
}

/// What is known of some addresses.
#[derive(Debug)]
pub(super) struct Sifted {
    /// Up to this number the addresses are known.
    pub(super) number: i64,
    /// The places of those that may be suppressed.
    pub(super) suspects: Vec<usize>,
}

impl SuppressedAddresses {
    /// Which of these blind indexes may be suppressed.
    pub(super) fn sift(&self, indexes: &[Vec<u8>]) -> Sifted {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let is_suspect = |place: &usize| known.filter.may_have(&indexes[*place]);
        Sifted { number: known.number, suspects: (0..indexes.len()).filter(is_suspect).collect() }
    }

    /// Asks for a reading: somebody has suppressed an address since the last one.
    pub(super) fn is_behind(&self) {
        self.behind.notify_one();
    }

    /// Reads until it is cancelled: at the beginning, and whenever a start mark has found more than is known.
    pub(crate) async fn follow(&self, pool: &PgPool, cancel: &CancellationToken) {
        let _ = cancel.run_until_cancelled(self.follow_for_ever(pool)).await;
    }

    async fn follow_for_ever(&self, pool: &PgPool) {
        loop {
            match self.read(pool).await {
                Ok(()) => self.behind.notified().await,
                Err(error) => {
                    tracing::warn!(%error, "suppressed addresses could not be read, trying again");
                    sleep(REST).await;
                }
            }
        }
    }

    /// Numbers are given in the order of the commits: what has a number up to the one that is read first is visible.
    pub(super) async fn read(&self, pool: &PgPool) -> sqlx::Result<()> {
        let last: i64 = sqlx::query_scalar("select number from suppression_numbers").fetch_one(pool).await?;
        let (mut after, mut larger) = self.room_for(last);
        while after < last {
            let rows: Vec<(Vec<u8>, i64)> = sqlx::query_as(
                "select address_index, number from suppressed_addresses where number > $1 and number <= $2
                 order by number limit $3",
            )
            .bind(after)
            .bind(last)
            .bind(PAGE)
            .fetch_all(pool)
            .await?;
            let is_full = rows.len() as i64 == PAGE;
            after = rows.last().filter(|_| is_full).map_or(last, |(_, number)| *number);
            match &mut larger {
                Some(filter) => rows.iter().for_each(|(index, _)| filter.insert(index)),
                None => self.take_in(&rows, after),
            }
        }
        if let Some(filter) = larger {
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { number: last, filter };
        }
        Ok(())
    }

    /// Where to read on, and a filter that is larger if what is known has no room for so many, or if the database is an
    /// older one, such as a restored one.
    fn room_for(&self, last: i64) -> (i64, Option<Filter>) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if last >= known.number && known.filter.capacity >= last.unsigned_abs() {
            return (known.number, None);
        }
        (0, Some(Filter::with_room_for(2 * last.unsigned_abs())))
    }

    fn take_in(&self, rows: &[(Vec<u8>, i64)], number: i64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        rows.iter().for_each(|(index, _)| known.filter.insert(index));
        known.number = number;
    }
}

/// The members whose address is suppressed, in a statement after the one that locks the owner's row. A mark that is taken back
/// is never refused. Mostly only those are looked for that may be suppressed by what the process remembers; if the statement
/// sees that somebody has suppressed an address since, all are.
pub(super) async fn suppressed(
    tx: &mut PgConnection,
    log: &EventLog,
    known: &SuppressedAddresses,
    marks: &[StartMark],
) -> sqlx::Result<HashSet<(ChunkId, Member)>> {
    let started: Vec<&StartMark> = marks.iter().filter(|mark| mark.is_started).collect();
    let indexes: Vec<Vec<u8>> = started.iter().map(|mark| mark.to.index(log)).collect();
    let sifted = known.sift(&indexes);
    let looked_for = |place: usize| (started[place], indexes[place].as_slice());
    let (number, found) = look_up(tx, sifted.suspects.into_iter().map(looked_for).collect()).await?;
    if number == sifted.number {
        return Ok(found);
    }
    known.is_behind();
    Ok(look_up(tx, (0..started.len()).map(looked_for).collect()).await?.1)
}

/// The last number of a suppressed address, and which of these are suppressed.
async fn look_up(
    tx: &mut PgConnection,
    marks: Vec<(&StartMark, &[u8])>,
) -> sqlx::Result<(i64, HashSet<(ChunkId, Member)>)> {
    let (number, places): (i64, Vec<i64>) = sqlx::query_as(
        "select n.number, array(
           select w.place
           from unnest($1::uuid[], $2::text[], $3::bytea[]) with ordinality as w (company_id, channel, address_index, place),
                lateral (select from suppressed_addresses s
                         where s.company_id = w.company_id and s.channel = w.channel and s.address_index = w.address_index
                         limit 1) s)
         from suppression_numbers n",
    )
    .bind(marks.iter().map(|(mark, _)| mark.to.company.uuid()).collect::<Vec<_>>())
    .bind(marks.iter().map(|(mark, _)| mark.to.channel.as_str()).collect::<Vec<_>>())
    .bind(marks.iter().map(|(_, index)| *index).collect::<Vec<_>>())
    .fetch_one(tx)
    .await?;
    let of_place = |place: i64| marks.get(place as usize - 1).map(|(mark, _)| (mark.task, mark.member));
    Ok((number, places.into_iter().filter_map(of_place).collect()))
}

/// A Bloom filter over blind indexes. They are keyed hashes, so their own bytes say which bits are theirs.
#[derive(Debug, Default)]
struct Filter {
    words: Vec<u64>,
    capacity: u64,
}

impl Filter {
    fn with_room_for(addresses: u64) -> Self {
        let capacity = addresses.max(CAPACITY_MIN);
        let bits = (capacity * BITS_EACH).next_power_of_two();
        Self { words: vec![0; (bits / WORD_BITS) as usize], capacity }
    }

    fn insert(&mut self, index: &[u8]) {
        for bit in self.bits(index) {
            self.words[(bit / WORD_BITS) as usize] |= 1 << (bit % WORD_BITS);
        }
    }

    fn may_have(&self, index: &[u8]) -> bool {
        !self.words.is_empty()
            && self
                .bits(index)
                .all(|bit| self.words[(bit / WORD_BITS) as usize] & (1 << (bit % WORD_BITS)) != 0)
    }

    fn bits(&self, index: &[u8]) -> impl Iterator<Item = u64> + use<> {
        let bits = self.words.len() as u64 * WORD_BITS;
        let mut numbers = index
            .chunks_exact(size_of::<u64>())
            .map(|bytes| bytes.iter().fold(0_u64, |number, byte| (number << u8::BITS) | u64::from(*byte)));
        let [first, step] = [(); 2].map(|()| numbers.next().unwrap_or_default());
        (0..BITS_SET).map(move |turn| first.wrapping_add(turn.wrapping_mul(step | 1)) & (bits - 1))
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn index(number: u64) -> Vec<u8> {
        Sha256::digest(number.to_be_bytes()).to_vec()
    }

    #[test]
    fn what_is_in_the_filter_is_always_found_and_little_else() {
        let mut filter = Filter::with_room_for(10_000);
        (0..10_000).for_each(|number| filter.insert(&index(number)));
        assert!((0..10_000).all(|number| filter.may_have(&index(number))));
        let mistaken = (10_000..20_000).filter(|number| filter.may_have(&index(*number))).count();
        assert!(mistaken < 400, "{mistaken} of 10,000");
    }

    #[test]
    fn an_empty_filter_has_nothing() {
        assert!(!Filter::default().may_have(&index(1)));
        assert!(!Filter::with_room_for(0).may_have(&index(1)));
    }
}
