//! The whole system in this process with providers of a test's own, one company, and a user who notifies its clients.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dispatcher::simulator::ledger;
use domain::value::{Channel, Role};
use gateway::system::Providers;
use serde_json::Value;
use tests::notified::checked;
use tests::{Client, World, id_of, servers};

use crate::load::notification;
use crate::testbed::{company, email, phone};

/// The system, on a database of its own, its company, and its user.
pub(crate) struct CompanyFixture {
    pub(crate) world: World,
    pub(crate) client: Client,
    pub(crate) company: String,
}

impl CompanyFixture {
    /// Starts the system with a company of so many clients.
    pub(crate) async fn start(providers: Providers, clients: usize) -> Self {
        let nats_url = servers::shared().await.nats_url().expect("a broker").to_owned();
        let world = World::with(servers::database().await, nats_url, providers).await;
        let company = company(world.log(), 0, clients).await;
        let client = world.user("Natalia", &[Role::Notifier], &[company]).await;
        Self { world, client, company: company.to_string() }
    }

    /// Notifies all clients of the company on a channel. Returns the notification's id.
    pub(crate) async fn notify(&self, channel: Channel) -> String {
        self.ask(&notification(&self.company, channel)).await
    }

    /// Posts a notification. Returns its id.
    pub(crate) async fn ask(&self, order: &Value) -> String {
        id_of(&self.client.post_new("/notifications", order).await.expect(202))
    }

    /// The totals of a notification. Asserts that they add up.
    pub(crate) async fn totals(&self, notification: &str) -> Value {
        let found = self.client.get(&format!("/notifications/{notification}")).await.expect(200);
        assert!(checked(&found));
        found["totals"].clone()
    }
}

/// How often the providers accepted a message for each address of a channel, by all of their ledgers.
pub(crate) fn acceptances_in(
    ledgers: impl IntoIterator<Item = PathBuf>,
    channel: Channel,
) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for ledger_file in ledgers {
        let entries = ledger::read(&ledger_file).expect("the ledger can be read");
        for entry in entries.into_iter().filter(|entry| entry.channel == channel) {
            *times.entry(entry.to).or_default() += 1;
        }
    }
    times
}

/// The address of a client of the company on a channel.
pub(crate) fn address(channel: Channel, n: usize) -> String {
    match channel {
        Channel::Sms => phone(0, n),
        Channel::Email => email(0, n),
    }
}
