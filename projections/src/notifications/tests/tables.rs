//! The tables in memory: what a batch loads, and what it saves.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use commands::log::Recorded;
use cqrs_es::Aggregate;
use domain::Event;
use domain::deliveries::{Deliveries, DeliveryState, chunk_of_stream};
use domain::value::{Member, first_members};
use uuid::Uuid;

use super::super::fold::Fold;
use super::super::rows::{Attempt, Cause, Chunk, ChunkKey, Notification, Outcome};

/// Every row that notifications, chunks and deliveries have.
#[derive(Debug, Default)]
pub(super) struct Tables {
    notifications: HashMap<Uuid, Notification>,
    chunks: BTreeMap<ChunkKey, Chunk<'static>>,
    /// As text: an entry stands once whatever the order.
    attempts: BTreeSet<String>,
    totals: HashMap<(Uuid, DeliveryState, Cause), i64>,
}

impl PartialEq for Tables {
    fn eq(&self, other: &Self) -> bool {
        self.rows() == other.rows() && self.totals == other.totals && self.attempts == other.attempts
    }
}

impl Tables {
    pub(super) fn apply(&mut self, events: &[Recorded]) {
        let mut fold = Fold {
            notifications: self.notifications.clone(),
            chunks: self.chunks.iter().map(|(key, chunk)| (*key, chunk.clone())).collect(),
            ..Fold::default()
        };
        events.iter().for_each(|event| fold.event(event));
        let Fold { notifications, chunks, attempts, totals, .. } = fold;
        for (id, row) in notifications {
            self.notifications.insert(id, Notification { requested: None, is_changed: false, ..row });
        }
        for (key, chunk) in chunks {
            assert!(chunk.outcomes.keys().all(|member| !chunk.undecided.contains(*member)));
            self.chunks.insert(key, kept(chunk));
        }
        for attempt in attempts {
            let Attempt { chunk, member, standing, reference, detail, step, is_passed_on } = attempt;
            let row = (chunk, member, standing, reference, detail, step, is_passed_on);
            assert!(self.attempts.insert(format!("{row:?}")), "an entry stands once");
        }
        for (key, people) in totals.0 {
            *self.totals.entry(key).or_default() += people;
        }
    }

    fn rows(&self) -> (Vec<String>, Vec<String>) {
        let mut notifications: Vec<_> = self.notifications.values().map(|row| format!("{row:?}")).collect();
        notifications.sort_unstable();
        (notifications, self.chunks.iter().map(|row| format!("{row:?}")).collect())
    }

    /// Against the domain's own aggregates.
    pub(super) fn assert_the_truth(&self, history: &[Recorded]) {
        let mut all: HashMap<u32, Deliveries> = HashMap::new();
        for recorded in history {
            if let (Ok(Event::Deliveries(event)), Some(chunk)) =
                (&recorded.event, chunk_of_stream(&recorded.aggregate_id))
            {
                all.entry(chunk).or_default().apply(event.clone());
            }
        }
        let (mut people, mut counted) = (0, BTreeMap::<DeliveryState, i64>::new());
        for ((_, number), chunk) in &self.chunks {
            let truth = all.remove(number).unwrap_or_default();
            let state = |member: Member| truth.get(member).state.word();
            let members = first_members(chunk.people.unsigned_abs() as usize);
            let count = |wanted| members.iter().filter(|member| state(*member) == wanted).count() as i32;
            assert_eq!(chunk.accepted, count(DeliveryState::Accepted));
            assert_eq!(chunk.delivered, count(DeliveryState::Delivered));
            for member in members.iter() {
                people += 1;
                *counted.entry(state(member)).or_default() += 1;
                let row = chunk.outcomes.get(&member).map(|outcome| outcome.standing.state);
                assert_eq!(row.unwrap_or(DeliveryState::Pending), state(member));
                assert_eq!(row.is_none(), chunk.undecided.contains(member));
            }
        }
        let total =
            |wanted| self.totals.iter().filter(|((_, state, _), _)| *state == wanted).map(|row| row.1).sum();
        for state in DeliveryState::ALL.iter().filter(|state| **state != DeliveryState::Pending) {
            let total: i64 = total(*state);
            assert_eq!(total, counted.get(state).copied().unwrap_or(0), "{state}");
        }
        let others: i64 = self.totals.values().sum();
        assert_eq!(people - others, counted.get(&DeliveryState::Pending).copied().unwrap_or(0));
        assert_eq!(self.notifications.values().map(|row| row.people).sum::<i64>(), people);
    }
}

fn kept(chunk: Chunk<'_>) -> Chunk<'static> {
    let outcomes = chunk.outcomes.into_iter().map(|(member, outcome)| {
        let reference = outcome.reference.map(|text| Cow::Owned(text.into_owned()));
        let Outcome { standing, is_listed, .. } = outcome;
        (member, Outcome { standing, reference, is_listed, is_new: false, is_changed: false })
    });
    Chunk {
        recipients: None,
        people: chunk.people,
        undecided: chunk.undecided,
        accepted: chunk.accepted,
        delivered: chunk.delivered,
        at: chunk.at,
        position: chunk.position,
        outcomes: outcomes.collect(),
        is_changed: false,
    }
}
