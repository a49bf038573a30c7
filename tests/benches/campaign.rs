//! A campaign from end to end: requested over HTTP, resolved, sent to a sink, with every outcome durable and on the
//! page.

use std::time::{Duration, Instant};

use commands::clock;
use domain::value::Channel;
use serde_json::{Value, json};
use tests::measurements::{Failed, Goal, Outcome, Row, count, in_turns, median, per_second};
use tokio::time::{sleep, timeout};

use crate::bare;
use crate::http::Connection;
use crate::people::{self, Worker};
use crate::serve::{self, Served};
use crate::sink::Sink;
use crate::world::World;

/// The timeout of a campaign.
const CAMPAIGN_TIMEOUT: Duration = Duration::from_secs(3_600);
/// How often the campaign's state is polled.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How often the sink is polled for a first message.
const ARRIVAL_INTERVAL: Duration = Duration::from_millis(1);
/// The most messages of a peer's turn: its rate is steady from the first second.
const PEER_SENDS_MAX: usize = 20_000;
/// The text of every message.
pub(crate) const BODY: &str = "Su alarma fue atendida a las 21:40. Todo en orden.";

/// A channel, and the peer and goals of its campaigns.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) channel: Channel,
    name: &'static str,
    /// The unit of a figure's name.
    one: &'static str,
    bare: &'static str,
    /// The goal, as a part of the bare library's rate.
    bare_part: f64,
    published: &'static [(&'static str, f64, Option<Goal>)],
}

/// E-mail.
pub(crate) const EMAIL: Kind = Kind {
    channel: Channel::Email,
    name: "e-mail campaign",
    one: "an e-mail",
    bare: "lettre alone",
    bare_part: 0.33,
    published: &[("Postfix relaying", 725.0, Some(Goal::TimesAtLeast(11.0))), ("listmonk", 833.0, None)],
};
/// SMS.
pub(crate) const SMS: Kind = Kind {
    channel: Channel::Sms,
    name: "SMS campaign",
    one: "an SMS",
    bare: "reqwest alone",
    bare_part: 0.25,
    published: &[("Kannel", 4_295.0, Some(Goal::TimesAtLeast(1.9))), ("svix-server", 800.0, None)],
};
/// The goal for PostgreSQL's CPU time a message, in milliseconds.
const POSTGRES_MS_MAX: f64 = 0.15;
/// The goal for the rate of a campaign, in messages per second.
const RATE_MIN: f64 = 6_000.0;

/// The result of a campaign.
#[derive(Debug)]
pub(crate) struct CampaignResult {
    /// The notification.
    pub(crate) id: String,
    /// The rate from the request to the last outcome on the page.
    pub(crate) per_second: f64,
    /// The time from the answer to the first message at the sink, in seconds.
    first_s: f64,
}

pub(crate) async fn measure(world: &World, kind: Kind) -> Outcome<Vec<Row>> {
    let setup = Setup::prepare(world).await?;
    let request = setup.request(kind.channel);
    let ours = async || measured(world, &setup, kind.channel, &request).await;
    let peer = async || bare::send(kind.channel, &setup.sink, setup.recipients.min(PEER_SENDS_MAX)).await;
    let (ours, peers) = in_turns(world.scale.turns, ours, peer).await?;
    let recipients = setup.recipients;
    setup.program.stop().await?;
    Ok(rows(kind, recipients, &ours, median(peers)))
}

/// A running program with a sink, and a company to notify.
pub(crate) struct Setup {
    pub(crate) program: Served,
    pub(crate) sink: Sink,
    pub(crate) database_url: String,
    pub(crate) author: Worker,
    pub(crate) company: String,
    pub(crate) recipients: usize,
}

impl Setup {
    /// With as many clients as a campaign has.
    pub(crate) async fn prepare(world: &World) -> Outcome<Self> {
        Self::of(world, world.scale.recipients).await
    }

    /// With so many clients.
    pub(crate) async fn of(world: &World, recipients: usize) -> Outcome<Self> {
        let (database_url, sink) = (world.migrated_database().await?, Sink::start().await?);
        let author = people::workers(world, &database_url, 1).await?.remove(0);
        let program = Served::start(world, &database_url, serve::ALL, Some(&sink)).await?;
        eprintln!("  taking {} clients on", count(recipients));
        let company = people::company(program.address(), &author, recipients).await?;
        Ok(Self { program, sink, database_url, author, company, recipients })
    }

    /// Runs one campaign to all clients, from the request to its end.
    pub(crate) async fn campaign(&self, kind: Kind) -> Outcome<CampaignResult> {
        self.run(kind.channel, &self.request(kind.channel)).await
    }

    /// The request of a campaign to all clients.
    pub(crate) fn request(&self, channel: Channel) -> Value {
        request(channel, &self.company, "operational")
    }

    /// Runs one campaign to all clients by this request.
    pub(crate) async fn run(&self, channel: Channel, request: &Value) -> Outcome<CampaignResult> {
        let before = self.sink.accepted(channel);
        let mut connection = Connection::open(self.program.address(), Some(&self.author)).await?;
        let begun = Instant::now();
        let id = order(&mut connection, request).await?;
        let accepted = Instant::now();
        let (first_s, totals) =
            tokio::join!(self.first_arrival(channel, before, accepted), end_of(&mut connection, &id));
        let (rate, totals) = (per_second(self.recipients, begun.elapsed()), totals?);
        let arrived = self.sink.accepted(channel) - before;
        let sent = ["accepted", "delivered"].iter().filter_map(|state| totals[state].as_u64()).sum::<u64>();
        if sent == self.recipients as u64 && arrived == self.recipients as u64 {
            Ok(CampaignResult { id, per_second: rate, first_s })
        } else {
            Err(Failed::because(format!("not everything was sent once: {arrived} arrived, {totals}")))
        }
    }

    async fn first_arrival(&self, channel: Channel, before: u64, accepted: Instant) -> f64 {
        while self.sink.accepted(channel) == before && accepted.elapsed() < CAMPAIGN_TIMEOUT {
            sleep(ARRIVAL_INTERVAL).await;
        }
        accepted.elapsed().as_secs_f64()
    }
}

/// A campaign, and the CPU time for each message, in milliseconds.
pub(crate) struct Measured {
    pub(crate) result: CampaignResult,
    pub(crate) postgres_ms: f64,
    pub(crate) program_ms: f64,
}

/// Runs a campaign by this request.
pub(crate) async fn measured(
    world: &World,
    setup: &Setup,
    channel: Channel,
    request: &Value,
) -> Outcome<Measured> {
    let (postgres, program) = (world.postgres_cpu().await?, setup.program.cpu()?);
    let result = setup.run(channel, request).await?;
    let each = |took: Duration| took.as_secs_f64() * 1e3 / setup.recipients as f64;
    let postgres_ms = each(world.postgres_cpu().await?.saturating_sub(postgres));
    Ok(Measured { result, postgres_ms, program_ms: each(setup.program.cpu()?.saturating_sub(program)) })
}

fn rows(kind: Kind, recipients: usize, ours: &[Measured], peer: f64) -> Vec<Row> {
    let of = |figure: fn(&Measured) -> f64| median(ours.iter().map(figure).collect());
    let per_second = of(|measured| measured.result.per_second);
    let row = || Row::new(format!("{}, {} recipients", kind.name, count(recipients)), "sends/s", per_second);
    let mut rows = vec![
        row().goal(Goal::AtLeast(RATE_MIN)),
        row().beside(kind.bare, peer).goal(Goal::TimesAtLeast(kind.bare_part)),
    ];
    rows.extend(kind.published.iter().map(|(name, value, goal)| {
        let row = row().beside_published(name, *value);
        if let Some(goal) = goal { row.goal(*goal) } else { row }
    }));
    let named = |what: &str| format!("{}, {what}", kind.name);
    rows.push(
        Row::new(named("accepted to first send"), "s", of(|measured| measured.result.first_s))
            .goal(Goal::AtMost(1.0)),
    );
    let cpu = |whose: &str, ms| Row::new(named(&format!("CPU of {whose}, {}", kind.one)), "ms", ms);
    rows.push(cpu("PostgreSQL", of(|measured| measured.postgres_ms)).goal(Goal::AtMost(POSTGRES_MS_MAX)));
    rows.push(cpu("the program", of(|measured| measured.program_ms)));
    rows
}

/// The request of a notification to all clients of a company.
pub(crate) fn request(channel: Channel, company: &str, category: &str) -> Value {
    let mut request = json!({
        "company_id": company,
        "channel": channel,
        "recipient_kind": "holder",
        "category": category,
        "body": BODY,
    });
    if channel == Channel::Email {
        request["subject"] = "Su alarma".into();
    }
    request
}

/// Requests a notification. Returns its id.
pub(crate) async fn order(connection: &mut Connection, request: &Value) -> Outcome<String> {
    let key = clock::new_id().to_string();
    let answer = connection.post("/api/v1/notifications", &key, &request.to_string()).await?.expect(202)?;
    people::text(&answer.json()?, "id")
}

/// Waits for the end of a notification, as the page shows it. Returns the totals.
pub(crate) async fn end_of(connection: &mut Connection, id: &str) -> Outcome<Value> {
    let waiting = async {
        loop {
            // 503 while the database is away.
            let answer = connection.get(&page_of(id)).await?;
            if answer.status != 503 {
                let page = answer.expect(200)?.json()?;
                if is_completed(&page) {
                    return Outcome::Ok(page["totals"].clone());
                }
            }
            sleep(LOOK_INTERVAL).await;
        }
    };
    timeout(CAMPAIGN_TIMEOUT, waiting).await.map_err(|_| Failed::because("the campaign does not end"))?
}

/// Whether the notification has ended, as the page shows it.
pub(crate) async fn is_over(connection: &mut Connection, id: &str) -> Outcome<bool> {
    Ok(is_completed(&connection.get(&page_of(id)).await?.expect(200)?.json()?))
}

/// Waits until the page shows so many people in one of the totals.
pub(crate) async fn reached(
    connection: &mut Connection,
    id: &str,
    total: &str,
    people: usize,
) -> Outcome<()> {
    let reached = async {
        while totals_of(connection, id).await?[total].as_u64() != Some(people as u64) {
            sleep(LOOK_INTERVAL).await;
        }
        Outcome::Ok(())
    };
    let late = |_| Failed::because(format!("the page does not show {people} of {total}"));
    timeout(CAMPAIGN_TIMEOUT, reached).await.map_err(late)?
}

/// Pauses the sink as a provider, or resumes it.
pub(crate) async fn switch(connection: &mut Connection, act: &str) -> Outcome<()> {
    let (path, reason) = (format!("/api/v1/providers/sink/{act}"), json!({ "reason": "a measurement" }));
    let answer = connection.post(&path, &clock::new_id().to_string(), &reason.to_string()).await?;
    if answer.status < 300 { Ok(()) } else { answer.expect(200).map(drop) }
}

/// The totals of a notification, as the page shows them.
pub(crate) async fn totals_of(connection: &mut Connection, id: &str) -> Outcome<Value> {
    Ok(connection.get(&page_of(id)).await?.expect(200)?.json()?["totals"].take())
}

fn page_of(id: &str) -> String {
    format!("/api/v1/notifications/{id}")
}

fn is_completed(page: &Value) -> bool {
    page["state"] == "completed"
}
