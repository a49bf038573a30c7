//! The ring of arrivals: its pages and its bounds.

use super::*;

fn text(channel: Channel, body: &str) -> NewArrival {
    NewArrival {
        channel,
        delivery_id: String::new(),
        to: "+573001".into(),
        from: "+1".into(),
        content: Content::Text(body.into()),
        outcome: Outcome::Accepted,
    }
}

fn filled(kept: usize, count: usize) -> Arrivals {
    let arrivals = Arrivals::new(kept);
    for number in 1..=count {
        let channel = if number.is_multiple_of(2) { Channel::Sms } else { Channel::Email };
        arrivals.record(text(channel, &number.to_string()), DateTime::default());
    }
    arrivals
}

fn bodies(page: &ArrivalPage) -> Vec<&str> {
    page.data.iter().filter_map(|arrival| arrival.body.as_deref()).collect()
}

/// Every page, from the newest message to the oldest.
fn pages(arrivals: &Arrivals) -> Vec<ArrivalPage> {
    let first = arrivals.page(None, None, MAX_PAGE);
    let next = |page: &ArrivalPage| page.next.map(|before| arrivals.page(None, Some(before), MAX_PAGE));
    std::iter::successors(Some(first), next).collect()
}

#[test]
fn pages_go_from_the_newest_to_the_oldest_without_gap_or_repetition() {
    let arrivals = filled(10, 5);
    let first = arrivals.page(None, None, 2);
    let second = arrivals.page(None, first.next, 2);
    let third = arrivals.page(None, second.next, 2);
    assert_eq!(
        (bodies(&first), bodies(&second), bodies(&third)),
        (vec!["5", "4"], vec!["3", "2"], vec!["1"])
    );
    assert_eq!(third.next, None);
}

#[test]
fn a_page_may_ask_for_one_channel() {
    assert_eq!(bodies(&filled(10, 5).page(Some(Channel::Sms), None, 10)), ["4", "2"]);
}

#[test]
fn a_page_of_large_messages_ends_at_its_size_and_has_one_at_least() {
    let (arrivals, half) = (Arrivals::new(1_000), "x".repeat(MAX_PAGE_BYTES / 2 - 10));
    for body in ["x".repeat(2 * MAX_PAGE_BYTES), half.clone(), half.clone(), half] {
        arrivals.record(text(Channel::Sms, &body), DateTime::default());
    }
    let sizes: Vec<usize> = pages(&arrivals).iter().map(|page| page.data.len()).collect();
    assert_eq!(sizes, [2, 1, 1]);
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let page = filled(3, 9).page(None, None, 10);
    assert_eq!(bodies(&page), ["9", "8", "7"]);
}

#[test]
fn the_oldest_go_when_they_are_too_large() {
    let (arrivals, large) = (Arrivals::new(1_000), "x".repeat(MAX_KEPT_BYTES / 4));
    for _ in 0..9 {
        arrivals.record(text(Channel::Sms, &large), DateTime::default());
    }
    assert_eq!(pages(&arrivals).iter().map(|page| page.data.len()).sum::<usize>(), 3);
}

#[test]
fn a_sink_counts_and_keeps_nothing() {
    let arrivals = filled(0, 9);
    assert_eq!(arrivals.counts(Channel::Email), Counts { accepted: 5, refused: 0, lost: 0 });
    assert!(arrivals.page(None, None, 10).data.is_empty());
}
