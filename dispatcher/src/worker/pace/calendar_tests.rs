use super::*;

const MS: i64 = 1_000;
const NOW: i64 = 1_800_000_000_000_000;

fn rate(per_second: u32) -> NonZeroU32 {
    NonZeroU32::new(per_second).expect("not 0")
}

fn under(limits: &[(&str, u32)]) -> Asked {
    let limits = limits.iter().map(|(name, per_second)| ((*name).into(), rate(*per_second))).collect();
    Asked { limits, is_ready: false }
}

fn calendars(names: &[&str]) -> Calendars {
    let by_limit = names.iter().map(|name| ((*name).into(), Calendar::default())).collect();
    Calendars { now: NOW, by_limit }
}

/// The slots that many messages get in so many seconds, if they ask again and again.
fn slots_of(calendars: &mut Calendars, asked: &Asked, seconds: i64) -> Vec<i64> {
    let mut slots = Vec::new();
    for step in 0..seconds * 20 {
        calendars.now = NOW + step * 50 * MS;
        for reply in calendars.give(&vec![asked.clone(); 400]) {
            if let Reply::Slot(at) = reply {
                slots.push(at);
            }
        }
    }
    slots.sort_unstable();
    slots
}

fn most_within(times: &[i64], span: i64) -> usize {
    let within = |from: &i64| times.iter().filter(|time| (*from..from + span).contains(time)).count();
    times.iter().map(within).max().unwrap_or(0)
}

#[test]
fn no_second_has_more_messages_than_the_limit_however_late_they_arrive_within_the_jitter() {
    for per_second in [1, 2, 3, 10, 50, 99, 333, 1_500] {
        let slots = slots_of(&mut calendars(&["uno"]), &under(&[("uno", per_second)]), 2);
        let late = |(number, at): (usize, &i64)| at + (number as i64 * 7_919) % (micros(JITTER) + 1);
        let mut arrivals: Vec<i64> = slots.iter().enumerate().map(late).collect();
        arrivals.sort_unstable();
        assert!(most_within(&arrivals, 1_000 * MS) <= per_second as usize, "{per_second}");
    }
}

#[test]
fn a_limit_is_used_to_ninety_seven_percent() {
    for per_second in [1, 2, 3, 10, 50, 99, 333] {
        let slots = slots_of(&mut calendars(&["uno"]), &under(&[("uno", per_second)]), 8);
        let seconds = (slots[slots.len() - 1] - slots[0]) as f64 / 1e6;
        let used = (slots.len() - 1) as f64 / seconds / f64::from(per_second);
        assert!((0.97..=1.0).contains(&used), "{per_second}: {used}");
    }
}

#[test]
fn slots_are_spread_over_the_second() {
    let slots = slots_of(&mut calendars(&["uno"]), &under(&[("uno", 50)]), 3);
    assert!(most_within(&slots, 100 * MS) <= 7, "a tenth of a second has little more than a tenth");
    assert!(slots.windows(2).all(|pair| pair[1] - pair[0] >= 10 * MS));
}

#[test]
fn a_message_whose_arrival_was_late_holds_back_the_one_a_second_after_it() {
    let mut calendars = calendars(&["uno"]);
    let asked = under(&[("uno", 2)]);
    let slots = slots_of(&mut calendars, &asked, 1);
    let late = slots[1] + 200 * MS;
    calendars.shift(&[Shift { limit: "uno".into(), from: slots[1], to: Some(late) }]);
    let next = slots_of(&mut calendars, &asked, 3)[0];
    assert!(next >= late + WINDOW, "{slots:?} {next}");
}

#[test]
fn a_slot_that_comes_to_nothing_is_given_to_another() {
    let mut calendars = calendars(&["uno"]);
    let asked = under(&[("uno", 1)]);
    let [Reply::Slot(first), Reply::Later(_)] = calendars.give(&[asked.clone(), asked.clone()])[..] else {
        panic!("one slot");
    };
    calendars.shift(&[Shift { limit: "uno".into(), from: first, to: None }]);
    assert_eq!(calendars.give(&[asked]), [Reply::Slot(first)]);
}

#[test]
fn a_slot_fits_all_limits_of_its_message_and_a_slow_one_does_not_hold_up_the_others() {
    let mut calendars = calendars(&["correo", "lento"]);
    let (slow, other) = (under(&[("correo", 50), ("lento", 5)]), under(&[("correo", 50)]));
    let asked: Vec<Asked> = (0..100).map(|_| slow.clone()).chain((0..100).map(|_| other.clone())).collect();
    let (mut of_slow, mut all) = (Vec::new(), Vec::new());
    for step in 0..100 {
        calendars.now = NOW + step * 50 * MS;
        for (one, reply) in asked.iter().zip(calendars.give(&asked)) {
            let Reply::Slot(at) = reply else { continue };
            all.push(at);
            of_slow.extend((*one == slow).then_some(at));
        }
    }
    all.sort_unstable();
    assert!(most_within(&of_slow, WINDOW) <= 5 && most_within(&all, WINDOW) <= 50);
    assert!(of_slow.len() >= 22, "{}", of_slow.len());
    let used = (all.len() - 1) as f64 / ((all[all.len() - 1] - all[0]) as f64 / 1e6) / 50.0;
    assert!(used >= 0.95, "{used}");
}

#[test]
fn a_message_without_a_slot_learns_which_limit_has_none_and_until_when() {
    let mut calendars = calendars(&["correo", "lento"]);
    let slow = under(&[("correo", 50), ("lento", 1)]);
    let replies = calendars.give(&[slow.clone(), slow]);
    let [Reply::Slot(first), Reply::Later(used_up)] = &replies[..] else {
        panic!("one slot");
    };
    assert_eq!(used_up[..], [("lento".into(), first + WINDOW)]);
}

#[test]
fn a_calendar_gives_nothing_before_it_opens_and_forgets_what_is_past() {
    let mut calendars = calendars(&["uno"]);
    let of = |calendars: &mut Calendars| calendars.by_limit.get_mut("uno").expect("it").clone();
    calendars.by_limit.insert(
        "uno".into(),
        Calendar { times: vec![NOW - 5 * WINDOW, NOW + 60 * WINDOW], opens_at: NOW + 100 * MS },
    );
    assert_eq!(calendars.give(&[under(&[("uno", 9)])]), [Reply::Slot(NOW + 100 * MS)]);
    assert_eq!(of(&mut calendars).times, [NOW + 100 * MS]);
}

#[test]
fn a_limit_that_is_lowered_counts_what_was_sent_under_the_higher_one() {
    let mut calendars = calendars(&["uno"]);
    let before = slots_of(&mut calendars, &under(&[("uno", 50)]), 1);
    let last = before[before.len() - 1];
    let after = slots_of(&mut calendars, &under(&[("uno", 5)]), 4).into_iter().find(|at| *at > last);
    assert!(after.expect("a slot") >= before[before.len() - 5] + WINDOW);
}
