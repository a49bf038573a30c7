//! Moves traffic from a slow provider to the next one and back. Every process decides, from the figures of all; the provider's
//! stream lets the first of equal decisions through.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use commands::log::EventLog;
use commands::{CommandContext, providers};
use domain::provider::{
    Evidence, Move, MoveTraffic, Others, Traffic, can_take, is_suspect, next_move, slow_after_ms,
};
use sqlx::PgPool;
use uuid::Uuid;

use super::report::Condition;
use super::switches::SwitchRow;
use super::{Line, SHOWN, figures, switches};
use crate::provider::Provider;

/// How far back the last sends of a provider count. What is usual is learned from those before.
const WINDOW: TimeDelta = TimeDelta::seconds(60);

/// What a decision is based on.
struct Known<'a> {
    pool: &'a PgPool,
    switches: HashMap<Uuid, SwitchRow>,
    evidence: HashMap<Uuid, Evidence>,
    now: DateTime<Utc>,
}

/// Decides on every provider that is one of several.
pub(super) async fn decide_all(
    log: &EventLog,
    pool: &PgPool,
    lines: &[Line],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    if lines.iter().all(|line| line.providers.len() < 2) {
        return Ok(());
    }
    let switches = switches::read(pool).await?;
    let rows = figures::since(pool, now - WINDOW).await?;
    // Answers of the time before a move do not count again for the next one.
    let from = |id: Uuid| switches.get(&id).and_then(|row| row.traffic().moved_at).unwrap_or(now - WINDOW);
    let evidence = figures::evidence(&rows, from);
    let known = Known { pool, switches, evidence, now };
    for line in lines {
        for provider in &line.providers {
            if let Some(moved) = known.decide(line, provider).await? {
                carry_out(log, moved).await;
            }
        }
    }
    Ok(())
}

impl Known<'_> {
    async fn decide(&self, line: &Line, provider: &Provider) -> sqlx::Result<Option<MoveTraffic>> {
        let id = provider.id().uuid();
        let (traffic, evidence) = (self.traffic(id), self.evidence(id));
        if self.is_paused(id) || !is_suspect(&traffic, &evidence) {
            return Ok(None);
        }
        let slow_after_ms = match traffic.slow_after_ms {
            Some(known) => known,
            None => slow_after_ms(&self.usual(id).await?),
        };
        let others = self.others(line, id);
        let next = next_move(&traffic, &evidence, slow_after_ms, others, self.now);
        Ok(next.map(|Move { to, cause, bad, of }| MoveTraffic {
            channel: line.channel,
            name: provider.gate().name.clone(),
            from: traffic.share,
            to,
            cause,
            bad,
            of,
            slow_after_ms: (!to.is_whole()).then_some(slow_after_ms),
            at: self.now,
        }))
    }

    fn others(&self, line: &Line, id: Uuid) -> Others {
        let takes_more = |other: &Provider| {
            let other_id = other.id().uuid();
            let is_able = !self.is_paused(other_id) && Condition::of(other.gate(), self.now).is_ready();
            other_id != id && is_able && can_take(&self.traffic(other_id), &self.evidence(other_id))
        };
        if line.providers.iter().any(takes_more) { Others::CanTake } else { Others::CannotTake }
    }

    async fn usual(&self, id: Uuid) -> sqlx::Result<domain::provider::AnswerTimes> {
        figures::answers_between(self.pool, id, self.now - SHOWN, self.now - WINDOW).await
    }

    fn traffic(&self, id: Uuid) -> Traffic {
        self.switches.get(&id).map(SwitchRow::traffic).unwrap_or_default()
    }

    fn evidence(&self, id: Uuid) -> Evidence {
        self.evidence.get(&id).cloned().unwrap_or_default()
    }

    fn is_paused(&self, id: Uuid) -> bool {
        self.switches.get(&id).is_some_and(|row| row.is_paused)
    }
}

/// One that fails is decided again with the next report.
async fn carry_out(log: &EventLog, moved: MoveTraffic) {
    let (from, to) = (moved.from.percent(), moved.to.percent());
    tracing::warn!(provider = moved.name, from, to, cause = moved.cause.as_str(), "traffic is moved");
    if let Err(error) = providers::move_traffic(log, moved, &CommandContext::of_system()).await {
        tracing::warn!(%error, "traffic could not be moved yet");
    }
}
