//! Which deliveries are asked for.

use chrono::{DateTime, Utc};
use domain::deliveries::DeliveryState;
use domain::value::{Channel, ClientId, CompanyId, DeliveryId, NotificationId};

use super::candidate::Candidate;
use crate::queries::deliveries::ShownState;

/// The list of deliveries that a person has discarded.
pub(super) const DISCARDED: &str = "discarded";

/// Which deliveries are asked for. What is absent takes all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchFilter {
    /// Only this company's.
    pub company: Option<CompanyId>,
    /// Only to this client.
    pub client: Option<ClientId>,
    /// Only to this address: a number in E.164, or an e-mail address.
    pub to: Option<String>,
    /// Only in this state. Failed ones that a person has discarded are left out, unless `discarded` asks for them.
    pub state: Option<ShownState>,
    /// Only failed ones that a person has discarded.
    pub discarded: bool,
    /// Only with this kind of failure, or this reason why nothing may be sent.
    pub class: Option<String>,
    /// Only those whose last attempt was by this provider.
    pub provider: Option<String>,
    /// Only on this channel.
    pub channel: Option<Channel>,
    /// Only of notifications that were requested at or after this.
    pub from: Option<DateTime<Utc>>,
    /// Only of notifications that were requested before this.
    pub to_time: Option<DateTime<Utc>>,
}

/// What the dispatchers say: needed for the states that no event has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InFlight {
    /// The deliveries that are being sent at this moment, if the filter asks for `sending`.
    pub sending: Vec<DeliveryId>,
    /// The notifications of which something is to be sent, if the filter asks for `pending`.
    pub open: Vec<NotificationId>,
}

impl SearchFilter {
    /// The lists of exceptions that hold everything that the filter takes; none if other deliveries are asked for too.
    pub(super) fn exceptions(&self) -> Option<Vec<&'static str>> {
        if self.discarded {
            return Some(vec![DISCARDED]);
        }
        match self.state {
            Some(ShownState::At(
                DeliveryState::Pending | DeliveryState::Accepted | DeliveryState::Delivered,
            ))
            | Some(ShownState::Sending) => None,
            Some(ShownState::At(state)) => Some(vec![state.as_str()]),
            // Only these have a class.
            None if self.class.is_some() => Some(vec!["deferred", "failed", "suppressed", DISCARDED]),
            None => None,
        }
    }

    pub(super) fn takes(&self, candidate: &Candidate) -> bool {
        self.takes_state(candidate)
            && is(self.class.as_deref(), candidate.class.as_deref())
            && is(self.provider.as_deref(), candidate.provider.as_deref())
            && is(self.channel.map(Channel::as_str), Some(&candidate.channel))
            && self.from.is_none_or(|from| candidate.requested_at >= from)
            && self.to_time.is_none_or(|to| candidate.requested_at < to)
    }

    fn takes_state(&self, candidate: &Candidate) -> bool {
        let is_discarded = candidate.exception.as_deref() == Some(DISCARDED);
        match self.state {
            _ if self.discarded => is_discarded,
            None => true,
            Some(ShownState::Sending) => matches!(candidate.state.as_str(), "pending" | "deferred"),
            Some(ShownState::At(state)) => candidate.state == state.as_str() && !is_discarded,
        }
    }
}

fn is(asked: Option<&str>, found: Option<&str>) -> bool {
    asked.is_none() || asked == found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(state: &str, exception: Option<&str>) -> Candidate {
        Candidate {
            requested_position: 7,
            notification_id: uuid::Uuid::nil(),
            ordinal: 1,
            channel: "sms".into(),
            requested_at: DateTime::UNIX_EPOCH,
            state: state.into(),
            exception: exception.map(str::to_owned),
            class: Some("transient".into()),
            provider: None,
        }
    }

    fn failed() -> SearchFilter {
        let state = Some(ShownState::At(DeliveryState::Failed));
        SearchFilter { state, ..SearchFilter::default() }
    }

    #[test]
    fn the_dead_letters_are_the_failed_ones_that_nobody_has_discarded() {
        assert!(failed().takes(&candidate("failed", Some("failed"))));
        assert!(!failed().takes(&candidate("failed", Some(DISCARDED))));
        let discarded = SearchFilter { discarded: true, ..SearchFilter::default() };
        assert!(discarded.takes(&candidate("failed", Some(DISCARDED))));
        assert!(!discarded.takes(&candidate("failed", Some("failed"))));
        assert!(SearchFilter::default().takes(&candidate("failed", Some(DISCARDED))));
    }

    #[test]
    fn every_condition_counts() {
        let one = candidate("failed", Some("failed"));
        let class = |class: &str| SearchFilter { class: Some(class.into()), ..failed() };
        assert!(class("transient").takes(&one));
        assert!(!class("expired").takes(&one));
        assert!(!SearchFilter { provider: Some("uno".into()), ..failed() }.takes(&one));
        assert!(!SearchFilter { channel: Some(Channel::Email), ..failed() }.takes(&one));
        assert!(!SearchFilter { to_time: Some(DateTime::UNIX_EPOCH), ..failed() }.takes(&one));
        assert!(SearchFilter { from: Some(DateTime::UNIX_EPOCH), ..failed() }.takes(&one));
    }

    #[test]
    fn a_class_alone_is_looked_for_among_the_exceptions() {
        let filter = SearchFilter { class: Some("expired".into()), ..SearchFilter::default() };
        assert!(filter.exceptions().is_some_and(|lists| lists.contains(&"failed")));
        assert_eq!(SearchFilter::default().exceptions(), None);
        assert_eq!(failed().exceptions(), Some(vec!["failed"]));
    }
}
