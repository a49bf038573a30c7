//! Decides a retry against the log: which members of which chunks are reopened, and the refusals of the others.

use std::collections::BTreeMap;
use std::ops::Add;

use cqrs_es::Aggregate;
use domain::client::{Client, ClientChange, ClientCommand, with_address};
use domain::company::{Amount, OverLimit};
use domain::deliveries::{
    Action, DELIVERIES, Deliveries, DeliveriesCommand, DeliveriesError, DeliveriesEvent, EditedAddress,
    Totals, deliveries_stream,
};
use domain::notification::{Addressee, Notification, NotificationCommand, NotificationError, Recipient};
use domain::personal::Personal;
use domain::value::{Channel, ClientId, DeliveryId, Member, Members, Ordinal};

use super::people::{recipients, suppressed};
use super::taking::Terms;
use super::{NewAddress, Retry, RetryRefusal, Unretried};
use crate::context::CommandContext;
use crate::execute::decide_on;
use crate::log::{Draft, EventLog, Loaded};
use crate::outcome::CommandError;
use crate::purse::Retaken;
use crate::send_tasks::ReopenedChunk;

/// What a retry comes to, before it is appended.
#[derive(Default)]
pub(super) struct Prepared {
    /// None if nobody is sent to again.
    pub(super) drafts: Vec<Draft>,
    pub(super) chunks: Vec<ReopenedChunk>,
    pub(super) delta: Totals,
    pub(super) generation: u32,
    pub(super) is_resolving: bool,
    pub(super) people: usize,
    pub(super) refused: Vec<Unretried>,
    /// What it takes of the purse, if a limit counts it.
    pub(super) retaken: Option<Retaken>,
    /// Whose address is another from now on.
    pub(super) edited: Option<(Ordinal, ClientId)>,
    amount: Amount,
}

/// A retry while it is being decided.
pub(super) struct Deciding<'a> {
    pub(super) log: &'a EventLog,
    pub(super) order: &'a Retry,
    pub(super) new_address: Option<&'a NewAddress>,
    pub(super) context: &'a CommandContext,
    /// The limit for which numbers of other countries are left out, if they are.
    pub(super) without_foreign: Option<OverLimit>,
}

type Prepares<T> = Result<T, CommandError<RetryRefusal>>;

impl Deciding<'_> {
    /// Decides each delivery alone.
    pub(super) async fn prepare(&self) -> Prepares<Prepared> {
        let id = self.order.notification.to_string();
        let life = self.log.reader().load::<Notification>(&id).await?;
        let unknown = || CommandError::Refused(NotificationError::Unknown.into());
        let channel = life.state.channel().ok_or_else(unknown)?;
        let mut prepared = Prepared {
            generation: life.state.generation() + 1,
            is_resolving: life.state.open_generation().is_some(),
            ..Prepared::default()
        };
        let Retry { notification, company, at, .. } = *self.order;
        let terms = Terms::of(self.log, (notification, company, channel), at).await?;
        for (chunk, members) in by_chunk(&self.order.ordinals) {
            self.chunk(channel, chunk, members, &terms, &mut prepared).await?;
        }
        prepared.retaken = terms.retaken(prepared.amount);
        if prepared.people > 0 {
            let permitted = life.state.permits_retry_of(prepared.people as u64, terms.approval_above());
            self.begin_generation(life, &mut prepared).await?;
            permitted.map_err(|error| CommandError::Refused(error.into()))?;
        }
        Ok(prepared)
    }

    /// The notification's own event comes first: a generation begins before anything of it.
    async fn begin_generation(&self, life: Loaded<Notification>, prepared: &mut Prepared) -> Prepares<()> {
        let Retry { notification, reason, at, .. } = self.order;
        let reason =
            reason.as_ref().map(|reason| Personal::new(notification.uuid(), reason.as_str().to_owned()));
        let command =
            NotificationCommand::RetryDeliveries { at: *at, people: prepared.people as u64, reason };
        let drafts =
            decide_on(life.state, life.sequence, &notification.to_string(), command, self.context).await;
        let drafts = drafts.map_err(|error| error.map_refusal(RetryRefusal::from))?;
        prepared.drafts.splice(0..0, drafts);
        Ok(())
    }

    async fn chunk(
        &self,
        channel: Channel,
        chunk: u32,
        members: Members,
        terms: &Terms,
        prepared: &mut Prepared,
    ) -> Prepares<()> {
        let Retry { notification, company, .. } = *self.order;
        let people = recipients(self.log, notification, chunk).await?;
        let stream = deliveries_stream(notification, chunk);
        let Loaded { state, sequence, .. } = self.log.reader().load::<Deliveries>(&stream).await?;
        let known = Chunk { channel, people: &people, deliveries: &state, terms };
        let (members, unreachable) = self.reachable(&known, members).await?;
        let addresses = self.edited(&known, members);
        let action = Action::Retry { generation: prepared.generation, members, addresses };
        let decided = state.decide_each(DeliveriesCommand { notification, company, action });
        let by_rule = decided
            .refused
            .iter()
            .map(|refusal| (refusal.member, self.by_rule(&state, refusal.error, refusal.member)));
        let refused = unreachable.into_iter().chain(by_rule.filter_map(|(member, why)| Some((member, why?))));
        prepared.refused.extend(refused.filter_map(|(member, refusal)| {
            let delivery = DeliveryId::of(notification, Ordinal::of(chunk, member)?);
            Some(Unretried { delivery, refusal })
        }));
        let Some(event) = decided.event else { return Ok(()) };
        let reopened = event.members();
        let mut after = state.clone();
        after.apply(event.clone());
        let sent_to = Chunk { deliveries: &after, ..known };
        prepared.amount +=
            reopened.iter().map(|member| sent_to.takes(member)).fold(Amount::default(), Add::add);
        prepared.delta += after.totals() - state.totals();
        prepared.people += reopened.len();
        prepared.chunks.push(ReopenedChunk { chunk, chunk_people: people.len(), people: reopened.len() });
        prepared.edited = edited_by(&event, chunk, &people);
        let draft = Draft::of(DELIVERIES, stream, sequence + 1, &event, self.context.metadata());
        prepared.drafts.push(draft.map_err(CommandError::unavailable)?);
        prepared.drafts.extend(self.client_change(&known, reopened).await?);
        Ok(())
    }

    /// Those who can be sent to at all, and why the others cannot. A member that the chunk does not have is not there to be
    /// refused.
    async fn reachable(
        &self,
        known: &Chunk<'_>,
        members: Members,
    ) -> Prepares<(Members, Vec<(Member, RetryRefusal)>)> {
        let there = members.iter().filter(|member| known.recipient(*member).is_some());
        let (with_address, erased): (Vec<Member>, Vec<Member>) =
            there.partition(|member| known.address(*member).is_some());
        let addresses: Vec<&str> =
            with_address.iter().filter_map(|member| self.address(known, *member)).collect();
        let mut connection = self.log.pool().acquire().await?;
        let suppressed =
            suppressed(&mut connection, self.log, self.order.company, known.channel, &addresses).await?;
        let is_failed = |member: Member| known.deliveries.get(member).is_dead_letter();
        let mut refused: Vec<_> = erased.into_iter().map(|member| (member, RetryRefusal::Erased)).collect();
        let mut reachable = Members::NONE;
        for (member, is_suppressed) in with_address.into_iter().zip(suppressed) {
            let is_anothers =
                |new: &NewAddress| new.addressed.iter().any(|other| !self.order.ordinals.contains(other));
            if self.new_address.is_some_and(is_anothers) && is_failed(member) {
                refused.push((member, RetryRefusal::AlreadyAddressed));
                continue;
            }
            let left_out = self.without_foreign.filter(|_| self.is_foreign(known, member));
            if is_suppressed && is_failed(member) {
                refused.push((member, RetryRefusal::AddressSuppressed));
            } else if let Some(over) = left_out.filter(|_| is_failed(member)) {
                refused.push((member, RetryRefusal::OverLimit(over)));
            } else {
                reachable.insert(member);
            }
        }
        Ok((reachable, refused))
    }

    /// The address that is sent to.
    fn address<'b>(&'b self, known: &Chunk<'b>, member: Member) -> Option<&'b str> {
        match self.new_address {
            Some(new) => Some(&new.address),
            None => known.address(member),
        }
    }

    fn is_foreign(&self, known: &Chunk<'_>, member: Member) -> bool {
        match self.new_address {
            Some(new) => known.terms.is_foreign(&new.address),
            None => known.is_foreign(member),
        }
    }

    fn edited(&self, known: &Chunk<'_>, members: Members) -> Vec<EditedAddress> {
        let Some(new) = self.new_address else { return Vec::new() };
        let edited = |member| {
            let client = known.recipient(member)?.client;
            let address = Personal::new(client.uuid(), new.address.clone());
            let is_foreign = known.terms.is_foreign(&new.address);
            let is_new = known.address(member) != Some(&new.address);
            is_new.then_some(EditedAddress { member, address, is_foreign })
        };
        members.iter().filter_map(edited).collect()
    }

    /// A delivery that is already on its way to the address is not refused: nothing changes.
    fn by_rule(
        &self,
        deliveries: &Deliveries,
        error: DeliveriesError,
        member: Member,
    ) -> Option<RetryRefusal> {
        let is_elsewhere = |new: &NewAddress| deliveries.address(member) != Some(&new.address);
        match (error, self.new_address) {
            (DeliveriesError::Open, Some(new)) if is_elsewhere(new) => Some(RetryRefusal::AlreadyRetried),
            (DeliveriesError::Open, _) => None,
            (error, _) => Some(error.into()),
        }
    }

    async fn client_change(&self, known: &Chunk<'_>, reopened: Members) -> Prepares<Vec<Draft>> {
        let Some(new) = self.new_address.filter(|new| new.updates_client) else { return Ok(Vec::new()) };
        let person = reopened.iter().next();
        let person = person.and_then(|member| Some((known.recipient(member)?, known.address(member)?)));
        let Some((recipient, before)) = person else { return Ok(Vec::new()) };
        let id = recipient.client.to_string();
        let client = self.log.reader().load::<Client>(&id).await?;
        let contacts = client.state.served().and_then(|served| Some(&served.profile.get()?.contacts));
        let kind = known.channel.rules().address;
        let changed =
            contacts.and_then(|contacts| with_address(contacts, recipient.kind, kind, before, &new.address));
        let changed = changed.ok_or(CommandError::Refused(RetryRefusal::ContactGone))?;
        let change = ClientChange { contacts: Some(changed), ..ClientChange::default() };
        let command = ClientCommand::Change(change);
        let drafts = decide_on(client.state, client.sequence, &id, command, self.context).await;
        drafts.map_err(|error| error.map_refusal(RetryRefusal::from))
    }
}

/// A chunk as the log knows it.
#[derive(Clone, Copy)]
pub(super) struct Chunk<'a> {
    pub(super) channel: Channel,
    pub(super) people: &'a [Recipient],
    pub(super) deliveries: &'a Deliveries,
    pub(super) terms: &'a Terms,
}

impl<'a> Chunk<'a> {
    fn recipient(&self, member: Member) -> Option<&'a Recipient> {
        self.people.get(member.index())
    }

    /// Where a member was sent to last; none if the person was erased.
    fn address(&self, member: Member) -> Option<&'a str> {
        let addressee = self.recipient(member)?.addressee.get()?;
        Some(self.deliveries.address(member).unwrap_or(&addressee.address))
    }

    /// Whether a member was sent to last in another country.
    fn is_foreign(&self, member: Member) -> bool {
        let in_audience = || self.recipient(member).is_some_and(|recipient| recipient.is_foreign);
        self.deliveries.is_foreign(member).unwrap_or_else(in_audience)
    }

    /// What one more message to a member takes.
    pub(super) fn takes(&self, member: Member) -> Amount {
        let person = self.recipient(member).and_then(|recipient| recipient.addressee.get());
        let person = person.zip(self.address(member));
        let person = person.map(|(person, to)| Addressee { address: to.to_owned(), ..person.clone() });
        person.map(|person| self.terms.one(&person, self.is_foreign(member))).unwrap_or_default()
    }
}

/// The only delivery whose address is edited.
fn edited_by(event: &DeliveriesEvent, chunk: u32, people: &[Recipient]) -> Option<(Ordinal, ClientId)> {
    let DeliveriesEvent::DeliveriesReopened { addresses, .. } = event else { return None };
    let member = addresses.first()?.member;
    Some((Ordinal::of(chunk, member)?, people.get(member.index())?.client))
}

fn by_chunk(ordinals: &[Ordinal]) -> BTreeMap<u32, Members> {
    let mut chunks = BTreeMap::<u32, Members>::new();
    for ordinal in ordinals {
        chunks.entry(ordinal.chunk()).or_default().insert(ordinal.member());
    }
    chunks
}
