//! The changes of each chunk, recorded as a trace: the model of the sending core must allow them.

use std::collections::{BTreeMap, BTreeSet};

use commands::log::EventLog;
use cqrs_es::Aggregate;
use domain::deliveries::{Deliveries, DeliveriesEvent, GroupOutcome, OutcomeGroup};
use domain::value::{DeliveryId, Member, Members, NotificationId, first_members};
use sqlx::FromRow;
use tests::outcomes::events_of;
use tests::{Client, id_of};
use uuid::Uuid;

use crate::load::{Load, RequestedNotification};
use crate::reconciliation::{acceptances, reconcile_without_stream};
use crate::rules::Outcome;
use crate::testbed::Testbed;
use crate::trace::{Entry, Ordinal, accepts, read};

/// Installs triggers that record every change of tasks, marks, owners and streams of deliveries.
pub(crate) async fn record(log: &EventLog) {
    sqlx::raw_sql(include_str!("traces.sql")).execute(log.pool()).await.expect("the triggers are made");
}

/// Asserts that the model allows the trace of every chunk of completed notifications.
pub(crate) async fn assert_allowed(testbed: &Testbed, client: &Client, load: &Load) {
    for asked in load.notifications() {
        for (chunk, trace) in traces(testbed, client, asked).await {
            let text: Vec<String> = trace.iter().map(Entry::to_string).collect();
            let text = text.join("\n");
            if let Err(rejected) = accepts(&read(&text).expect("a trace")) {
                panic!("chunk {chunk} of {}: {rejected}\n{text}", asked.id);
            }
        }
    }
}

/// The trace of each chunk of a notification.
async fn traces(
    testbed: &Testbed,
    client: &Client,
    asked: RequestedNotification<'_>,
) -> BTreeMap<u32, Vec<Entry>> {
    let notification: NotificationId = asked.id.parse().expect("an id");
    let rows: Vec<Row> = sqlx::query_as(
        "select n, xact::text, word, chunk, epoch, owner, people, generation, attempt, members, sequence
         from trace_rows where notification_id = $1 or word = 'fenced' order by n",
    )
    .bind(notification.uuid())
    .fetch_all(testbed.log.pool())
    .await
    .expect("the rows");
    let told = told(testbed, client, asked).await;
    let chunks: BTreeSet<i32> = rows.iter().filter_map(|row| row.chunk).collect();
    assert!(!chunks.is_empty(), "nothing was done to {notification}");
    let mut events = BTreeMap::<u32, BTreeMap<i64, DeliveriesEvent>>::new();
    for (chunk, sequence, event) in events_of(&testbed.log, notification).await {
        events.entry(chunk).or_default().insert(sequence, event);
    }
    let trace = |chunk: i32| {
        let number = chunk.unsigned_abs();
        let of_chunk = rows.iter().filter(|row| row.chunk.is_none_or(|of| of == chunk)).collect();
        let mut trace = Trace { events: events.remove(&number).unwrap_or_default(), ..Trace::default() };
        trace.write(of_chunk);
        trace.close(told.get(&number));
        (number, trace.entries)
    };
    chunks.into_iter().map(trace).collect()
}

/// How often the providers accepted a message for each member of each chunk.
async fn told(
    testbed: &Testbed,
    client: &Client,
    asked: RequestedNotification<'_>,
) -> BTreeMap<u32, BTreeMap<Ordinal, usize>> {
    let times = acceptances(testbed, asked.channel);
    let mut told = BTreeMap::<u32, BTreeMap<Ordinal, usize>>::new();
    for delivery in client.all(&format!("/notifications/{}/deliveries", asked.id)).await {
        let id: DeliveryId = id_of(&delivery).parse().expect("an id");
        let place = id.ordinal().expect("an ordinal");
        let times = times.get(delivery["to"].as_str().expect("an address")).copied().unwrap_or(0);
        told.entry(place.chunk()).or_default().insert(ordinal(place.member()), times);
    }
    told
}

/// A row recorded by a trigger.
#[derive(FromRow)]
struct Row {
    n: i64,
    xact: String,
    word: String,
    chunk: Option<i32>,
    epoch: Option<i64>,
    owner: Option<Uuid>,
    people: Option<i32>,
    generation: Option<i32>,
    attempt: Option<i32>,
    members: Option<String>,
    sequence: Option<i64>,
}

impl Row {
    /// Events are appended last, and what they say is the ground of the other lines of their transaction.
    fn place(&self) -> (u8, i64) {
        let place = match self.word.as_str() {
            "event" => 0,
            "marked" | "unsent" => 1,
            _ => 2,
        };
        (place, self.n)
    }

    fn epoch(&self) -> u64 {
        self.epoch.expect("an epoch").unsigned_abs()
    }

    fn owner(&self) -> String {
        self.owner.map(|owner| owner.simple().to_string()).unwrap_or_default()
    }

    fn members(&self) -> Vec<Ordinal> {
        ordinals(self.members.as_deref().expect("members").parse().expect("members"))
    }
}

/// The trace of one chunk as it is written.
#[derive(Default)]
struct Trace {
    /// The chunk's stream.
    events: BTreeMap<i64, DeliveriesEvent>,
    deliveries: Deliveries,
    people: usize,
    has_task: bool,
    /// The last start of each member, and the generations in which it was started.
    last_start: BTreeMap<Ordinal, u32>,
    started: BTreeMap<Ordinal, BTreeSet<u32>>,
    entries: Vec<Entry>,
}

/// There is one task a chunk.
fn task() -> String {
    "1".to_owned()
}

impl Trace {
    /// A transaction stands where its last row stands: that is when it held all the locks that order it with others.
    fn write(&mut self, rows: Vec<&Row>) {
        let mut ends = BTreeMap::<&str, i64>::new();
        for row in &rows {
            ends.insert(&row.xact, row.n);
        }
        let mut transactions = BTreeMap::<i64, Vec<&Row>>::new();
        for row in rows {
            transactions.entry(ends[row.xact.as_str()]).or_default().push(row);
        }
        for mut rows in transactions.into_values() {
            rows.sort_by_key(|row| row.place());
            rows.into_iter().for_each(|row| self.row(row));
        }
    }

    fn row(&mut self, row: &Row) {
        match row.word.as_str() {
            "fenced" => self.entries.push(Entry::Fenced { owner: row.owner() }),
            "event" => self.event(row.sequence.expect("a sequence")),
            "queued" => self.queued(row.people.expect("people").unsigned_abs() as usize),
            "claimed" => {
                self.entries.push(Entry::Claimed { task: task(), epoch: row.epoch(), owner: row.owner() });
            }
            "requeued" => {
                let members = ordinals(self.open());
                self.entries.push(Entry::Requeued { task: task(), epoch: row.epoch(), members });
            }
            "finished" => {
                self.has_task = false;
                self.entries.push(Entry::Finished { task: task() });
            }
            "marked" => self.marked(row),
            "unsent" => self.unsent(row),
            word => panic!("no trigger writes {word}"),
        }
    }

    fn event(&mut self, sequence: i64) {
        let event = self.events.get(&sequence).expect("the event of a sequence").clone();
        let at = sequence.unsigned_abs();
        match &event {
            DeliveriesEvent::OutcomesRecorded { outcomes, .. } => {
                self.entries.extend(outcomes.iter().map(|group| settled(group, at)));
            }
            DeliveriesEvent::DeliveriesReopened { generation, members, .. } => {
                let (generation, members) = (*generation, ordinals(*members));
                self.entries.push(Entry::Ordered { generation, members: members.clone(), sequence: at });
                if self.has_task {
                    self.entries.push(Entry::Joined { task: task(), generation, members });
                }
            }
            event => panic!("no fault leads to {event:?}"),
        }
        self.deliveries.apply(event);
    }

    fn queued(&mut self, people: usize) {
        (self.people, self.has_task) = (people, true);
        let open = self.open();
        let generation = open.iter().next().map_or(1, |member| self.deliveries.get(member).generation);
        self.entries.push(Entry::Queued { task: task(), generation, members: ordinals(open) });
    }

    fn marked(&mut self, row: &Row) {
        let start = u32::try_from(row.n).expect("a small number");
        let generation = row.generation.expect("a generation").unsigned_abs();
        let attempt = attempt(row.attempt.expect("an attempt").unsigned_abs());
        let members = row.members();
        for member in &members {
            self.last_start.insert(*member, start);
            self.started.entry(*member).or_default().insert(generation);
        }
        let (epoch, owner) = (row.epoch(), row.owner());
        self.entries.push(Entry::Marked { task: task(), epoch, owner, start, generation, attempt, members });
    }

    /// An unmark removes the last start: a program keeps the order of its marks.
    fn unsent(&mut self, row: &Row) {
        for member in row.members() {
            let start = self.last_start.get(&member).copied().unwrap_or_default();
            let members = vec![member];
            self.entries.push(Entry::Unsent { task: task(), epoch: row.epoch(), start, members });
        }
    }

    /// The ledger has no generations: the last message of a member belongs to its last start.
    fn close(&mut self, told: Option<&BTreeMap<Ordinal, usize>>) {
        for (member, times) in told.into_iter().flatten() {
            let started = self.started.get(member).cloned().unwrap_or_default();
            let last = started.last().copied().unwrap_or(1);
            for generation in started.into_iter().rev().chain(std::iter::repeat(last)).take(*times) {
                self.entries.push(Entry::Accepted { generation, member: *member });
            }
        }
    }

    fn open(&self) -> Members {
        self.deliveries.open_among(first_members(self.people))
    }
}

/// An outcome without an attempt has the number of the next one.
fn settled(group: &OutcomeGroup, sequence: u64) -> Entry {
    let (outcome, is_attempt) = match &group.outcome {
        GroupOutcome::Accepted { .. } => (Outcome::Accepted, true),
        GroupOutcome::Deferred { .. } => (Outcome::Deferred, true),
        GroupOutcome::InDoubt { .. } => (Outcome::InDoubt, true),
        GroupOutcome::Failed { provider, .. } | GroupOutcome::Suppressed { provider, .. } => {
            (Outcome::Failed, provider.is_some())
        }
        GroupOutcome::Cancelled => (Outcome::Failed, false),
    };
    let attempt = attempt(group.attempt + u32::from(!is_attempt));
    let (generation, members) = (group.generation, ordinals(group.members));
    Entry::Settled { generation, attempt, outcome, members, sequence }
}

fn attempt(number: u32) -> u8 {
    number.try_into().expect("few attempts")
}

fn ordinal(member: Member) -> Ordinal {
    member.number().into()
}

fn ordinals(members: Members) -> Vec<Ordinal> {
    members.iter().map(ordinal).collect()
}

/// The replay can fail: a trace without its start marks is rejected, because nobody could have been sent to.
#[tokio::test(flavor = "multi_thread")]
async fn a_trace_without_its_marks_is_rejected() {
    let testbed = Testbed::start().await;
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let mut load = Load::of(&testbed, 0);
    load.apply_until_answered(&client).await;
    reconcile_without_stream(&testbed, &client, &load).await;
    for asked in load.notifications() {
        let is_mark = |entry: &Entry| matches!(entry, Entry::Marked { .. });
        for (_, mut trace) in traces(&testbed, &client, asked).await {
            assert!(trace.iter().any(is_mark));
            assert_eq!(accepts(&trace), Ok(()));
            trace.retain(|entry| !is_mark(entry));
            assert!(accepts(&trace).is_err(), "{trace:?}");
        }
    }
    program.kill().await;
}
