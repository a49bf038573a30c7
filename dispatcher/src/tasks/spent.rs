//! What messages take of the purse of their company: counted when a provider has them, or may have.

use std::collections::BTreeMap;

use commands::purse::{Sent, Sum};
use domain::deliveries::State;
use domain::rendering::{Rendered, Text};
use domain::value::NotificationId;
use domain::value::sms::SmsCount;

use super::decided::Decided;

/// What one message takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent {
    /// The parts of an SMS; 0 for an e-mail.
    segments: u32,
    is_foreign: bool,
    /// Of all parts, in millionths; none if it is not known.
    micros: Option<u64>,
}

impl Spent {
    /// Of a text as it is rendered for its recipient, at the price of a part.
    pub(crate) fn of(text: &Text, rendered: &Rendered, is_foreign: bool, price: Option<u64>) -> Self {
        let segments = match text.sms() {
            Some(_) => SmsCount::of(&rendered.body).segments as u32,
            None => 0,
        };
        Self { segments, is_foreign, micros: price.map(|price| price.saturating_mul(segments.into())) }
    }

    fn sum(self) -> Sum {
        Sum {
            messages: 1,
            segments: self.segments.into(),
            foreign_messages: self.is_foreign.into(),
            micros: self.micros.and_then(|micros| i64::try_from(micros).ok()).unwrap_or(0),
            unpriced: self.micros.is_none().into(),
        }
    }
}

/// What these changes have sent, by notification: the deliveries that a provider has by now, less those of which it is now
/// known that none had them.
pub(super) fn sent(decided: &[Decided<'_>]) -> Vec<Sent> {
    let mut sums = BTreeMap::<NotificationId, Sent>::new();
    for Decided { change, after, .. } in decided {
        let task = &change.task;
        for (member, spent) in &change.spent {
            let times = times(change.deliveries.get(*member).state, after.get(*member).state);
            if times != 0 {
                let sent = sums.entry(task.id.notification).or_insert_with(|| Sent {
                    notification: task.id.notification,
                    company: task.company,
                    channel: task.channel,
                    sum: Sum::default(),
                });
                add(&mut sent.sum, spent.sum(), times);
            }
        }
    }
    sums.into_values().filter(|sent| sent.sum != Sum::default()).collect()
}

/// 1 for a message that is sent by a change, -1 for one of which is known by it that it was not.
fn times(before: State, after: State) -> i64 {
    i64::from(is_sent(after)) - i64::from(is_sent(before))
}

const fn is_sent(state: State) -> bool {
    match state {
        // One that was given up in doubt was counted with the doubt.
        State::Accepted
        | State::Delivered
        | State::Bounced
        | State::Complained
        | State::InDoubt
        | State::Discarded => true,
        State::Pending | State::Deferred { .. } | State::Failed | State::Suppressed | State::Cancelled => {
            false
        }
    }
}

fn add(sum: &mut Sum, one: Sum, times: i64) {
    sum.messages += times * one.messages;
    sum.segments += times * one.segments;
    sum.foreign_messages += times * one.foreign_messages;
    sum.micros += times * one.micros;
    sum.unpriced += times * one.unpriced;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_has_or_may_have_is_sent_once() {
        assert_eq!(times(State::Pending, State::Accepted), 1);
        assert_eq!(times(State::Pending, State::InDoubt), 1);
        assert_eq!(times(State::InDoubt, State::Accepted), 0, "a late answer");
        assert_eq!(times(State::InDoubt, State::Failed), -1, "a late refusal");
        assert_eq!(times(State::Discarded, State::Accepted), 0, "a late answer after it was given up");
        assert_eq!(times(State::Pending, State::Failed), 0);
    }

    #[test]
    fn a_message_costs_its_parts_and_one_without_a_price_is_counted_so() {
        let text = |body: &str| {
            let text = Text::plain(None, body.to_owned(), Some(domain::notification::SmsOptions::default()));
            (text, Rendered { subject: None, body: body.to_owned(), html: None })
        };
        let (long, rendered) = text(&"a".repeat(161));
        let priced = Spent::of(&long, &rendered, true, Some(9_000)).sum();
        assert_eq!(
            priced,
            Sum { messages: 1, segments: 2, foreign_messages: 1, micros: 18_000, unpriced: 0 }
        );
        let (short, rendered) = text("Hola");
        let unpriced = Spent::of(&short, &rendered, false, None).sum();
        assert_eq!(unpriced, Sum { messages: 1, segments: 1, unpriced: 1, ..Sum::default() });
    }
}
