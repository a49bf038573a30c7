//! A fingerprint of who is reached, small enough to travel with a confirmation.

/// How many buckets the addresses are spread over, by the first byte of their blind indexes.
pub(super) const BUCKETS: usize = 64;
const BUCKET_BYTES: usize = 5;
const REACHABLE_BYTES: usize = 8;

/// Who an audience reaches, in [`Fingerprint::BYTES`] bytes whatever its size. Two audiences with the same fingerprint
/// are the same addresses: blind indexes are keyed, so nobody can choose addresses that cancel each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// How many addresses are reached.
    pub reachable: u64,
    buckets: [Bucket; BUCKETS],
}

/// The addresses of a bucket: how many they are, modulo 256, and the exclusive or of four bytes of each index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) people: u8,
    pub(super) mark: u32,
}

/// How one audience differs from another. Exact for a few changes. Of many, some cancel each other within a bucket: then
/// there are at least so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changes {
    /// Addresses that are new.
    pub added: u64,
    /// Addresses that are gone.
    pub removed: u64,
}

impl Fingerprint {
    /// The length in bytes.
    pub const BYTES: usize = REACHABLE_BYTES + BUCKETS * BUCKET_BYTES;

    pub(super) fn new(reachable: u64, of_buckets: impl Iterator<Item = (usize, Bucket)>) -> Self {
        let mut buckets = [Bucket::default(); BUCKETS];
        for (number, bucket) in of_buckets {
            buckets[number % BUCKETS] = bucket;
        }
        Self { reachable, buckets }
    }

    /// The fingerprint as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let buckets = self.buckets.iter().flat_map(|bucket| {
            let [a, b, c, d] = bucket.mark.to_be_bytes();
            [bucket.people, a, b, c, d]
        });
        self.reachable.to_be_bytes().into_iter().chain(buckets).collect()
    }

    /// The fingerprint of [`Fingerprint::to_bytes`]; none of anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (reachable, rest) = bytes.split_first_chunk::<REACHABLE_BYTES>()?;
        let (buckets, []) = rest.as_chunks::<BUCKET_BYTES>() else { return None };
        let bucket = |&[people, a, b, c, d]: &[u8; BUCKET_BYTES]| Bucket {
            people,
            mark: u32::from_be_bytes([a, b, c, d]),
        };
        (buckets.len() == BUCKETS)
            .then(|| Self::new(u64::from_be_bytes(*reachable), buckets.iter().map(bucket).enumerate()))
    }

    /// What changed from this audience to another. A bucket with the same number of other people lost one and gained one.
    pub fn changes_to(&self, now: &Self) -> Changes {
        let (mut added, mut removed) = (0, 0);
        for (then, now) in self.buckets.iter().zip(&now.buckets).filter(|(then, now)| then != now) {
            match now.people.wrapping_sub(then.people).cast_signed() {
                0 => (added, removed) = (added + 1, removed + 1),
                more @ 1.. => added += u64::from(more.unsigned_abs()),
                fewer => removed += u64::from(fewer.unsigned_abs()),
            }
        }
        // So many that the number of a bucket went round: only the sum is known.
        if self.reachable.wrapping_add(added).wrapping_sub(removed) != now.reachable {
            added = now.reachable.saturating_sub(self.reachable);
            removed = self.reachable.saturating_sub(now.reachable);
        }
        Changes { added, removed }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Of addresses given as numbers, in the way of the query.
    fn fingerprint(addresses: &BTreeSet<u64>) -> Fingerprint {
        let mut buckets = [Bucket::default(); BUCKETS];
        for address in addresses {
            let hash = address
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29)
                .wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let bucket = &mut buckets[(hash >> 58) as usize];
            *bucket = Bucket { people: bucket.people.wrapping_add(1), mark: bucket.mark ^ hash as u32 };
        }
        Fingerprint::new(addresses.len() as u64, buckets.into_iter().enumerate())
    }

    fn changes(then: &BTreeSet<u64>, now: &BTreeSet<u64>) -> (u64, u64) {
        let Changes { added, removed } = fingerprint(then).changes_to(&fingerprint(now));
        (added, removed)
    }

    #[test]
    fn a_few_changes_are_counted_exactly_in_an_audience_of_any_size() {
        for size in [0, 1, 7, 1_000, 100_000] {
            let then: BTreeSet<u64> = (0..size).collect();
            assert_eq!(changes(&then, &then), (0, 0));
            let removed = size.min(1);
            let now: BTreeSet<u64> = (removed..size + 3).collect();
            assert_eq!(changes(&then, &now), (3, removed), "{size}");
            assert_eq!(changes(&now, &then), (removed, 3), "{size}");
        }
    }

    #[test]
    fn as_many_others_are_still_others() {
        let then: BTreeSet<u64> = (0..5_000).collect();
        for other in 5_000..5_200 {
            let now: BTreeSet<u64> = then.iter().copied().skip(1).chain([other]).collect();
            assert_eq!(changes(&then, &now), (1, 1), "{other}");
        }
    }

    #[test]
    fn of_many_changes_never_too_many_are_told_and_their_difference_is_right() {
        let all: BTreeSet<u64> = (0..60_000).collect();
        for (then, now) in [(1_000..2_000, 1_500..2_700), (0..40_000, 20_000..60_000), (0..0, 0..60_000)] {
            let (then, now): (BTreeSet<u64>, BTreeSet<u64>) =
                (all.range(then).copied().collect(), all.range(now).copied().collect());
            let (added, removed) = changes(&then, &now);
            assert!(added <= now.difference(&then).count() as u64);
            assert!(removed <= then.difference(&now).count() as u64);
            assert_eq!(then.len() as u64 + added - removed, now.len() as u64);
        }
    }

    #[test]
    fn it_comes_back_from_its_bytes_and_from_no_others() {
        let one = fingerprint(&(0..300).collect());
        let bytes = one.to_bytes();
        assert_eq!(bytes.len(), Fingerprint::BYTES);
        assert_eq!(Fingerprint::from_bytes(&bytes), Some(one));
        assert_eq!(Fingerprint::from_bytes(&bytes[1..]), None);
        assert_eq!(Fingerprint::from_bytes(&[bytes, vec![0]].concat()), None);
    }
}
