//! The calendar of one limit: the moments, around now, at which a provider is or was given a message under it.
//!
//! Times are microseconds since 1970 on the database's clock. A message may arrive up to [`JITTER`] after its slot; one that
//! arrives later has its slot moved. So no second has more messages than the limit if no [`WINDOW`] has more slots.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// How much later than its slot a message may arrive before its slot has to be moved. The slots of a limit are so much
/// sparser: a limit of 50 has 49.2 a second.
pub(super) const JITTER: Duration = Duration::from_millis(15);
/// How far ahead slots are given. The answer to a message is known before the slot is given that must be a second later.
pub(super) const HORIZON: Duration = Duration::from_millis(400);

/// A second in which every message may be late.
const WINDOW: i64 = 1_000_000 + micros(JITTER);
/// How far ahead of now a slot is at least.
const LEAD: i64 = 10_000;
/// The same, for a worker whose message is ready.
const READY_LEAD: i64 = 2_000;
/// Slots before this are of no use to anybody.
pub(super) const KEPT: i64 = WINDOW + 100_000;
/// Slots after this are of a database whose clock was set back.
const AHEAD_MAX: i64 = 10 * micros(HORIZON);
/// The most slots that a rule looks at: a faster limit is kept by a rule over a part of the second.
const SENDS_MAX: u32 = 1_000;

pub(super) const fn micros(time: Duration) -> i64 {
    time.as_micros() as i64
}

/// The slots of a limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Calendar {
    /// In order.
    pub(super) times: Vec<i64>,
    /// No slot is before this: what was sent before the calendar was begun is not in it.
    pub(super) opens_at: i64,
}

/// No more than `sends` slots are closer together than `span` microseconds.
struct Rule {
    sends: usize,
    span: i64,
}

/// The rules of a limit: its window; no more than a tenth of it at once, with some room for slots that have to fit several
/// limits; and no two slots closer than half of their mean distance.
fn rules(per_second: NonZeroU32) -> [Rule; 3] {
    let per_second = per_second.get();
    let parts = per_second.div_ceil(SENDS_MAX);
    let (sends, span) = (per_second / parts, WINDOW.unsigned_abs().div_ceil(u64::from(parts)).cast_signed());
    let tenth = (sends / 10).max(1);
    let share = |of: u32, percent: i64| span * i64::from(of) * percent / (i64::from(sends) * 100);
    [
        Rule { sends: sends as usize, span },
        Rule { sends: tenth as usize, span: share(tenth, 80) },
        Rule { sends: 1, span: share(1, 50) },
    ]
}

impl Calendar {
    /// The first moment from which the limit lets one more message through.
    fn earliest(&self, per_second: NonZeroU32, from: i64) -> i64 {
        let (rules, mut at) = (rules(per_second), from.max(self.opens_at));
        while let Some(later) = rules.iter().filter_map(|rule| self.later(rule, at)).max() {
            at = later;
        }
        at
    }

    /// If a slot at this time breaks the rule: the next time at which it may not.
    fn later(&self, rule: &Rule, at: i64) -> Option<i64> {
        let place = self.times.partition_point(|time| *time <= at);
        // As the last of one too many.
        if let Some(first) = place.checked_sub(rule.sends).map(|first| self.times[first])
            && at - first < rule.span
        {
            return Some(first + rule.span);
        }
        // With so many before it and the others after it.
        let is_broken = |before: usize| {
            let last = self.times.get(place + rule.sends - before - 1);
            let first =
                if before == 0 { Some(at) } else { place.checked_sub(before).map(|first| self.times[first]) };
            matches!((first, last), (Some(first), Some(last)) if last - first < rule.span)
        };
        // The same breaks the rule until the next slot is before it too.
        (0..rule.sends).any(is_broken).then(|| self.times[place])
    }

    fn insert(&mut self, at: i64) {
        let place = self.times.partition_point(|time| *time <= at);
        self.times.insert(place, at);
    }

    /// Moves a slot, or takes it out.
    fn shift(&mut self, from: i64, to: Option<i64>) {
        if let Ok(place) = self.times.binary_search(&from) {
            self.times.remove(place);
            to.into_iter().for_each(|to| self.insert(to));
        }
    }

    fn prune(&mut self, now: i64) {
        self.times.retain(|time| (now - KEPT..now + AHEAD_MAX).contains(time));
    }
}

/// What became of a slot: its message arrived later, or was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) limit: Arc<str>,
    pub(super) from: i64,
    pub(super) to: Option<i64>,
}

/// A message that needs a slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    /// The limits that it is under, with their messages a second.
    pub(super) limits: Vec<(Arc<str>, NonZeroU32)>,
    /// A worker waits with the message on an open connection.
    pub(super) is_ready: bool,
}

/// What a message gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// A slot, in the calendars of all of its limits.
    Slot(i64),
    /// No slot yet: these limits have none before this time.
    Later(Vec<(Arc<str>, i64)>),
}

/// The calendars that some messages need, as they were read at some moment.
#[derive(Debug, Default)]
pub(super) struct Calendars {
    pub(super) now: i64,
    pub(super) by_limit: BTreeMap<Arc<str>, Calendar>,
}

impl Calendars {
    /// Takes in what became of slots.
    pub(super) fn shift(&mut self, shifts: &[Shift]) {
        for Shift { limit, from, to } in shifts {
            if let Some(calendar) = self.by_limit.get_mut(limit) {
                calendar.shift(*from, *to);
            }
        }
    }

    /// Gives slots to the messages, in their order.
    pub(super) fn give(&mut self, asked: &[Asked]) -> Vec<Reply> {
        self.by_limit.values_mut().for_each(|calendar| calendar.prune(self.now));
        // Nothing is free for the same limits before what was found last.
        let mut found = HashMap::<&Asked, Reply>::new();
        let mut replies = Vec::with_capacity(asked.len());
        for one in asked {
            let reply = match found.get(one) {
                Some(Reply::Slot(last)) => self.reply(one, *last),
                Some(later) => later.clone(),
                None => self.reply(one, self.now + if one.is_ready { READY_LEAD } else { LEAD }),
            };
            found.insert(one, reply.clone());
            replies.push(reply);
        }
        replies
    }

    fn reply(&mut self, asked: &Asked, from: i64) -> Reply {
        let at = self.earliest(asked, from);
        if at > self.now + micros(HORIZON) {
            return Reply::Later(self.used_up(asked, at));
        }
        for (limit, _) in &asked.limits {
            self.by_limit.entry(Arc::clone(limit)).or_default().insert(at);
        }
        Reply::Slot(at)
    }

    /// The limits that have no slot ahead, and until when. If only all of them together have none before a time, it is said of
    /// the last.
    fn used_up(&self, asked: &Asked, at: i64) -> Vec<(Arc<str>, i64)> {
        let own = |(limit, per_second): &(Arc<str>, NonZeroU32)| {
            let own =
                self.by_limit.get(limit).map_or(self.now, |of| of.earliest(*per_second, self.now + LEAD));
            (own > self.now + micros(HORIZON)).then(|| (Arc::clone(limit), own))
        };
        match &asked.limits[..] {
            [(only, _)] => vec![(Arc::clone(only), at)],
            limits => {
                let used_up: Vec<_> = limits.iter().filter_map(own).collect();
                let last = limits.last().filter(|_| used_up.is_empty());
                used_up.into_iter().chain(last.map(|(limit, _)| (Arc::clone(limit), at))).collect()
            }
        }
    }

    /// The first moment from which all limits let one more message through.
    fn earliest(&self, asked: &Asked, from: i64) -> i64 {
        let mut at = from;
        loop {
            let of = |(limit, per_second): &(Arc<str>, NonZeroU32)| {
                self.by_limit.get(limit).map_or(at, |calendar| calendar.earliest(*per_second, at))
            };
            let later = asked.limits.iter().map(of).max().unwrap_or(at);
            if later <= at {
                return at;
            }
            at = later;
        }
    }
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
