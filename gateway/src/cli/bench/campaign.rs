//! A campaign the whole way: asked for over HTTP, resolved, queued, sent to a sink, every outcome durable and projected.

use std::sync::Arc;
use std::time::{Duration, Instant};

use commands::clock;
use dispatcher::simulator::{Behaviour, Simulator, SimulatorOptions};
use domain::value::{Channel, CompanyId};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::Outcome;
use super::bare;
use super::http::Connection;
use super::measure::{in_turns, median, per_second};
use super::people::{self, Worker};
use super::program::{Program, Sinks, SmsSink, SmtpSink};
use super::table::{Goal, Row, count};
use super::world::{Ledger, World};
use crate::cli::CliError;

/// How long a campaign may take.
const CAMPAIGN_TIMEOUT: Duration = Duration::from_secs(3_600);
/// How often it is asked whether the campaign is over.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How often the sink is asked whether something came.
const ARRIVAL_INTERVAL: Duration = Duration::from_millis(1);
/// The most that a peer sends in a turn: it keeps its pace from the first second on.
const PEER_SENDS_MAX: usize = 20_000;

/// A channel, and whom its campaigns are measured beside.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    channel: Channel,
    name: &'static str,
    bare: &'static str,
    published: &'static [(&'static str, f64, Option<Goal>)],
}

/// E-mail.
pub(super) const EMAIL: Kind = Kind {
    channel: Channel::Email,
    name: "e-mail campaign",
    bare: "lettre alone",
    published: &[("Postfix relaying", 725.0, Some(Goal::TimesAtLeast(11.0))), ("listmonk", 833.0, None)],
};
/// SMS.
pub(super) const SMS: Kind = Kind {
    channel: Channel::Sms,
    name: "SMS campaign",
    bare: "reqwest alone",
    published: &[("Kannel", 4_295.0, Some(Goal::TimesAtLeast(1.9))), ("svix-server", 800.0, None)],
};

/// How a campaign went.
pub(super) struct Course {
    /// From the request to the last outcome on the page.
    pub(super) per_second: f64,
    /// From the answer to the first message at the sink, in seconds.
    pub(super) first_s: f64,
}

pub(super) async fn measure(world: &World, kind: Kind) -> Outcome<Vec<Row>> {
    let recipients = world.scale.recipients;
    let ledger = world.ledger().await?;
    let sink = sink().await?;
    let program = Program::start(world, &ledger, sinks(&sink)).await?;
    eprintln!("  taking clients on");
    let audience = Audience::prepare(&ledger, recipients).await?;
    let ours = async || run(kind, &program, &sink, &audience).await;
    let peer = async || bare::send(kind.channel, &sink, recipients.min(PEER_SENDS_MAX)).await;
    let (ours, peers) = in_turns(world.scale.turns, ours, peer).await?;
    program.stop().await?;
    Ok(rows(kind, recipients, &ours, median(peers)))
}

fn rows(kind: Kind, recipients: usize, ours: &[Course], peer: f64) -> Vec<Row> {
    let per_second = median(ours.iter().map(|course| course.per_second).collect());
    let first_s = median(ours.iter().map(|course| course.first_s).collect());
    let row = || Row::new(format!("{}, {} recipients", kind.name, count(recipients)), "sends/s", per_second);
    let against_bare = row().beside(kind.bare, peer).goal(Goal::AtLeast(8_000.0));
    let published = kind.published.iter().map(|(name, value, goal)| {
        let row = row().beside_published(name, *value);
        if let Some(goal) = goal { row.goal(*goal) } else { row }
    });
    let first =
        Row::new(format!("{}, accepted to first send", kind.name), "s", first_s).goal(Goal::AtMost(1.0));
    std::iter::once(against_bare).chain(published).chain([first]).collect()
}

/// Who asks, and whom it goes to.
pub(super) struct Audience {
    author: Worker,
    company: CompanyId,
    recipients: usize,
}

impl Audience {
    /// Has somebody and so many clients, and waits until the views show them. A program has to run.
    pub(super) async fn prepare(ledger: &Ledger, recipients: usize) -> Outcome<Self> {
        let author = people::workers(&ledger.log, 1).await?.remove(0);
        let company = people::company(&ledger.log, recipients).await?;
        people::caught_up(&ledger.log).await?;
        Ok(Self { author, company, recipients })
    }
}

/// An outside world that takes everything and keeps nothing.
pub(super) async fn sink() -> Outcome<Simulator> {
    let sink =
        Simulator::start(SimulatorOptions::sink(Arc::new(clock::now))).await.map_err(CliError::failed)?;
    for channel in [Channel::Email, Channel::Sms] {
        sink.set_rule(channel, "", Behaviour::Accept);
    }
    Ok(sink)
}

/// The way to both of its servers.
pub(super) fn sinks(sink: &Simulator) -> Sinks {
    let (smtp, sms) = (sink.smtp_settings(1), sink.twilio_account());
    Sinks {
        smtp: Some(SmtpSink { url: smtp.url, from: smtp.from }),
        sms: Some(SmsSink {
            base_url: sms.base_url,
            account: sms.account,
            secret: sms.secret,
            from: sms.from,
        }),
    }
}

/// One campaign from the request to its end.
pub(super) async fn run(
    kind: Kind,
    program: &Program,
    sink: &Simulator,
    audience: &Audience,
) -> Outcome<Course> {
    let mut connection = Connection::open(program.address(), Some(&audience.author)).await?;
    let before = sink.counts(kind.channel).accepted;
    let begun = Instant::now();
    let asked = connection
        .post("/api/v1/notifications", &clock::new_id().to_string(), &request(kind, audience))
        .await?;
    let answer = asked.expect(202)?.json()?;
    let accepted = Instant::now();
    let id = answer["id"].as_str().ok_or_else(|| CliError::failed("an answer without an id"))?;
    let course = async {
        let (first_s, totals) =
            tokio::join!(first_arrival(kind, sink, before, accepted), end_of(&mut connection, id));
        Outcome::Ok((first_s, totals?))
    };
    let (first_s, totals) = timeout(CAMPAIGN_TIMEOUT, course)
        .await
        .map_err(|_| CliError::failed("the campaign does not end"))??;
    let per_second = per_second(audience.recipients, begun.elapsed());
    let all_accepted = totals["accepted"].as_u64() == Some(audience.recipients as u64);
    let has_arrived = sink.counts(kind.channel).accepted - before == audience.recipients as u64;
    if all_accepted && has_arrived {
        Ok(Course { per_second, first_s })
    } else {
        Err(CliError::failed(format!("not everything was sent once: {totals}")))
    }
}

fn request(kind: Kind, audience: &Audience) -> String {
    let mut request = json!({
        "company_id": audience.company,
        "channel": kind.channel,
        "recipient_kind": "holder",
        "category": "operational",
        "body": "Su alarma fue atendida a las 21:40. Todo en orden.",
    });
    if kind.channel == Channel::Email {
        request["subject"] = "Su alarma".into();
    }
    request.to_string()
}

async fn first_arrival(kind: Kind, sink: &Simulator, before: u64, accepted: Instant) -> f64 {
    while sink.counts(kind.channel).accepted == before {
        sleep(ARRIVAL_INTERVAL).await;
    }
    accepted.elapsed().as_secs_f64()
}

/// Waits until the page says that it is over, and gives the totals.
async fn end_of(connection: &mut Connection, id: &str) -> Outcome<Value> {
    loop {
        let page = connection.get(&format!("/api/v1/notifications/{id}")).await?.expect(200)?.json()?;
        if page["state"] == "completed" {
            return Ok(page["totals"].clone());
        }
        sleep(LOOK_INTERVAL).await;
    }
}
