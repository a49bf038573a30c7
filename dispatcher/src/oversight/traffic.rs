//! Moves traffic from a slow provider to the next one and back. Every process decides, from the figures of all; the provider's
//! stream lets the first of equal decisions through.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use commands::log::EventLog;
use commands::{CommandContext, providers};
use domain::provider::{
    Bounds, Evidence, Move, MoveCause, MoveTraffic, Others, RECEIPT_WITHIN, Traffic, can_take, is_suspect,
    next_move,
};
use sqlx::PgPool;
use uuid::Uuid;

use super::figures::FiguresRow;
use super::report::Condition;
use super::switches::SwitchRow;
use super::{Line, SHOWN, figures, switches};
use crate::provider::Provider;

/// How far back the last sends of a provider count. What is usual is learned from those before.
const WINDOW: TimeDelta = TimeDelta::seconds(60);
/// The same of sends whose receipts are due.
const RECEIPTS_WINDOW: TimeDelta = TimeDelta::minutes(10);

/// What a decision is based on.
struct Known<'a> {
    pool: &'a PgPool,
    switches: HashMap<Uuid, SwitchRow>,
    /// The slots of all providers that may still count.
    rows: Vec<FiguresRow>,
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
    let rows = figures::since(pool, now - RECEIPT_WITHIN - RECEIPTS_WINDOW).await?;
    let known = Known { pool, switches, rows, now };
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
        let bounds = self.usual(id).await?.kept_by(&traffic);
        let next = next_move(&traffic, &evidence, bounds, self.others(line, id), self.now);
        Ok(next.map(|Move { to, cause, bad, of }| MoveTraffic {
            channel: line.channel,
            name: provider.gate().name.clone(),
            from: traffic.share,
            to,
            cause,
            bad,
            of,
            slow_after_ms: (!to.is_whole()).then_some(bounds.slow_after_ms),
            late_above_percent: late_above_percent(&traffic, bounds, cause).filter(|_| !to.is_whole()),
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

    async fn usual(&self, id: Uuid) -> sqlx::Result<Bounds> {
        let rows = figures::of_provider(self.pool, id, self.now - SHOWN).await?;
        let before = |moment| rows.iter().filter(move |row| row.slot < moment);
        let answers = figures::answers(before(self.now - WINDOW));
        let receipts = figures::receipts(before(self.now - RECEIPT_WITHIN - RECEIPTS_WINDOW));
        Ok(Bounds::of_usual(&answers, receipts))
    }

    fn traffic(&self, id: Uuid) -> Traffic {
        self.switches.get(&id).map(SwitchRow::traffic).unwrap_or_default()
    }

    /// What happened before a move does not count again for the next one.
    fn evidence(&self, id: Uuid) -> Evidence {
        let moved_at = self.traffic(id).moved_at.unwrap_or_default();
        let between = |from: DateTime<Utc>, to| -> Vec<&FiguresRow> {
            let slots = from.max(moved_at)..to;
            self.rows.iter().filter(|row| row.provider_id == id && slots.contains(&row.slot)).collect()
        };
        let due = self.now - RECEIPT_WITHIN;
        figures::evidence(
            &between(self.now - WINDOW, DateTime::<Utc>::MAX_UTC),
            &between(due - RECEIPTS_WINDOW, due),
        )
    }

    fn is_paused(&self, id: Uuid) -> bool {
        self.switches.get(&id).is_some_and(|row| row.is_paused)
    }
}

/// A share that was moved for late receipts keeps their bound until it is whole.
fn late_above_percent(traffic: &Traffic, bounds: Bounds, cause: MoveCause) -> Option<u8> {
    let is_for_receipts = cause == MoveCause::LateReceipts || traffic.late_above_percent.is_some();
    bounds.late_above_percent.filter(|_| is_for_receipts)
}

/// One that fails is decided again with the next report.
async fn carry_out(log: &EventLog, moved: MoveTraffic) {
    let (from, to) = (moved.from.percent(), moved.to.percent());
    tracing::warn!(provider = moved.name, from, to, cause = moved.cause.as_str(), "traffic is moved");
    if let Err(error) = providers::move_traffic(log, moved, &CommandContext::of_system()).await {
        tracing::warn!(%error, "traffic could not be moved yet");
    }
}
