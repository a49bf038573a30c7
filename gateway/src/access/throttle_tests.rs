//! Tests of the login throttle.

use std::net::{IpAddr, Ipv6Addr};

use futures::future::join_all;

use super::*;

/// An address in a network of its own.
fn ip(network: u8) -> ClientIp {
    ClientIp(Some([192, 0, 2, network].into()))
}

fn stranger(account: &[u8], network: u8) -> Origin<'_> {
    Origin { account, ip: ip(network), browser: None }
}

fn known(account: &[u8], network: u8) -> Origin<'_> {
    Origin { browser: Some(BrowserId::of(1)), ..stranger(account, network) }
}

async fn fail(throttle: &Throttle, origin: Origin<'_>, times: u32) {
    for _ in 0..times {
        throttle.admit(origin).await.unwrap().failed();
    }
}

async fn succeed(throttle: &Throttle, origin: Origin<'_>) {
    throttle.admit(origin).await.unwrap().succeeded();
}

/// Whether one more attempt is admitted. It ends without a verdict.
async fn tried(throttle: &Throttle, origin: Origin<'_>) -> bool {
    throttle.admit(origin).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn ten_failures_stop_an_account_in_one_network_only_and_for_five_minutes() {
    let throttle = Throttle::default();
    fail(&throttle, stranger(b"ana", 1), 10).await;
    let problem = throttle.admit(stranger(b"ana", 1)).await.err().unwrap();
    assert_eq!((problem.kind, problem.retry_after_s), (Kind::TooManyRequests, Some(301)));
    assert!(tried(&throttle, stranger(b"ana", 2)).await, "the owner elsewhere");
    assert!(tried(&throttle, stranger(b"luis", 1)).await, "somebody else here");
    assert!(tried(&throttle, known(b"ana", 1)).await, "the owner's browser here");
    tokio::time::advance(WINDOW).await;
    assert!(tried(&throttle, stranger(b"ana", 1)).await);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_failures_for_any_accounts_stop_a_network_but_no_known_browser_in_it() {
    let throttle = Throttle::default();
    for account in 0..100 {
        fail(&throttle, stranger(&[account], 1), 1).await;
    }
    assert!(!tried(&throttle, stranger(b"ana", 1)).await);
    assert!(tried(&throttle, stranger(b"ana", 2)).await);
    assert!(tried(&throttle, known(b"ana", 1)).await);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_failures_from_many_networks_stop_strangers_but_not_the_owner() {
    let throttle = Throttle::default();
    succeed(&throttle, stranger(b"ana", 200)).await;
    for network in 0..10 {
        fail(&throttle, stranger(b"ana", network), 10).await;
    }
    assert!(!tried(&throttle, stranger(b"ana", 99)).await, "a network from which nothing came yet");
    assert!(tried(&throttle, stranger(b"ana", 200)).await, "where the owner logged in lately");
    assert!(tried(&throttle, known(b"ana", 99)).await, "the owner's browser on the road");
    assert!(tried(&throttle, stranger(b"luis", 99)).await, "another account");
    tokio::time::advance(WINDOW).await;
    assert!(tried(&throttle, stranger(b"ana", 99)).await);
}

#[tokio::test(start_paused = true)]
async fn a_known_browser_and_a_known_network_have_ten_failures_of_their_own() {
    let throttle = Throttle::default();
    succeed(&throttle, stranger(b"ana", 1)).await;
    fail(&throttle, stranger(b"ana", 1), 10).await;
    assert!(!tried(&throttle, stranger(b"ana", 1)).await);
    fail(&throttle, known(b"ana", 1), 10).await;
    assert!(!tried(&throttle, known(b"ana", 1)).await);
    assert!(!tried(&throttle, known(b"ana", 2)).await, "wherever the browser goes");
    let other = Origin { browser: Some(BrowserId::of(2)), ..stranger(b"ana", 1) };
    assert!(tried(&throttle, other).await, "another known browser");
    assert!(tried(&throttle, known(b"luis", 1)).await, "another worker at the same desk");
}

#[tokio::test(start_paused = true)]
async fn a_network_is_known_for_thirty_days_after_a_login() {
    let throttle = Throttle::default();
    succeed(&throttle, known(b"ana", 200)).await;
    for day in [29, 30] {
        tokio::time::advance(Duration::from_secs(day * 24 * 60 * 60)).await;
        for network in 0..10 {
            fail(&throttle, stranger(b"ana", network), 10).await;
        }
        assert_eq!(tried(&throttle, stranger(b"ana", 200)).await, day == 29, "{day}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_ipv6_network_is_a_64() {
    let throttle = Throttle::default();
    let at = |network: u16, host: u16| Origin {
        account: b"ana",
        ip: ClientIp(Some(IpAddr::from(Ipv6Addr::from([0x2001, 0xdb8, 0, network, 0, 0, 0, host])))),
        browser: None,
    };
    for host in 0..10 {
        fail(&throttle, at(1, host), 1).await;
    }
    assert!(!tried(&throttle, at(1, 99)).await);
    assert!(tried(&throttle, at(2, 99)).await);
}

#[tokio::test(start_paused = true)]
async fn a_login_forgives_failures_of_its_own_browser_or_network_only() {
    let throttle = Throttle::default();
    fail(&throttle, known(b"ana", 1), 9).await;
    fail(&throttle, stranger(b"ana", 1), 9).await;
    succeed(&throttle, known(b"ana", 1)).await;
    fail(&throttle, stranger(b"ana", 1), 1).await;
    assert!(!tried(&throttle, stranger(b"ana", 1)).await);
    fail(&throttle, known(b"ana", 1), 9).await;
    assert!(tried(&throttle, known(b"ana", 1)).await);
}

#[tokio::test(start_paused = true)]
async fn evicted_counters_of_strangers_evict_no_other_kind() {
    let throttle = Throttle::default();
    fail(&throttle, known(b"ana", 1), 10).await;
    fail(&throttle, stranger(b"ana", 7), 10).await;
    for number in 0..u32::try_from(REMEMBERED_MAX.get()).unwrap() {
        let account = number.to_be_bytes();
        let ip = ClientIp(Some(IpAddr::from(number.to_be_bytes())));
        drop(throttle.admit(Origin { account: &account, ip, browser: None }).await);
    }
    let length = |kind: fn(&Counts) -> usize| kind(&throttle.0.counts());
    for length in [
        length(|counts| counts.in_network.len()),
        length(|counts| counts.of_network.len()),
        length(|counts| counts.of_account.len()),
    ] {
        assert_eq!(length, REMEMBERED_MAX.get(), "no more than so many");
    }
    assert!(!tried(&throttle, known(b"ana", 1)).await);
    assert!(tried(&throttle, stranger(b"ana", 7)).await, "the price of the bound");
}

#[tokio::test(start_paused = true)]
async fn simultaneous_successful_logins_are_no_failures() {
    for origin in [stranger(b"ana", 1), known(b"ana", 1)] {
        let throttle = Throttle::default();
        let log_in = async || throttle.admit(origin).await.map(Attempt::succeeded);
        assert!(join_all((0..1_000).map(|_| log_in())).await.into_iter().all(|admitted| admitted.is_ok()));
        let mut held = Vec::new();
        for _ in 0..FAILURES_MAX_BY_PLACE {
            held.push(throttle.admit(origin).await.unwrap());
        }
        let (next, ()) = tokio::join!(log_in(), async { held.pop().unwrap().succeeded() });
        assert!(next.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_attempts_are_in_flight_than_may_still_fail() {
    for origin in [stranger(b"ana", 1), known(b"ana", 1)] {
        let throttle = Throttle::default();
        let mut under_way = Vec::new();
        for _ in 0..FAILURES_MAX_BY_PLACE {
            under_way.push(throttle.admit(origin).await.unwrap());
        }
        assert_eq!(throttle.admit(origin).await.err().unwrap().kind, Kind::Unavailable);
        let (next, ()) = tokio::join!(throttle.admit(origin), async {
            under_way.into_iter().for_each(Attempt::failed);
        });
        assert_eq!(next.err().unwrap().kind, Kind::TooManyRequests);
    }
}

#[tokio::test(start_paused = true)]
async fn strangers_from_many_networks_have_no_more_attempts_in_flight_than_may_still_fail() {
    let throttle = Throttle::default();
    let mut under_way = Vec::new();
    for attempt in 0..100 {
        under_way.push(throttle.admit(stranger(b"ana", attempt)).await.unwrap());
    }
    assert_eq!(throttle.admit(stranger(b"ana", 100)).await.err().unwrap().kind, Kind::Unavailable);
    assert!(tried(&throttle, known(b"ana", 100)).await);
}

#[tokio::test(start_paused = true)]
async fn any_number_of_strangers_leaves_room_for_a_known_browser() {
    let throttle = Throttle::default();
    let account = |n: usize| n.to_be_bytes();
    let mut held = Vec::new();
    for n in 0..STRANGERS_AT_ONCE {
        held.push(throttle.admit(stranger(&account(n), (n % 200) as u8)).await.unwrap());
    }
    let refused = throttle.admit(stranger(b"luis", 250)).await.err().unwrap();
    assert_eq!(refused.kind, Kind::Unavailable);
    assert!(tried(&throttle, known(b"ana", 1)).await);
    held.pop();
    assert!(tried(&throttle, stranger(b"luis", 250)).await);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_without_a_verdict_counts_for_nothing() {
    let throttle = Throttle::default();
    for _ in 0..1_000 {
        drop(throttle.admit(stranger(b"ana", 1)).await.unwrap());
    }
    assert!(tried(&throttle, stranger(b"ana", 1)).await);
}
