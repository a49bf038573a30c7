//! How the room of one claim is shared between the companies of a lane: a hundred thousand letters of one company do
//! not hold up the three of another.

use uuid::Uuid;

/// How many rows each company may give, in the order in which they are asked. The sum is `room` unless there is nobody;
/// what does not divide goes to those after `last`, the company that was served last.
pub(crate) fn fair_shares(room: usize, companies: &[Uuid], last: Option<Uuid>) -> Vec<(Uuid, usize)> {
    if companies.is_empty() {
        return Vec::new();
    }
    let mut order = companies.to_vec();
    order.sort_unstable();
    let begin = last.map_or(0, |last| order.partition_point(|company| *company <= last));
    order.rotate_left(begin % companies.len());
    let (each, rest) = (room / order.len(), room % order.len());
    let share = |place: usize| each + usize::from(place < rest);
    let shares = order.into_iter().enumerate().map(|(place, company)| (company, share(place)));
    shares.filter(|(_, share)| *share > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn company(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn companies(count: u128) -> Vec<Uuid> {
        (1..=count).map(company).collect()
    }

    #[test]
    fn one_company_gets_all_the_room() {
        assert_eq!(fair_shares(500, &companies(1), None), [(company(1), 500)]);
    }

    #[test]
    fn companies_get_equal_parts_and_the_rest_goes_round() {
        let shares = fair_shares(11, &companies(3), Some(company(1)));
        assert_eq!(shares, [(company(2), 4), (company(3), 4), (company(1), 3)]);
    }

    #[test]
    fn with_more_companies_than_room_everyone_has_a_turn() {
        let mut served = Vec::new();
        let mut last = None;
        for _ in 0..5 {
            let shares = fair_shares(2, &companies(10), last);
            last = shares.last().map(|(company, _)| *company);
            served.extend(shares.into_iter().map(|(company, _)| company));
        }
        served.sort_unstable();
        assert_eq!(served, companies(10));
    }

    #[test]
    fn a_company_that_is_gone_does_not_stop_the_round() {
        assert_eq!(fair_shares(1, &companies(2), Some(company(9))), [(company(1), 1)]);
        assert!(fair_shares(500, &[], Some(company(1))).is_empty());
    }

    #[test]
    fn the_shares_never_exceed_the_room() {
        for room in 0..40 {
            for count in 1..9 {
                let sum: usize =
                    fair_shares(room, &companies(count), None).iter().map(|(_, share)| share).sum();
                assert_eq!(sum, room);
            }
        }
    }
}
