//! The changes of each chunk, recorded as a trace: the model of the sending core must allow them.

use std::collections::{BTreeMap, BTreeSet};

use commands::log::EventLog;
use cqrs_es::Aggregate;
use dispatcher::simulator::ledger::LedgerEntry;
use domain::Event;
use domain::deliveries::{Deliveries, DeliveriesEvent, GroupOutcome, OutcomeGroup};
use domain::notification::{AUDIENCE, AudienceEvent, Recipient};
use domain::value::{Channel, DeliveryId, Member, Members, NotificationId, first_members};
use sqlx::FromRow;
use tests::outcomes::events_of;
use uuid::Uuid;

use crate::load::Load;
use crate::reconciliation::reconcile_without_stream;
use crate::rules::Outcome;
use crate::testbed::Testbed;
use crate::trace::{Entry, Ordinal, accepts, read};

/// Installs triggers that record every change of tasks, marks, owners and streams of deliveries.
pub(crate) async fn record(log: &EventLog) {
    sqlx::raw_sql(include_str!("traces.sql")).execute(log.pool()).await.expect("the triggers are made");
}

/// Asserts that the model allows what was done to every chunk that has no task any more, by what the providers accepted.
/// Returns the number of these chunks.
pub(crate) async fn assert_allowed(log: &EventLog, accepted: &[LedgerEntry]) -> usize {
    let traces = traces(log, accepted).await;
    let chunks = traces.len();
    for ((notification, chunk), trace) in traces {
        let text: Vec<String> = trace.iter().map(Entry::to_string).collect();
        let text = text.join("\n");
        if let Err(rejected) = accepts(&read(&text).expect("a trace")) {
            panic!("chunk {chunk} of {notification}: {rejected}\n{text}");
        }
    }
    chunks
}

/// The trace of each chunk that has no task any more.
async fn traces(log: &EventLog, accepted: &[LedgerEntry]) -> BTreeMap<(NotificationId, u32), Vec<Entry>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select n, xact::text, word, notification_id, chunk, epoch, owner, people, generation, attempt, members, sequence
         from trace_rows r
         where not exists (select from send_tasks t where t.notification_id = r.notification_id and t.chunk = r.chunk)
         order by n",
    )
    .fetch_all(log.pool())
    .await
    .expect("the rows");
    let chunks: BTreeSet<(NotificationId, u32)> = rows.iter().filter_map(Row::chunk).collect();
    let (mut events, books) = (events(log, &chunks).await, Acceptances::of(accepted));
    let mut traces = BTreeMap::new();
    for (notification, chunk) in chunks {
        let events = events.remove(&(notification, chunk)).unwrap_or_default();
        let of_chunk = |row: &&Row| row.chunk().is_none_or(|of| of == (notification, chunk));
        let mut trace = Trace { events, ..Trace::default() };
        trace.write(rows.iter().filter(of_chunk).collect());
        trace.close(&books.told(log, notification, chunk).await);
        traces.insert((notification, chunk), trace.entries);
    }
    traces
}

/// The streams of these chunks.
async fn events(
    log: &EventLog,
    chunks: &BTreeSet<(NotificationId, u32)>,
) -> BTreeMap<(NotificationId, u32), BTreeMap<i64, DeliveriesEvent>> {
    let notifications: BTreeSet<NotificationId> = chunks.iter().map(|(of, _)| *of).collect();
    let mut events = BTreeMap::<_, BTreeMap<_, _>>::new();
    for notification in notifications {
        for (chunk, sequence, event) in events_of(log, notification).await {
            events.entry((notification, chunk)).or_default().insert(sequence, event);
        }
    }
    events
}

/// How often the providers accepted a message: under the id of a delivery or, of an SMS without a callback, for an
/// address, which gets one message in a testbed.
struct Acceptances<'a>(BTreeMap<(Option<Channel>, &'a str), usize>);

impl<'a> Acceptances<'a> {
    fn of(accepted: &'a [LedgerEntry]) -> Self {
        let mut times = BTreeMap::new();
        for LedgerEntry { channel, to, delivery_id, .. } in accepted {
            let key = if delivery_id.is_empty() { (Some(*channel), &**to) } else { (None, &**delivery_id) };
            *times.entry(key).or_default() += 1;
        }
        Self(times)
    }

    /// For each member of a chunk, in their order.
    async fn told(&self, log: &EventLog, notification: NotificationId, chunk: u32) -> Vec<usize> {
        let (audience, after) = (notification.to_string(), i64::from(chunk) - 1);
        let stored = log.reader().read_stream(AUDIENCE, &audience, after, 1).await.expect("the audience");
        let frozen = log.reader().open_events(stored).await.expect("the event opens").pop().expect("a chunk");
        let Ok(Event::Audience(AudienceEvent::AudienceChunkResolved { channel, recipients, .. })) =
            frozen.event
        else {
            panic!("no chunk of an audience")
        };
        let times = |(recipient, member): (Recipient, Member)| {
            let place = domain::value::Ordinal::of(chunk, member).expect("an ordinal");
            let delivery = DeliveryId::of(notification, place).to_string();
            let address = recipient.addressee.get().map_or("", |addressee| &addressee.address);
            let times = [(None, &*delivery), (Some(channel), address)].map(|key| self.0.get(&key).copied());
            times.into_iter().flatten().sum()
        };
        let members = first_members(recipients.len());
        recipients.into_iter().zip(members.iter()).map(times).collect()
    }
}

/// A row recorded by a trigger.
#[derive(FromRow)]
struct Row {
    n: i64,
    xact: String,
    word: String,
    notification_id: Option<Uuid>,
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
    /// None of what happened to an owner, which is of every chunk.
    fn chunk(&self) -> Option<(NotificationId, u32)> {
        Some((self.notification_id?.into(), self.chunk?.unsigned_abs()))
    }

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
    fn close(&mut self, told: &[usize]) {
        for (member, times) in first_members(self.people).iter().map(ordinal).zip(told) {
            let started = self.started.get(&member).cloned().unwrap_or_default();
            let last = started.last().copied().unwrap_or(1);
            for generation in started.into_iter().rev().chain(std::iter::repeat(last)).take(*times) {
                self.entries.push(Entry::Accepted { generation, member });
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
    let is_mark = |entry: &Entry| matches!(entry, Entry::Marked { .. });
    let traces = traces(&testbed.log, &testbed.ledger()).await;
    assert_eq!(traces.len(), load.notifications().count());
    for mut trace in traces.into_values() {
        assert!(trace.iter().any(is_mark));
        assert_eq!(accepts(&trace), Ok(()));
        trace.retain(|entry| !is_mark(entry));
        assert!(accepts(&trace).is_err(), "{trace:?}");
    }
    program.kill().await;
}
