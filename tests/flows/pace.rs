//! Limits of messages a second: by company, also while a campaign runs, and by the domain that e-mails go to.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use commands::clock;
use dispatcher::DomainLimits;
use domain::value::{Channel, Role};
use serde_json::json;
use tests::dns::{FakeDns, Record};
use tests::notified::{checked, count};
use tests::orders::{email_to, sms_to};
use tests::{Answer, Client, World};

use crate::notifications::{Desk, totals};

/// How often a dispatcher reads the limits of companies.
const HEARTBEAT: Duration = Duration::from_millis(100);
/// Within this time a changed limit is obeyed: a beat, and the slots that were given.
const OBEYED_WITHIN: TimeDelta = TimeDelta::seconds(1);

/// When the messages of a channel arrived whose address the test holds for, in order.
fn arrived(desk: &Desk, channel: Channel, test: impl Fn(&str) -> bool) -> Vec<DateTime<Utc>> {
    let arrivals = desk.arrivals(channel).into_iter().filter(|arrival| test(&arrival.to));
    let mut times: Vec<_> = arrivals.map(|arrival| arrival.received_at).collect();
    times.sort_unstable();
    times
}

/// The most of these moments in any second.
fn most_in_a_second(times: &[DateTime<Utc>]) -> usize {
    let within = |from: &DateTime<Utc>| {
        times.iter().filter(|time| (*from..*from + TimeDelta::seconds(1)).contains(time)).count()
    };
    times.iter().map(within).max().unwrap_or(0)
}

async fn limit(desk: &Desk, admin: &Client, per_second: Option<u32>) -> DateTime<Utc> {
    let limits = json!({ "limits": { "sms_per_second": per_second } });
    admin.patch(&format!("/companies/{}", desk.company), &limits).await.expect(200);
    clock::now()
}

/// Waits until a notification has so many accepted deliveries.
async fn accepted(desk: &Desk, notification: &str, number: i64) {
    let mut stream = desk.nora.stream(&format!("/notifications/{notification}/stream"), None).await;
    stream.until("totals", |told| checked(told) && count(&told["totals"], "accepted") >= number).await;
}

#[tokio::test]
async fn a_limit_of_a_company_is_obeyed_and_so_is_its_change_while_a_campaign_runs() {
    let world = World::changed(|options| options.dispatcher.heartbeat = HEARTBEAT).await;
    let desk = Desk::in_world(world).await;
    desk.clients(200).await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    let nothing = json!({ "limits": { "sms_per_second": 0 } });
    let refused = admin.patch(&format!("/companies/{}", desk.company), &nothing).await.refused(422);
    assert_eq!(refused, [("/limits/sms_per_second".into(), "out_of_range".into())]);
    limit(&desk, &admin, Some(20)).await;
    desk.world.caught_up().await;
    let campaign = desk.send(&sms_to(desk.company, "Aviso")).await;
    accepted(&desk, &campaign, 30).await;
    let before_lowered = clock::now();
    let lowered = limit(&desk, &admin, Some(3)).await;
    accepted(&desk, &campaign, 55).await;
    let before_taken_away = clock::now();
    limit(&desk, &admin, None).await;
    assert_eq!(totals(&desk.finished(&campaign).await, &["accepted"]), [200]);

    let times = arrived(&desk, Channel::Sms, |_| true);
    let (first, rest) = times.split_at(times.partition_point(|time| *time < before_lowered));
    let most = most_in_a_second(first);
    assert!(most <= 20, "{most} in a second, of 20");
    let slow = |time: &&DateTime<Utc>| (lowered + OBEYED_WITHIN..before_taken_away).contains(*time);
    let slow: Vec<_> = rest.iter().filter(slow).copied().collect();
    assert!(slow.len() >= 3 && most_in_a_second(&slow) <= 3, "{slow:?}");
    let last = rest.iter().filter(|time| **time >= before_taken_away).copied().collect::<Vec<_>>();
    assert!(most_in_a_second(&last) > 20, "nothing holds it up");
    desk.world.stop().await;
}

#[tokio::test]
async fn an_alarm_goes_before_a_campaign_that_waits_for_the_limit_of_its_company() {
    let desk = Desk::in_world(World::changed(|options| options.dispatcher.heartbeat = HEARTBEAT).await).await;
    desk.clients(60).await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    limit(&desk, &admin, Some(5)).await;
    desk.world.caught_up().await;
    let mut commercial = sms_to(desk.company, "Promoción");
    commercial["category"] = json!("commercial");
    let campaign = desk.send(&commercial).await;
    accepted(&desk, &campaign, 5).await;
    let mut alarm = sms_to(desk.company, "Alarma");
    alarm["category"] = json!("operational");
    alarm["filter"] = json!({ "external_ids": ["P-59"] });
    let alarm = desk.send(&alarm).await;
    assert_eq!(totals(&desk.finished(&alarm).await, &["accepted"]), [1]);
    let campaign = desk.nora.get(&format!("/notifications/{campaign}")).await.expect(200);
    assert!(count(&campaign["totals"], "accepted") < 30, "{campaign}");
    desk.world.stop().await;
}

/// A desk with so many clients at each of these domains, and limits of domains.
async fn desk_of(domains: &[(&str, usize)], limits: &[(&str, u32)], dns: &FakeDns) -> Desk {
    let limits = limits.iter().map(|(domain, rate)| ((*domain).to_owned(), *rate)).collect();
    let world = World::changed(|options| {
        options.dispatcher.email_domains = DomainLimits::try_new(limits).expect("limits");
        options.dispatcher.dns_server = Some(dns.address);
    })
    .await;
    let desk = Desk::in_world(world).await;
    let mut file = String::from("external_id,name,kind,contact_name,phone,email\n");
    for (domain, number) in domains {
        for client in 0..*number {
            file.push_str(&format!("{domain}-{client},Cliente,holder,,,cliente{client}@{domain}\n"));
        }
    }
    let path = format!("/companies/{}/clients/import", desk.company);
    let request =
        desk.nora.request(reqwest::Method::POST, &path).header("Content-Type", "text/csv").body(file);
    Answer::to(request).await.expect(200);
    desk.world.caught_up().await;
    desk
}

#[tokio::test]
async fn domains_with_the_same_servers_share_a_limit_and_hold_up_nobody_elsewhere() {
    let dns = FakeDns::start(vec![
        ("lento.test", Record::Mx(10, "mx1.servidor.test")),
        ("vecino.test", Record::Mx(5, "mx2.servidor.test")),
        ("otro.test", Record::Mx(10, "mx.otro.test")),
    ])
    .await;
    let domains = [("lento.test", 8), ("vecino.test", 8), ("otro.test", 40), ("sindns.test", 10)];
    let desk = desk_of(&domains, &[("lento.test", 4)], &dns).await;
    let campaign = desk.send(&email_to(desk.company, "Aviso", "Hola")).await;
    assert_eq!(totals(&desk.finished(&campaign).await, &["accepted"]), [66]);
    let slow =
        arrived(&desk, Channel::Email, |to| to.ends_with("@lento.test") || to.ends_with("@vecino.test"));
    let others =
        arrived(&desk, Channel::Email, |to| to.ends_with("@otro.test") || to.ends_with("@sindns.test"));
    assert!(most_in_a_second(&slow) <= 4, "{slow:?}");
    assert!(others[others.len() - 1] < slow[8], "the others do not wait: {others:?} {slow:?}");
    desk.world.stop().await;
}

#[tokio::test]
async fn those_who_would_wait_long_for_their_domain_go_back_to_the_queue() {
    let dns = FakeDns::start(vec![("lento.test", Record::Mx(10, "mx1.servidor.test"))]).await;
    let desk = desk_of(&[("lento.test", 120)], &[("*", 10)], &dns).await;
    let campaign = desk.send(&email_to(desk.company, "Aviso", "Hola")).await;
    accepted(&desk, &campaign, 50).await;
    let told = desk.nora.get(&format!("/notifications/{campaign}")).await.expect(200);
    assert_eq!(told["state"], "running", "{told}");
    desk.world.pass(TimeDelta::minutes(5));
    assert_eq!(totals(&desk.finished(&campaign).await, &["accepted"]), [120]);
    let times = arrived(&desk, Channel::Email, |_| true);
    assert_eq!(times.len(), 120, "each once");
    assert!(most_in_a_second(&times) <= 10);
    desk.world.stop().await;
}
