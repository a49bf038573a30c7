//! How the room of one claim is shared between the companies of a lane: a hundred thousand letters of one company do
//! not hold up the three of another.

use uuid::Uuid;

use super::claim::{COMPANIES_MAX, TASKS_MAX};

/// A company that has something due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) company: Uuid,
    /// How many people its first task has.
    pub(super) people: usize,
}

/// What a company is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) company: Uuid,
    /// Tasks are taken until they have so many people.
    pub(super) people: usize,
    /// At most so many tasks.
    pub(super) tasks: usize,
}

/// What each company is asked for, in the order in which they have their turn: those after `last`, the company that was
/// served last, first. Each gives one task, so that there is room for as many companies as their first tasks fit; what
/// room is left goes to them in equal parts.
pub(super) fn fair_shares(room: usize, mut candidates: Vec<Candidate>, last: Option<Uuid>) -> Vec<Share> {
    candidates.sort_unstable_by_key(|candidate| candidate.company);
    let begin = last.map_or(0, |last| candidates.partition_point(|candidate| candidate.company <= last));
    let begin = if begin == candidates.len() { 0 } else { begin };
    candidates.rotate_left(begin);
    let mut before = 0;
    let served = candidates.into_iter().take(COMPANIES_MAX).take_while(|candidate| {
        let fits = before < room;
        before += candidate.people;
        fits
    });
    let served: Vec<Candidate> = served.collect();
    let (each, tasks) = (room / served.len().max(1), (TASKS_MAX / served.len().max(1)).max(1));
    let share = |Candidate { company, people }: Candidate| Share {
        company,
        people: each.max(1),
        tasks: each.div_ceil(people).clamp(1, tasks),
    };
    served.into_iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(numbers: impl IntoIterator<Item = u128>, people: usize) -> Vec<Candidate> {
        let candidate = |number| Candidate { company: Uuid::from_u128(number), people };
        numbers.into_iter().map(candidate).collect()
    }

    fn companies(shares: &[Share]) -> Vec<u128> {
        shares.iter().map(|share| share.company.as_u128()).collect()
    }

    #[test]
    fn one_company_gets_all_the_room() {
        let shares = fair_shares(2_000, candidates([1], 500), None);
        assert_eq!(shares, [Share { company: Uuid::from_u128(1), people: 2_000, tasks: 4 }]);
    }

    #[test]
    fn companies_get_equal_parts_beginning_after_the_last() {
        let shares = fair_shares(3_000, candidates(1..=3, 500), Some(Uuid::from_u128(1)));
        assert_eq!(companies(&shares), [2, 3, 1]);
        assert!(shares.iter().all(|share| (share.people, share.tasks) == (1_000, 2)), "{shares:?}");
    }

    #[test]
    fn no_more_companies_are_asked_than_have_room() {
        let shares = fair_shares(1_000, candidates(1..=9, 500), None);
        assert_eq!(companies(&shares), [1, 2]);
        assert_eq!(companies(&fair_shares(1, candidates(1..=9, 500), None)), [1]);
    }

    #[test]
    fn with_more_companies_than_room_everyone_has_a_turn() {
        let (mut served, mut last) = (Vec::new(), None);
        for _ in 0..5 {
            let shares = fair_shares(1_000, candidates(1..=10, 500), last);
            last = shares.last().map(|share| share.company);
            served.extend(companies(&shares));
        }
        served.sort_unstable();
        assert_eq!(served, (1..=10).collect::<Vec<_>>());
    }

    #[test]
    fn many_alarms_to_one_person_each_are_taken_together() {
        let shares = fair_shares(640, candidates(1..=2, 1), None);
        assert!(shares.iter().all(|share| (share.people, share.tasks) == (320, 32)), "{shares:?}");
    }

    #[test]
    fn a_company_that_is_gone_does_not_stop_the_round() {
        assert_eq!(companies(&fair_shares(500, candidates(1..=2, 500), Some(Uuid::from_u128(9)))), [1]);
        assert!(fair_shares(500, Vec::new(), Some(Uuid::from_u128(1))).is_empty());
    }

    #[test]
    fn a_claim_takes_a_bounded_number_of_tasks() {
        for count in [1, 2, 63, 64, 65, 200] {
            let shares = fair_shares(100_000, candidates(1..=count, 1), None);
            let tasks: usize = shares.iter().map(|share| share.tasks).sum();
            assert!(tasks <= TASKS_MAX && shares.len() <= COMPANIES_MAX, "{count}: {tasks}");
        }
    }
}
