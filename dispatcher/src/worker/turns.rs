//! Which provider gets the next job when a share of the traffic is moved from one to the next.

use domain::provider::Share;

use super::channel_route::Readiness;

/// A whole turn, in percent.
const WHOLE: u32 = Share::WHOLE.percent() as u32;

/// A provider that can take jobs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Able {
    /// Its place in the route.
    pub(super) place: usize,
    pub(super) readiness: Readiness,
    pub(super) share: Share,
    /// How many jobs it can take.
    pub(super) room: usize,
}

/// The providers that get jobs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InTurn {
    /// Those that give up a share of their turns, in order.
    pub(super) reduced: Vec<Able>,
    /// The next one, which takes what they leave: a whole turn if there is no other.
    pub(super) taker: Able,
}

impl InTurn {
    /// The providers that are able, in order. None if there are none.
    pub(super) fn of(able: impl Iterator<Item = Able>) -> Option<Self> {
        let mut reduced = Vec::new();
        for one in able {
            if one.share.is_whole() {
                return Some(Self { reduced, taker: one });
            }
            reduced.push(one);
        }
        reduced.pop().map(|taker| Self { reduced, taker })
    }

    /// All of them.
    pub(super) fn each(&mut self) -> impl Iterator<Item = &mut Able> {
        self.reduced.iter_mut().chain([&mut self.taker])
    }
}

/// The turns that each provider of a route, by its place, has earned and not had: in percent.
#[derive(Debug)]
pub(super) struct Turns(Vec<u32>);

impl Turns {
    pub(super) fn of(places: usize) -> Self {
        Self(vec![0; places])
    }

    /// The place that gets the next job: a reduced provider that has earned it and has room, else the taker. A slow provider
    /// that cannot even serve its share holds up nobody.
    pub(super) fn next(&mut self, in_turn: &mut InTurn) -> usize {
        let turn = in_turn.reduced.iter_mut().find(|one| self.earns(one));
        let next = turn.unwrap_or(&mut in_turn.taker);
        next.room = next.room.saturating_sub(1);
        next.place
    }

    fn earns(&mut self, able: &Able) -> bool {
        let earned = &mut self.0[able.place];
        *earned += u32::from(able.share.percent());
        let has_turn = *earned >= WHOLE && able.room > 0;
        // What it had no room for is not saved up.
        *earned = if has_turn { *earned - WHOLE } else { (*earned).min(WHOLE) };
        has_turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOBS: usize = 100;

    fn able(place: usize, percent: i32, room: usize) -> Able {
        Able { place, readiness: Readiness::Ready, share: Share::of_percent(percent), room }
    }

    fn in_turn(percents: &[i32]) -> InTurn {
        let able = percents.iter().enumerate().map(|(place, percent)| able(place, *percent, JOBS));
        InTurn::of(able).expect("some are able")
    }

    /// How many of the jobs each place gets.
    fn counts<const N: usize>(percents: [i32; N]) -> [usize; N] {
        let (mut turns, mut in_turn, mut counts) = (Turns::of(N), in_turn(&percents), [0; N]);
        for _ in 0..JOBS {
            counts[turns.next(&mut in_turn)] += 1;
        }
        counts
    }

    #[test]
    fn each_provider_gets_its_share_and_the_next_one_the_rest() {
        assert_eq!(counts([100, 100]), [100, 0]);
        assert_eq!(counts([75, 100]), [75, 25]);
        assert_eq!(counts([50, 100]), [50, 50]);
        assert_eq!(counts([25, 100]), [25, 75]);
        assert_eq!(counts([5, 100]), [5, 95]);
        assert_eq!(counts([50, 50, 100]), [50, 25, 25]);
        assert_eq!(counts([50, 100, 100]), [50, 50, 0]);
    }

    #[test]
    fn the_last_provider_takes_all_that_is_left_whatever_its_share() {
        assert_eq!(counts([5]), [100]);
        assert_eq!(counts([50, 5]), [50, 50]);
        assert_eq!(InTurn::of(std::iter::empty()), None);
    }

    #[test]
    fn turns_are_spread_evenly() {
        let (mut turns, mut in_turn) = (Turns::of(2), in_turn(&[50, 100]));
        let places = [(); 6].map(|()| turns.next(&mut in_turn));
        assert_eq!(places, [1, 0, 1, 0, 1, 0]);
    }

    #[test]
    fn a_slow_provider_without_room_holds_up_nobody_and_saves_nothing_up() {
        let (mut turns, mut in_turn) = (Turns::of(2), in_turn(&[50, 100]));
        in_turn.reduced[0].room = 0;
        assert_eq!([(); 20].map(|()| turns.next(&mut in_turn)), [1; 20]);
        in_turn.reduced[0].room = JOBS;
        let then = [(); 10].map(|()| turns.next(&mut in_turn));
        let had = then.iter().filter(|place| **place == 0).count();
        assert!((5..=6).contains(&had), "{then:?}");
    }
}
