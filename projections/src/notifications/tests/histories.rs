//! Histories that the domain permits: orders by chance, decided by its own rules.

use commands::log::Recorded;
use cqrs_es::Aggregate;
use domain::deliveries::{
    Action, Cause, Deliveries, DeliveriesCommand, Evidence, Failure, FailureClass, MemberOutcome,
    MemberReceipt, Observation, Outcome, PassedOn, Phase, Receipt, Resolution, ResolvedBy, SuppressionReason,
    deliveries_stream,
};
use domain::notification::NotificationEvent;
use domain::value::{Member, first_members};
use domain::{Event, Personal};

use super::{CLIENT, COMPANY, NOTIFICATION, chunk, closed, notification, requested};
use crate::samples::{at, id, recorded};

/// How many people the chunks have.
const PEOPLE: [u16; 2] = [7, 4];
/// How many orders a history has.
const ORDERS: usize = 60;

/// The generator of Numerical Recipes: chance that every run has again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A notification, its chunks, and what may happen to them.
pub(super) fn random_history(seed: u64) -> Vec<Recorded> {
    let mut chance = Chance(seed);
    let mut events = vec![requested()];
    for (number, people) in (1..).zip(PEOPLE) {
        events.push(chunk(events.len() as i64 + 1, number, people.into()));
    }
    events.push(closed(events.len() as i64 + 1, 1));
    let (mut chunks, mut generation) = ([Deliveries::default(), Deliveries::default()], 1);
    for _ in 0..ORDERS {
        let position = events.len() as i64 + 1;
        let place = chance.below(2) as usize;
        let action = match chance.below(10) {
            0 => {
                generation += 1;
                let reopened = NotificationEvent::NotificationRetried { generation };
                events.push(notification(position, reopened));
                Action::Reopen { generation, members: first_members(PEOPLE[place].into()) }
            }
            1 => resolution(&mut chance, PEOPLE[place]),
            2 => Action::Discard {
                members: first_members(PEOPLE[place].into()),
                reason: Personal::new(id(NOTIFICATION), "x".to_owned()),
            },
            3 => receipts(&mut chance, PEOPLE[place]),
            _ => outcomes(&mut chance, &chunks[place], PEOPLE[place]),
        };
        let command =
            DeliveriesCommand { notification: id(NOTIFICATION).into(), company: id(COMPANY).into(), action };
        let Some(event) = chunks[place].decide_each(command).event else { continue };
        let stream = deliveries_stream(id(NOTIFICATION).into(), place as u32 + 1);
        chunks[place].apply(event.clone());
        events.push(recorded(events.len() as i64 + 1, stream, Event::Deliveries(event)));
    }
    events
}

fn member(chance: &mut Chance, people: u16) -> Member {
    Member::try_new(1 + chance.below(people.into()) as u16).expect("a member")
}

fn text(chance: &mut Chance) -> Option<Personal<String>> {
    (chance.below(2) == 0).then(|| Personal::new(id(CLIENT), "busy".to_owned()))
}

fn cause(chance: &mut Chance) -> Cause {
    let class = FailureClass::ALL[chance.below(3) as usize];
    Cause { class, evidence: Evidence::answered(Phase::Rcpt, "450") }
}

fn outcomes(chance: &mut Chance, chunk: &Deliveries, people: u16) -> Action {
    let all = (0..=chance.below(people.into())).map(|_| {
        let member = member(chance, people);
        let delivery = chunk.get(member);
        let outcome = outcome(chance);
        let passed_on = passed_on(chance);
        let (generation, attempt) = (delivery.generation, delivery.attempt + 1);
        MemberOutcome { member, generation, attempt, outcome, passed_on }
    });
    Action::RecordOutcomes(all.collect())
}

/// The refusals of other providers before an outcome: of most none.
fn passed_on(chance: &mut Chance) -> Vec<PassedOn> {
    let refusal = |second: u64, chance: &mut Chance| PassedOn {
        at: at(second as i64),
        provider: "segundo".to_owned(),
        cause: cause(chance),
        detail: text(chance),
    };
    let refusals = if chance.below(4) == 0 { 1 + chance.below(2) } else { 0 };
    (0..refusals).map(|second| refusal(second, chance)).collect()
}

fn outcome(chance: &mut Chance) -> Outcome {
    let provider = || Some("primero".to_owned());
    let failure =
        |chance: &mut Chance| Failure { provider: provider(), cause: cause(chance), detail: text(chance) };
    match chance.below(7) {
        0 => Outcome::Deferred { since: at(1), until: at(chance.below(3) as i64), failure: failure(chance) },
        1 => Outcome::Failed(failure(chance)),
        2 => Outcome::Suppressed { reason: SuppressionReason::OptedOut, provider: provider() },
        3 => Outcome::InDoubt {
            provider: "primero".to_owned(),
            evidence: Evidence::observed(None, Observation::LeaseLost),
            detail: text(chance),
        },
        4 => Outcome::Cancelled,
        _ => Outcome::Accepted { provider: "primero".to_owned(), reference: chance.below(1_000).to_string() },
    }
}

fn receipts(chance: &mut Chance, people: u16) -> Action {
    let all = (0..=chance.below(people.into())).map(|_| {
        let receipt = match chance.below(3) {
            0 => Receipt::Bounced(cause(chance)),
            1 => Receipt::Complained,
            _ => Receipt::Delivered,
        };
        MemberReceipt {
            member: member(chance, people),
            generation: 1 + chance.below(2) as u32,
            attempt: 1 + chance.below(2) as u32,
            carrier: Some("primero".to_owned()),
            provider: "primero".to_owned(),
            at: at(chance.below(9) as i64),
            receipt,
            detail: text(chance),
        }
    });
    Action::RecordReceipts(all.collect())
}

fn resolution(chance: &mut Chance, people: u16) -> Action {
    let resolution = Resolution::ALL[chance.below(4) as usize];
    let by = ResolvedBy::ALL[chance.below(2) as usize];
    Action::ResolveDoubts { members: first_members(people.into()), resolution, by, reason: text(chance) }
}
