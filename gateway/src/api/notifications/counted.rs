//! The texts of an audience, rendered and counted before anybody is sent one.

use domain::notification::Addressee;
use domain::rendering::{Text, render};
use domain::value::Channel;
use domain::value::sms::takes_unicode;
use projections::queries::audience::{self, Audience, Candidate, Selection};

use super::order::somebody;
use super::segments::{AudienceSegments, Networks, SegmentCounter};
use crate::access::Caller;
use crate::problem::Answer;
use crate::slots::Slots;
use crate::state::AppState;

/// How many people's texts are rendered at most, by channel: a mail of 8 kB takes several times as long as an SMS.
const SMS_MAX: usize = 10_000;
const EMAILS_MAX: usize = 2_000;
/// How many people are read at a time.
const PAGE: usize = 200;

/// What the texts of an audience come to.
pub(super) struct Counted {
    /// The people whose texts were rendered; fewer than are reached if the audience is large.
    pub(super) people: u64,
    /// Of everybody, to how many no text can be sent: in a large audience an estimate.
    pub(super) unsendable: u64,
    /// What the SMS take; none for an e-mail.
    pub(super) segments: Option<AudienceSegments>,
}

/// The texts of some of the people so far.
#[derive(Default)]
struct Tally {
    people: u64,
    unsendable: u64,
    segments: SegmentCounter,
}

/// Renders a text for the people of an audience and counts. A text that is the same for all is rendered once. Where it
/// differs, everybody's is rendered, or of a large audience those of the first people in its order. That order is by a keyed
/// hash of the address, so the first people are an even sample: nothing about a person decides who is among them.
pub(super) async fn counted(
    state: &AppState,
    slots: &Slots,
    caller: &Caller,
    selection: &Selection<'_>,
    text: &Text,
    audience: &Audience,
) -> Answer<Counted> {
    let provider_takes_unicode = selection.channel != Channel::Sms
        || dispatcher::sms_takes_unicode(&state.settings().routes, selection.company);
    if !text.is_personal() || audience.reachable == 0 {
        return Ok(same_for_all(text, audience, provider_takes_unicode));
    }
    let _slot = slots.take(caller, Some(selection.company)).await?;
    let max = match selection.channel {
        Channel::Sms => SMS_MAX,
        Channel::Email => EMAILS_MAX,
    };
    let (mut tally, mut after, mut left) = (Tally::default(), Vec::new(), max);
    while left > 0 {
        let page = audience::page(state.pool(), selection, &after, PAGE.min(left)).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.index);
        left -= page.len();
        page.iter().for_each(|candidate| tally.add(text, candidate, provider_takes_unicode));
    }
    Ok(tally.of_everybody(text, audience.reachable))
}

fn same_for_all(text: &Text, audience: &Audience, provider_takes_unicode: bool) -> Counted {
    let without_unicode = if provider_takes_unicode { audience.without_unicode } else { audience.reachable };
    // Of an empty audience the text is counted all the same.
    let is_empty = audience.reachable == 0;
    let with_unicode = if is_empty { 1 } else { audience.reachable - without_unicode };
    let mut segments = SegmentCounter::default();
    let person = text.completed(somebody(), |_| "1".to_owned());
    let is_sendable = segments.add(text, &person, Networks { with_unicode, without_unicode }).is_ok();
    let segments = segments.finish();
    let segments = AudienceSegments { total: if is_empty { 0 } else { segments.total }, ..segments };
    Counted {
        people: audience.reachable,
        unsendable: if is_sendable { 0 } else { audience.reachable },
        segments: text.sms().map(|_| segments),
    }
}

impl Tally {
    fn add(&mut self, text: &Text, candidate: &Candidate, provider_takes_unicode: bool) {
        let Some(person) = candidate.recipient.addressee.get() else { return };
        self.people += 1;
        let is_sendable = match text.sms() {
            Some(_) => self.segments.add(text, person, network(person, provider_takes_unicode)).is_ok(),
            None => render(text, person).is_ok(),
        };
        self.unsendable += u64::from(!is_sendable);
    }

    /// The numbers of the people who were counted, for all who are reached.
    fn of_everybody(self, text: &Text, reachable: u64) -> Counted {
        let Self { people, unsendable, segments } = self;
        let scaled = |number: u64| match people {
            0 => 0,
            people if people >= reachable => number,
            people => {
                let all = u128::from(number) * u128::from(reachable) / u128::from(people);
                u64::try_from(all).unwrap_or(u64::MAX)
            }
        };
        let segments = segments.finish();
        let segments = AudienceSegments { total: scaled(segments.total), ..segments };
        Counted { people, unsendable: scaled(unsendable), segments: text.sms().map(|_| segments) }
    }
}

/// The one person's network.
fn network(person: &Addressee, provider_takes_unicode: bool) -> Networks {
    let with_unicode = u64::from(provider_takes_unicode && takes_unicode(&person.address));
    Networks { with_unicode, without_unicode: 1 - with_unicode }
}
