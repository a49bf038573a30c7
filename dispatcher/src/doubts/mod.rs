//! Doubts without a person: providers are asked what became of the message, and what they say is recorded. The stated policy of a
//! category has some of them sent again.

mod ask;
mod policy;
mod record;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use commands::log::EventLog;
use domain::Position;
use domain::deliveries::doubts::{ASKED_FOR, Finding, ask_again_after};
use domain::value::{NotificationId, Ordinal};
use projections::queries::doubts::{self, DoubtRow};
use sqlx::PgPool;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::ask::Asker;
use self::record::record;
use crate::options::DispatcherOptions;
use crate::receipts::Recorder;
use crate::request::Requests;
use crate::route::Route;
use crate::tasks::settle::Settler;

/// How many doubts one query reads.
const PAGE: i64 = 500;
/// How many pages one round reads. What is beyond waits until the older ones have ended.
const PAGES_MAX: usize = 20;
/// How many questions one round asks, one after the other: with a round each ten seconds two a second, as Infobip allows
/// (infobip.com/docs/api/channels/sms, «Get outbound SMS message logs»).
const QUESTIONS_MAX: usize = 20;

/// How long one question may take, with what is recorded of its answer.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(15);

/// A message of a delivery.
type Key = (NotificationId, Ordinal, u32, u32);

/// How often a provider was asked about a doubt, and when it is asked again.
#[derive(Debug, Clone, Copy)]
struct Asked {
    times: u32,
    next_at: DateTime<Utc>,
}

/// Looks after doubts. Any number may run: everything that one records is fenced by the stream of its chunk, and questions change
/// nothing at a provider.
pub(crate) struct Doubts {
    pub(crate) log: EventLog,
    pub(crate) pool: PgPool,
    pub(crate) requests: Requests,
    pub(crate) settler: Settler,
    pub(crate) recorder: Recorder,
    pub(crate) routes: Vec<Route>,
    pub(crate) options: DispatcherOptions,
}

/// What a process remembers between two rounds. One that has just started asks about all of them anew.
#[derive(Default)]
struct Memory {
    asked: HashMap<Key, Asked>,
    /// The head of the log at the last round.
    head: Position,
}

impl Doubts {
    /// Works until it is cancelled. Cancelling it anywhere is safe.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let _ = cancel.clone().run_until_cancelled(self.work_for_ever()).await;
    }

    async fn work_for_ever(&mut self) {
        let mut memory = Memory::default();
        loop {
            let next = Instant::now() + self.options.doubts.look;
            if let Err(error) = self.round(&mut memory).await {
                tracing::warn!(%error, "doubts could not be looked after, trying again");
            }
            sleep_until(next).await;
        }
    }

    /// A round only asks while the view has everything that was recorded before the last one: it says whose a message is.
    async fn round(&mut self, memory: &mut Memory) -> sqlx::Result<()> {
        let head = self.log.reader().head().await?;
        let is_current = memory.head > 0 && doubts::position(&self.pool).await? >= memory.head;
        memory.head = head;
        if !is_current {
            return Ok(());
        }
        let now = (self.options.clock)();
        let doubts = self.doubts(now).await?;
        let lasting: HashSet<Key> = doubts.iter().map(key_of).collect();
        memory.asked.retain(|key, _| lasting.contains(key));
        self.send_again(&doubts, now).await;
        let due: Vec<&DoubtRow> = doubts.iter().filter(|doubt| self.is_due(doubt, memory, now)).collect();
        for doubt in due.into_iter().take(QUESTIONS_MAX) {
            let asked = memory.asked.entry(key_of(doubt)).or_insert(Asked { times: 0, next_at: now });
            asked.times += 1;
            asked.next_at = now + ask_again_after(asked.times);
            // A provider that is silent must not keep alarms of the next round waiting.
            let Ok(outcome) = timeout(QUESTION_TIMEOUT, self.ask(doubt, now)).await else { break };
            metrics::counter!("mensajeria_doubts_asked_total", "outcome" => outcome?).increment(1);
        }
        Ok(())
    }

    /// Asks about a doubt and records what its provider has. Returns how metrics call it.
    async fn ask(&mut self, doubt: &DoubtRow, now: DateTime<Utc>) -> sqlx::Result<&'static str> {
        Ok(match self.asker().ask(&self.pool, doubt, now).await? {
            None => "unanswered",
            Some(Finding::Absent) => "absent",
            Some(Finding::Ambiguous) => "ambiguous",
            Some(Finding::Found(message)) => {
                record(&self.settler, &mut self.recorder, doubt, message, now).await;
                "found"
            }
        })
    }

    async fn doubts(&self, now: DateTime<Utc>) -> sqlx::Result<Vec<DoubtRow>> {
        let (mut all, mut after) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let page = doubts::doubts(&self.pool, now - ASKED_FOR, now, after, PAGE).await?;
            let is_last = (page.len() as i64) < PAGE;
            after = page.last().map(|doubt| (doubt.window.before, doubt.notification, doubt.ordinal));
            all.extend(page);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    fn asker(&self) -> Asker<'_> {
        Asker { log: &self.log, requests: &self.requests, routes: &self.routes }
    }

    fn is_due(&self, doubt: &DoubtRow, memory: &Memory, now: DateTime<Utc>) -> bool {
        let first_at = doubt.window.before + self.options.doubts.ask_after;
        let due_at = memory.asked.get(&key_of(doubt)).map_or(first_at, |asked| asked.next_at);
        due_at <= now && self.asker().provider(doubt).is_some()
    }
}

fn key_of(doubt: &DoubtRow) -> Key {
    (doubt.notification, doubt.ordinal, doubt.generation, doubt.attempt)
}
