//! A campaign the whole way: asked for over HTTP, resolved, sent to a sink, every outcome durable and on the page.

use std::time::{Duration, Instant};

use commands::clock;
use domain::value::Channel;
use serde_json::{Value, json};
use tests::figures::{Failed, Goal, Outcome, Row, count, in_turns, median, per_second};
use tokio::time::{sleep, timeout};

use crate::bare;
use crate::http::Connection;
use crate::people::{self, Worker};
use crate::serve::{self, Served};
use crate::sink::Sink;
use crate::world::World;

/// How long a campaign may take.
const CAMPAIGN_TIMEOUT: Duration = Duration::from_secs(3_600);
/// How often it is asked whether the campaign is over.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How often the sink is asked whether something came.
const ARRIVAL_INTERVAL: Duration = Duration::from_millis(1);
/// The most that a peer sends in a turn: it keeps its pace from the first second on.
const PEER_SENDS_MAX: usize = 20_000;
/// What every message says.
pub(crate) const BODY: &str = "Su alarma fue atendida a las 21:40. Todo en orden.";

/// A channel, and what its campaigns are measured beside.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) channel: Channel,
    name: &'static str,
    /// One message of it, in the name of a figure.
    one: &'static str,
    bare: &'static str,
    /// What of the bare library's rate is to be reached.
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
/// The CPU time of PostgreSQL that a message may take, in milliseconds.
const POSTGRES_MS_MAX: f64 = 0.15;
/// The rate that a campaign is to reach, a second.
const RATE_MIN: f64 = 6_000.0;

/// How a campaign went.
#[derive(Debug)]
pub(crate) struct Course {
    /// From the request to the last outcome on the page.
    pub(crate) per_second: f64,
    /// From the answer to the first message at the sink, in seconds.
    first_s: f64,
}

pub(crate) async fn measure(world: &World, kind: Kind) -> Outcome<Vec<Row>> {
    let scene = Scene::prepare(world).await?;
    let ours = async || measured(world, &scene, kind).await;
    let peer = async || bare::send(kind.channel, &scene.sink, scene.recipients.min(PEER_SENDS_MAX)).await;
    let (ours, peers) = in_turns(world.scale.turns, ours, peer).await?;
    let recipients = scene.recipients;
    scene.program.stop().await?;
    Ok(rows(kind, recipients, &ours, median(peers)))
}

/// A program with a sink, and a company to notify.
pub(crate) struct Scene {
    pub(crate) program: Served,
    pub(crate) sink: Sink,
    pub(crate) database_url: String,
    pub(crate) author: Worker,
    pub(crate) company: String,
    pub(crate) recipients: usize,
}

impl Scene {
    pub(crate) async fn prepare(world: &World) -> Outcome<Self> {
        let (database_url, sink) = (world.migrated_database().await?, Sink::start().await?);
        let author = people::workers(world, &database_url, 1).await?.remove(0);
        let program = Served::start(world, &database_url, serve::ALL, Some(&sink)).await?;
        let recipients = world.scale.recipients;
        eprintln!("  taking {} clients on", count(recipients));
        let company = people::company(program.address(), &author, recipients).await?;
        Ok(Self { program, sink, database_url, author, company, recipients })
    }

    /// One campaign to everybody, from the request to its end.
    pub(crate) async fn campaign(&self, kind: Kind) -> Outcome<Course> {
        let before = self.sink.accepted(kind.channel);
        let mut door = Connection::open(self.program.address(), Some(&self.author)).await?;
        let begun = Instant::now();
        let id = order(&mut door, &request(kind.channel, &self.company, "operational")).await?;
        let accepted = Instant::now();
        let (first_s, totals) =
            tokio::join!(self.first_arrival(kind, before, accepted), end_of(&mut door, &id));
        let (rate, totals) = (per_second(self.recipients, begun.elapsed()), totals?);
        let arrived = self.sink.accepted(kind.channel) - before;
        if totals["accepted"].as_u64() == Some(self.recipients as u64) && arrived == self.recipients as u64 {
            Ok(Course { per_second: rate, first_s })
        } else {
            Err(Failed::because(format!("not everything was sent once: {arrived} arrived, {totals}")))
        }
    }

    async fn first_arrival(&self, kind: Kind, before: u64, accepted: Instant) -> f64 {
        while self.sink.accepted(kind.channel) == before && accepted.elapsed() < CAMPAIGN_TIMEOUT {
            sleep(ARRIVAL_INTERVAL).await;
        }
        accepted.elapsed().as_secs_f64()
    }
}

/// A campaign, and the CPU time that went into each of its messages, in milliseconds.
struct Measured {
    course: Course,
    postgres_ms: f64,
    program_ms: f64,
}

async fn measured(world: &World, scene: &Scene, kind: Kind) -> Outcome<Measured> {
    let (postgres, program) = (world.postgres_cpu().await?, scene.program.cpu()?);
    let course = scene.campaign(kind).await?;
    let each = |took: Duration| took.as_secs_f64() * 1e3 / scene.recipients as f64;
    let postgres_ms = each(world.postgres_cpu().await?.saturating_sub(postgres));
    Ok(Measured { course, postgres_ms, program_ms: each(scene.program.cpu()?.saturating_sub(program)) })
}

fn rows(kind: Kind, recipients: usize, ours: &[Measured], peer: f64) -> Vec<Row> {
    let of = |figure: fn(&Measured) -> f64| median(ours.iter().map(figure).collect());
    let per_second = of(|measured| measured.course.per_second);
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
        Row::new(named("accepted to first send"), "s", of(|measured| measured.course.first_s))
            .goal(Goal::AtMost(1.0)),
    );
    let cpu = |whose: &str, ms| Row::new(named(&format!("CPU of {whose}, {}", kind.one)), "ms", ms);
    rows.push(cpu("PostgreSQL", of(|measured| measured.postgres_ms)).goal(Goal::AtMost(POSTGRES_MS_MAX)));
    rows.push(cpu("the program", of(|measured| measured.program_ms)));
    rows
}

/// An order to notify everybody of a company.
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

/// Orders a notification; gives its id.
pub(crate) async fn order(door: &mut Connection, request: &Value) -> Outcome<String> {
    let key = clock::new_id().to_string();
    let answer = door.post("/api/v1/notifications", &key, &request.to_string()).await?.expect(202)?;
    people::text(&answer.json()?, "id")
}

/// Waits until the page says that it is over, and gives the totals.
pub(crate) async fn end_of(door: &mut Connection, id: &str) -> Outcome<Value> {
    let waiting = async {
        loop {
            let page = page(door, id).await?;
            if is_completed(&page) {
                return Outcome::Ok(page["totals"].clone());
            }
            sleep(LOOK_INTERVAL).await;
        }
    };
    timeout(CAMPAIGN_TIMEOUT, waiting).await.map_err(|_| Failed::because("the campaign does not end"))?
}

/// Whether it is over, as the page says.
pub(crate) async fn is_over(door: &mut Connection, id: &str) -> Outcome<bool> {
    Ok(is_completed(&page(door, id).await?))
}

async fn page(door: &mut Connection, id: &str) -> Outcome<Value> {
    door.get(&format!("/api/v1/notifications/{id}")).await?.expect(200)?.json()
}

fn is_completed(page: &Value) -> bool {
    page["state"] == "completed"
}
