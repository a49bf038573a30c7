//! A provider refuses everybody: another provider carries what it can, the rest waits, and refusals of a person fail.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use commands::clock;
use dispatcher::provider::streak::STREAK;
use dispatcher::provider::{EmailProvider, Provider, SmsProvider, SmsSettings, SmtpSettings};
use dispatcher::simulator::{Behaviour, Refusal, Simulator, SimulatorOptions};
use dispatcher::{Companies, Route};
use domain::value::{Channel, Role};
use gateway::system::Providers;
use serde_json::Value;
use tempfile::TempDir;
use tests::id_of;
use tests::notified::{count, finished};

use crate::company_fixture::{CompanyFixture, acceptances_in, address};
use crate::load::notification;
use crate::testbed::{company, eventually, phone};

/// How many connections lead to each provider.
const CONNECTIONS: u32 = 4;
/// Longer than any provider rests, and than refusals can belong to one streak.
const LATER: TimeDelta = TimeDelta::minutes(10);
/// The most seconds that an alarm waits behind refusals of others: a few rests of its provider.
const ALARM_WAIT_MAX: u32 = 30;
const CHANNELS: [Channel; 2] = [Channel::Sms, Channel::Email];

/// The replies by which mail servers refuse everybody.
const MAILS: [Refusal; 12] = [
    Refusal::mail(504, "5.5.2 <vm>: Helo command rejected: need fully-qualified hostname"),
    Refusal::mail(550, "5.4.5 Daily user sending limit exceeded"),
    Refusal::mail(554, "Your access has been rejected due to the sender's poor reputation"),
    Refusal::mail(550, "Your IP is blacklisted"),
    Refusal::mail(550, "relay not permitted"),
    Refusal::mail(554, "5.7.1 Relay access denied"),
    Refusal::mail(503, "5.5.1 AUTH first"),
    Refusal::mail(521, "5.2.1 Mail from your address is not accepted"),
    Refusal::mail(451, "4.3.2 System is not accepting messages"),
    Refusal::mail(552, "5.3.4 Message too big for this account"),
    Refusal::mail(550, "5.1.1 User unknown"),
    Refusal::mail(553, "Sorry, that domain is not in my list"),
];

/// The same for SMS; code 0 is an answer without a code of the provider.
const TEXTS: [Refusal; 18] = [
    Refusal::sms(400, 21611, "The 'From' number has exceeded the maximum number of queued messages"),
    Refusal::sms(400, 21703, "The Messaging Service contains no phone numbers"),
    Refusal::sms(400, 30002, "Account suspended"),
    Refusal::sms(400, 21659, "'From' is not a Twilio phone number"),
    Refusal::sms(400, 21660, "Mismatch between the 'From' number and the account"),
    Refusal::sms(404, 21705, "The Messaging Service is invalid"),
    Refusal::sms(400, 30034, "Message from an unregistered number"),
    Refusal::sms(400, 21608, "The number is unverified"),
    Refusal::sms(429, 30022, "Rate limits exceeded"),
    Refusal::sms(429, 14107, "SMS send rate limit exceeded"),
    Refusal::sms(402, 0, ""),
    Refusal::sms(429, 0, ""),
    Refusal::sms(400, 0, ""),
    Refusal::sms(403, 0, ""),
    Refusal::sms(401, 20003, "Authenticate"),
    Refusal::sms(400, 99_999, "A code that is in no table"),
    Refusal::sms(400, 30007, "Message filtered"),
    Refusal::sms(400, 21211, "Invalid 'To' Phone Number"),
];

/// The whole system, with one or two providers of each channel and their ledgers.
struct Town {
    fixture: CompanyFixture,
    clients: usize,
    /// In the order of the configuration.
    providers: Vec<Arc<Simulator>>,
    folder: TempDir,
}

impl Town {
    async fn start(providers: usize, clients: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut simulators = Vec::new();
        for place in 0..providers {
            let ledger = Some(ledger_path(&folder, place));
            let options = SimulatorOptions { ledger, ..SimulatorOptions::new(Arc::new(clock::now)) };
            simulators.push(Arc::new(Simulator::start(options).await.expect("the simulator starts")));
        }
        let carriers =
            simulators.iter().enumerate().flat_map(|(place, simulator)| carriers(place, simulator));
        let route = Route { companies: Companies::All, providers: carriers.collect() };
        let providers = Providers { routes: vec![route], simulator: Some(Arc::clone(&simulators[0])) };
        let fixture = CompanyFixture::start(providers, clients).await;
        Self { fixture, clients, providers: simulators, folder }
    }

    /// Sets the behaviour of the first provider to everybody.
    fn first(&self, channel: Channel, behaviour: Behaviour) {
        self.providers[0].set_rule(channel, "", behaviour);
    }

    /// Asserts that everybody gets the message once since `before`, by any provider.
    async fn everybody_is_told(&self, channel: Channel, before: &BTreeMap<String, usize>) {
        let notification = self.fixture.notify(channel).await;
        let done = finished(&self.fixture.client, &notification).await;
        assert_eq!(count(&done["totals"], "accepted"), self.clients as i64, "{done}");
        let told = self.told(channel);
        for n in 0..self.clients {
            let address = address(channel, n);
            let times = told[&address] - before.get(&address).copied().unwrap_or(0);
            assert_eq!(times, 1, "{address} was told {times} times");
        }
    }

    /// How often the providers accepted a message for each address of a channel.
    fn told(&self, channel: Channel) -> BTreeMap<String, usize> {
        acceptances_in(self.ledger_path(), channel)
    }

    fn ledger_path(&self) -> Vec<PathBuf> {
        (0..self.providers.len()).map(|place| ledger_path(&self.folder, place)).collect()
    }

    /// Ends it. The model allows what was done.
    async fn close(self) {
        let books = self.ledger_path();
        self.fixture.close(books).await;
    }

    /// Lets time pass until so many of a notification are in a state.
    async fn passes_until(&self, notification: &str, state: &str, number: usize) -> Value {
        eventually("enough time passed", async || {
            self.fixture.world.pass(TimeDelta::minutes(1));
            let totals = self.fixture.totals(notification).await;
            (count(&totals, state) == number as i64).then_some(totals)
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_provider_refuses_to_everybody_goes_by_the_second_and_nobody_fails() {
    let town = Town::start(2, 30).await;
    let mails = MAILS.into_iter().map(|refusal| (Channel::Email, Behaviour::Refuse(refusal)));
    let after_the_dot = [(Channel::Email, Behaviour::RefuseBody(MAILS[3]))];
    let texts = TEXTS.into_iter().map(|refusal| (Channel::Sms, Behaviour::Refuse(refusal)));
    for (channel, refused) in mails.chain(after_the_dot).chain(texts) {
        town.first(channel, refused);
        let (before, first) = (town.told(channel), town.providers[0].counts(channel));
        town.everybody_is_told(channel, &before).await;
        assert_eq!(town.providers[0].counts(channel).accepted, first.accepted, "{refused:?}");

        // Once the first provider works again, it is used again.
        town.first(channel, Behaviour::Accept);
        town.fixture.world.pass(LATER);
        town.everybody_is_told(channel, &town.told(channel)).await;
        assert!(town.providers[0].counts(channel).accepted > first.accepted, "{refused:?}");
        town.fixture.world.pass(LATER);
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_than_a_streak_whom_the_first_provider_refuses_by_policy_are_told_by_the_second_at_once() {
    let town = Town::start(2, STREAK - 1).await;
    let qmails = Refusal::mail(553, "sorry, your address is on a blocking list (#5.7.1)");
    for refusal in [MAILS[3], MAILS[5], MAILS[11], qmails] {
        town.first(Channel::Email, Behaviour::Refuse(refusal));
        // No time passes: nobody waits for a next attempt.
        town.everybody_is_told(Channel::Email, &town.told(Channel::Email)).await;
    }
    assert_eq!(town.providers[0].counts(Channel::Email).accepted, 0);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_provider_that_rested_long_ago_takes_what_the_first_refuses() {
    let channel = Channel::Sms;
    let town = Town::start(2, 20).await;
    for provider in &town.providers {
        provider.set_rule(channel, "", Behaviour::Refuse(Refusal::sms(401, 20003, "Authenticate")));
    }
    let notification = town.fixture.notify(channel).await;
    eventually("both providers rest", async || {
        (count(&town.fixture.totals(&notification).await, "deferred") > 0).then_some(())
    })
    .await;
    town.first(channel, Behaviour::Accept);
    town.passes_until(&notification, "accepted", 20).await;

    // The second provider is not used, so its recovery is not noticed.
    town.providers[1].set_rule(channel, "", Behaviour::Accept);
    town.fixture.world.pass(LATER);
    town.first(channel, Behaviour::Refuse(Refusal::sms(400, 30007, "Message filtered")));
    town.everybody_is_told(channel, &town.told(channel)).await;
    assert_eq!(town.providers[1].counts(channel).accepted, 20);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_reached_on_the_way_fails_nobody() {
    let refusals = [
        (Channel::Email, Refusal::mail(550, "5.4.5 Daily user sending limit exceeded")),
        (Channel::Email, Refusal::mail(550, "You have sent enough for today")),
        (Channel::Sms, Refusal::sms(400, 99_999, "You have sent enough for today")),
        (Channel::Sms, Refusal::sms(400, 21211, "Invalid 'To' Phone Number")),
    ];
    for (channel, refusal) in refusals {
        let town = Town::start(2, 40).await;
        town.first(channel, Behaviour::AcceptFirst { times: 5, refusal });
        town.everybody_is_told(channel, &BTreeMap::new()).await;
        assert_eq!(town.providers[0].counts(channel).accepted, 5, "{refusal:?}");
        town.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_only_provider_refuses_to_everybody_waits_and_is_shown_as_deferred() {
    let refusals = [
        (Channel::Sms, Refusal::sms(400, 99_999, "A code that is in no table")),
        (Channel::Email, Refusal::mail(550, "Your IP is blacklisted")),
        (Channel::Sms, Refusal::sms(400, 30007, "Message filtered")),
        (Channel::Email, Refusal::mail(550, "5.1.1 User unknown")),
    ];
    let town = Town::start(1, 30).await;
    for (channel, refusal) in refusals {
        let before = town.told(channel);
        town.first(channel, Behaviour::Refuse(refusal));
        let notification = town.fixture.notify(channel).await;
        let waiting = eventually("the provider is left alone", async || {
            let totals = town.fixture.totals(&notification).await;
            (count(&totals, "deferred") >= STREAK as i64).then_some(totals)
        });
        assert_eq!(count(&waiting.await, "failed"), 0);
        town.first(channel, Behaviour::Accept);
        town.passes_until(&notification, "accepted", 30).await;
        let told_once = |(to, times): (&String, &usize)| *times == before.get(to).copied().unwrap_or(0) + 1;
        assert!(town.told(channel).iter().all(told_once), "{refusal:?}");
        // A provider that accepted somebody a moment ago would not rest.
        town.fixture.world.pass(LATER);
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_addresses_among_living_ones_fail_and_hold_up_nobody() {
    const DEAD: [usize; 3] = [3, 17, 42];
    for providers in [1, 2] {
        let town = Town::start(providers, 60).await;
        for channel in CHANNELS {
            for (n, provider) in DEAD.iter().flat_map(|n| town.providers.iter().map(move |one| (*n, one))) {
                provider.set_rule(channel, &address(channel, n), Behaviour::Refuse(dead(channel)));
            }
            let notification = town.fixture.notify(channel).await;
            // No time passes: no provider rests.
            let done = finished(&town.fixture.client, &notification).await;
            assert_eq!(count(&done["totals"], "failed"), DEAD.len() as i64, "{done}");
            assert_eq!(count(&done["totals"], "accepted"), 57, "{done}");
        }
        town.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_dead_addresses_comes_to_an_end_with_one_provider_and_with_two() {
    for providers in [1, 2] {
        let town = Town::start(providers, 20).await;
        for channel in CHANNELS {
            for provider in &town.providers {
                provider.set_rule(channel, "", Behaviour::Refuse(dead(channel)));
            }
            let notification = town.fixture.notify(channel).await;
            town.passes_until(&notification, "failed", 20).await;
        }
        town.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_which_half_is_dead_reaches_the_living_and_comes_to_an_end() {
    let town = Town::start(1, 60).await;
    for channel in CHANNELS {
        for n in (0..60).step_by(2) {
            town.providers[0].set_rule(channel, &address(channel, n), Behaviour::Refuse(dead(channel)));
        }
        let notification = town.fixture.notify(channel).await;
        eventually("the living are told", async || {
            (count(&town.fixture.totals(&notification).await, "accepted") == 30).then_some(())
        })
        .await;
        let done = town.passes_until(&notification, "failed", 30).await;
        assert_eq!(count(&done, "accepted"), 30, "{done}");
    }
    town.close().await;
}

/// One lane, one provider, two companies. A provider rests because it refuses everybody, and tries again soon: what it
/// refuses may be about a list.
#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_behind_a_list_of_dead_numbers_waits_for_seconds_only() {
    let town = Town::start(1, 30).await;
    let other = company(town.fixture.world.log(), 1, 1).await;
    let other_client = town.fixture.world.user("Nadia", &[Role::Notifier], &[other]).await;
    for n in 0..30 {
        town.providers[0].set_rule(Channel::Sms, &phone(0, n), Behaviour::Refuse(dead(Channel::Sms)));
    }
    let list = town.fixture.notify(Channel::Sms).await;
    eventually("the provider is left alone", async || {
        (count(&town.fixture.totals(&list).await, "deferred") >= STREAK as i64).then_some(())
    })
    .await;
    let order = notification(&other.to_string(), Channel::Sms);
    let alarm = id_of(&other_client.post_new("/notifications", &order).await.expect(202));
    let told = async || town.told(Channel::Sms).contains_key(&phone(1, 0));
    let mut seconds = 0;
    eventually("the alarm is told", async || {
        if told().await {
            return Some(());
        }
        town.fixture.world.pass(TimeDelta::seconds(1));
        seconds += 1;
        None
    })
    .await;
    assert!(seconds <= ALARM_WAIT_MAX, "the alarm waited for {seconds} seconds");
    assert_eq!(finished(&other_client, &alarm).await["totals"]["accepted"], 1);
    assert_eq!(town.told(Channel::Sms).len(), 1, "nobody of the list is told");
    town.close().await;
}

fn dead(channel: Channel) -> Refusal {
    match channel {
        Channel::Sms => Refusal::sms(400, 21211, "Invalid 'To' Phone Number"),
        Channel::Email => Refusal::mail(550, "5.1.1 User unknown"),
    }
}

fn ledger_path(folder: &TempDir, place: usize) -> PathBuf {
    folder.path().join(format!("ledger-{place}"))
}

fn carriers(place: usize, simulator: &Simulator) -> [Provider; 2] {
    let email = SmtpSettings { name: format!("correo-{place}"), ..simulator.smtp_settings(CONNECTIONS) };
    let sms = SmsSettings { name: format!("sms-{place}"), ..simulator.twilio_settings(CONNECTIONS) };
    [
        Provider::Email(EmailProvider::try_new(&email).expect("the settings can be used")),
        Provider::Sms(SmsProvider::try_new(&sms).expect("the settings can be used")),
    ]
}
