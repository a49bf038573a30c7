//! The one writer of an owner: start marks and outcomes, by group commit.
//!
//! Its order is kept. A worker queues the outcome of a send before the mark of its next one, so that the second is
//! committed with the first or after it: a crash leaves no more in doubt than there are connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use commands::log::Keys;
use domain::deliveries::MemberOutcome;
use domain::value::{Member, Members};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::BATCH_PEOPLE_MAX;
use super::active_task::ActiveTask;
use super::active_tasks::ActiveTasks;
use super::group::Group;
use super::in_flight::InFlight;
use super::job::Job;
use crate::Wakes;
use crate::options::Clock;
use crate::tasks::ChunkId;
use crate::tasks::company_limits::CompanyLimits;
use crate::tasks::flood::Guarded;
use crate::tasks::settle::{Change, Marked, SettleError, Settled, Settler, Spent, StartMark};

/// A mark that is not committed by then is not waited for: its person is provably unsent, and is sent to later.
const MARK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the recorder rests after the database failed it. It tries again as long as its owner lives: what a provider
/// has answered must not be lost.
const REST: Duration = Duration::from_millis(500);

/// Writes for one owner. Cheap to clone; ends when the last clone is dropped, with what is queued written.
#[derive(Clone)]
pub(super) struct Recorder {
    group: Group<Entry, Marked>,
    keys: Keys,
    limits: Arc<CompanyLimits>,
}

/// What is to be written.
enum Entry {
    /// A job is being given to a provider, or was provably not taken.
    Mark(StartMark),
    /// What became of a delivery.
    Outcome { task: Arc<ActiveTask>, outcome: MemberOutcome, started: Option<Started>, spent: Option<Spent> },
    /// Nothing happened, but the owner works on somebody no more.
    Release(Arc<ActiveTask>),
}

/// When a send that has ended was marked as started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Started(pub(super) Instant);

/// What the flusher works with.
#[derive(Clone)]
pub(super) struct Flusher {
    pub(super) owner: Uuid,
    pub(super) settler: Settler,
    pub(super) active: Arc<ActiveTasks>,
    pub(super) in_flight: Arc<InFlight>,
    pub(super) wakes: Arc<Wakes>,
    pub(super) limits: Arc<CompanyLimits>,
    pub(super) clock: Clock,
}

/// What one task of a batch has come to.
struct TaskOutcomes {
    task: Arc<ActiveTask>,
    outcomes: Vec<MemberOutcome>,
    spent: Vec<(Member, Spent)>,
    /// Members whose outcome stands under no start mark.
    unmarked: Members,
    started: Vec<Started>,
}

impl Recorder {
    pub(super) fn start(tasks: &mut JoinSet<()>, flusher: Flusher) -> Self {
        let (keys, limits) = (flusher.settler.log.keys().clone(), Arc::clone(&flusher.limits));
        let group = Group::start(tasks, 2 * BATCH_PEOPLE_MAX, move |batch| flusher.clone().flush(batch));
        Self { group, keys, limits }
    }

    /// Commits that a job is being given to a provider.
    pub(super) async fn mark(&self, job: &Job, provider: &Arc<str>) -> Marked {
        let guarded = self.guarded(job).map(Box::new);
        self.put_mark(job.mark(provider, true).map(|mark| StartMark { guarded, ..mark })).await
    }

    /// Takes the mark from a job that its provider has refused and that stays in memory: a crash then leaves it waiting
    /// and not in doubt.
    pub(super) async fn unmark(&self, job: &Job, provider: &Arc<str>) -> Marked {
        self.put_mark(job.mark(provider, false)).await
    }

    /// What the guard of addresses must know, if the company has a limit.
    fn guarded(&self, job: &Job) -> Option<Guarded> {
        let (company, channel) = (job.company(), job.task.task.channel);
        let per_hour = Some(self.limits.of(company).per_recipient_per_hour?).filter(|_| !job.is_alarm());
        let address = self.keys.blind_index(job.address());
        Some(Guarded { company, channel, delivery: job.task.delivery(job.member), address, per_hour })
    }

    async fn put_mark(&self, mark: Option<StartMark>) -> Marked {
        let Some(mark) = mark else { return Marked::Erased };
        let answer = self.group.put(Entry::Mark(mark)).await;
        match timeout(MARK_TIMEOUT, answer).await {
            Ok(answer) => answer.unwrap_or(Marked::Unknown),
            Err(_) => Marked::Unknown,
        }
    }

    /// Records an outcome soon; waits only for room.
    pub(super) async fn settle(
        &self,
        task: &Arc<ActiveTask>,
        outcome: MemberOutcome,
        started: Option<Started>,
        spent: Option<Spent>,
    ) {
        let entry = Entry::Outcome { task: Arc::clone(task), outcome, started, spent };
        drop(self.group.put(entry).await);
    }

    /// Lets a task go whose people are not worked on any more. The answer comes when it is written.
    pub(super) async fn release(&self, task: &Arc<ActiveTask>) -> oneshot::Receiver<Marked> {
        self.group.put(Entry::Release(Arc::clone(task))).await
    }
}

impl Flusher {
    /// Answers every entry, in order; only the answers to marks mean something.
    async fn flush(self, batch: Vec<Entry>) -> Vec<Marked> {
        let (marks, tasks, places) = sorted(batch);
        let answers = self.write(marks, tasks).await;
        places.into_iter().map(|place| place.map_or(Marked::Unknown, |place| answers[place])).collect()
    }

    async fn write(&self, marks: Vec<StartMark>, mut tasks: Vec<TaskOutcomes>) -> Vec<Marked> {
        let change = |of: &mut TaskOutcomes| {
            of.task.change(std::mem::take(&mut of.outcomes), std::mem::take(&mut of.spent), of.unmarked)
        };
        let changes: Vec<Change> = tasks.iter_mut().map(change).collect();
        let (answers, settled) = self.commit(&marks, &changes).await;
        for (mark, marked) in marks.iter().zip(&answers) {
            self.count(mark, *marked);
        }
        for (task, (change, settled)) in tasks.into_iter().zip(changes.iter().zip(settled)) {
            self.settled(&task, change, settled);
        }
        answers
    }

    /// Outcomes are tried until they are written. A mark is tried once: its job can wait.
    async fn commit(&self, marks: &[StartMark], changes: &[Change]) -> (Vec<Marked>, Vec<Settled>) {
        match self.settler.commit(Some(self.owner), marks, changes).await {
            Ok(committed) => return committed,
            Err(error) => self.wait_after(&error, changes.len()).await,
        }
        let unmarks: Vec<StartMark> = marks.iter().filter(|mark| !mark.is_started).cloned().collect();
        (vec![Marked::Unknown; marks.len()], self.commit_until_done(&unmarks, changes).await)
    }

    async fn commit_until_done(&self, unmarks: &[StartMark], changes: &[Change]) -> Vec<Settled> {
        loop {
            match self.settler.commit(Some(self.owner), unmarks, changes).await {
                Ok((_, settled)) => return settled,
                Err(error) => self.wait_after(&error, changes.len()).await,
            }
        }
    }

    async fn wait_after(&self, error: &SettleError, tasks: usize) {
        tracing::warn!(%error, tasks, "outcomes could not be recorded, trying again");
        sleep(REST).await;
    }

    fn count(&self, mark: &StartMark, marked: Marked) {
        if marked == Marked::Started && mark.is_started {
            self.in_flight.started(mark.task, mark.member);
        } else if !mark.is_started {
            self.in_flight.ended(mark.task, mark.member.into());
        }
    }

    /// Takes in what one task has come to.
    fn settled(&self, task: &TaskOutcomes, change: &Change, settled: Settled) {
        self.in_flight.ended(change.task.id, change.outcomes.iter().map(|outcome| outcome.member).collect());
        for Started(at) in &task.started {
            metrics::histogram!("mensajeria_send_settled_seconds").record(at.elapsed().as_secs_f64());
        }
        let now: DateTime<Utc> = (self.clock)();
        let reopened = task.task.settled(settled);
        if task.task.is_over() {
            self.active.remove(&task.task);
            self.wakes.ring(change.task.channel);
        } else if let Some(active) = self.active.get(change.task.id).filter(|_| !reopened.is_empty()) {
            active.route.put_back(reopened, now);
        }
    }
}

/// The marks, what each task has come to, and for each entry the place of its mark.
fn sorted(batch: Vec<Entry>) -> (Vec<StartMark>, Vec<TaskOutcomes>, Vec<Option<usize>>) {
    let (mut marks, mut tasks, mut places) = (Vec::new(), Vec::<TaskOutcomes>::new(), Vec::new());
    let mut known: HashMap<(ChunkId, i64), usize> = HashMap::new();
    for entry in batch {
        let (task, outcome) = match entry {
            Entry::Mark(mark) => {
                places.push(Some(marks.len()));
                marks.push(mark);
                continue;
            }
            Entry::Outcome { task, outcome, started, spent } => (task, Some((outcome, started, spent))),
            Entry::Release(task) => (task, None),
        };
        places.push(None);
        let place = *known.entry((task.task.id, task.task.epoch)).or_insert_with(|| {
            tasks.push(TaskOutcomes {
                task,
                outcomes: Vec::new(),
                spent: Vec::new(),
                unmarked: Members::NONE,
                started: Vec::new(),
            });
            tasks.len() - 1
        });
        if let Some((outcome, started, spent)) = outcome {
            if started.is_none() {
                tasks[place].unmarked.insert(outcome.member);
            }
            tasks[place].spent.extend(spent.map(|spent| (outcome.member, spent)));
            tasks[place].outcomes.push(outcome);
            tasks[place].started.extend(started);
        }
    }
    (marks, tasks, places)
}
