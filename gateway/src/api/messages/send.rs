//! `POST /messages`: write to colleagues.

use std::collections::HashSet;
use std::hash::Hash;

use axum::extract::State;
use axum::http::StatusCode;
use commands::{CommandContext, Done};
use domain::message::{Addressed, MessageError, RECIPIENTS_MAX, SendMessage};
use domain::value::{CompanyId, MessageBody, MessageId, Priority, Role, UserId};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::recipients::recipients;
use crate::access::{Caller, Snapshot};
use crate::api::Wrote;
use crate::extract::{Body, Fields, FromFields, Key, Order};
use crate::problem::{Answer, Fault, Faults, Kind, Problem, Reason};
use crate::state::AppState;

/// A message. It goes once to each of: `recipients`; users with any of `roles` (within `company` if given); without
/// roles, all users of `company`. The author gets it only if named.
#[derive(ToSchema)]
pub(super) struct NewMessage {
    /// Single users.
    #[schema(value_type = Option<Vec<Uuid>>)]
    recipients: Vec<UserId>,
    /// All users with any of these roles: `operator`, `notifier`, `auditor`, `admin`.
    #[schema(value_type = Option<Vec<String>>)]
    roles: Vec<Role>,
    /// The company of the roles; without roles, all of its users.
    #[schema(value_type = Option<Uuid>)]
    company: Option<CompanyId>,
    /// The text, verbatim.
    #[schema(value_type = String, min_length = 1, max_length = 10_000)]
    body: MessageBody,
    /// `normal` or `high`.
    #[schema(value_type = Option<String>, default = "normal")]
    priority: Priority,
    /// Whether the author asks for an acknowledgement.
    #[schema(value_type = Option<bool>, default = false)]
    acknowledge: bool,
    /// The message it answers, one that the author can read.
    #[schema(value_type = Option<Uuid>)]
    in_reply_to: Option<MessageId>,
}

/// The result of a sent message.
#[derive(Serialize, ToSchema)]
pub(super) struct Sent {
    /// The message.
    id: Uuid,
    /// The position of the log that includes it.
    position: i64,
    /// The number of recipients.
    recipients: u32,
}

impl FromFields for NewMessage {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let recipients = fields.optional("recipients").unwrap_or_default();
        let roles = fields.optional("roles").unwrap_or_default();
        let company = fields.optional("company");
        let body = fields.required("body");
        let priority = fields.optional("priority").unwrap_or(Priority::Normal);
        let acknowledge = fields.optional("acknowledge").unwrap_or_default();
        let in_reply_to = fields.optional("in_reply_to");
        Some(Self { recipients, roles, company, body: body?, priority, acknowledge, in_reply_to })
    }
}

impl Body for NewMessage {
    const KEY: Key = Key::Required;

    fn permits(caller: &Caller) -> bool {
        caller.may_write_messages()
    }
}

/// Send a message to colleagues (operators), at most 5,000. Unknown ids and an empty set of recipients are refused.
#[utoipa::path(
    post, path = "/messages", tag = "messages", request_body = NewMessage,
    params(("Idempotency-Key" = String, Header, min_length = 1, max_length = 255)),
    responses((status = 201, body = Sent))
)]
pub(super) async fn send(State(state): State<AppState>, order: Order<NewMessage>) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let outcome = sent(&state, &caller, body, &context).await;
    state.answered(StatusCode::CREATED, &caller, &context, outcome).await
}

async fn sent(
    state: &AppState,
    caller: &Caller,
    new: NewMessage,
    context: &CommandContext,
) -> Answer<(Done, Value)> {
    let author = caller.id();
    let known = known_to(state, caller, &new).await?;
    refuse_what_cannot_be_answered(state, author, new.in_reply_to).await?;
    let addressed =
        Addressed { users: each_once(&new.recipients), roles: each_once(&new.roles), company: new.company };
    let message = SendMessage {
        message: state.new_id().into(),
        author,
        recipients: recipients(known.users().map(|worker| &**worker), author, &addressed),
        addressed,
        body: new.body,
        priority: new.priority,
        acknowledge: new.acknowledge,
        in_reply_to: new.in_reply_to,
        at: state.now(),
    };
    let answer = json!({ "id": message.message, "recipients": message.recipients.len() });
    let done = commands::messages::send(state.log(), message, context, &answer).await?;
    Ok((done, answer))
}

/// A directory that contains every named user and company. The cache is enough; the database is only read for names
/// missing there.
async fn known_to(state: &AppState, caller: &Caller, new: &NewMessage) -> Answer<std::sync::Arc<Snapshot>> {
    // Too many recipients are refused without a look-up of each.
    if each_once(&new.recipients).len() > RECIPIENTS_MAX {
        return Err(Problem::from(commands::CommandError::Refused(MessageError::TooManyRecipients {
            found: new.recipients.len(),
        })));
    }
    let known = state.directory().snapshot().await?;
    if unknown(&known, caller, new).is_empty() {
        return Ok(known);
    }
    let known = state.directory().fresh().await?;
    let faults = unknown(&known, caller, new);
    if faults.is_empty() { Ok(known) } else { Err(Problem::of_faults(Kind::Invalid, faults.into_vec())) }
}

fn unknown(known: &Snapshot, caller: &Caller, new: &NewMessage) -> Faults {
    let mut faults = Faults::default();
    for (index, user) in new.recipients.iter().enumerate() {
        if known.user(*user).is_none() {
            faults.add(Fault::in_body(format!("/recipients/{index}"), Reason::UnknownId));
        }
    }
    // A company that the author may not act for counts as unknown.
    if new.company.is_some_and(|company| !(caller.knows(company) && known.has_company(company))) {
        faults.add(Fault::in_body("/company", Reason::UnknownId));
    }
    faults
}

async fn refuse_what_cannot_be_answered(
    state: &AppState,
    author: UserId,
    to: Option<MessageId>,
) -> Answer<()> {
    let Some(message) = to else { return Ok(()) };
    if commands::messages::is_visible_to(state.log(), message, author).await? {
        return Ok(());
    }
    Err(Problem::of_field("/in_reply_to", Reason::UnknownId))
}

/// Distinct values in their order.
fn each_once<T: Copy + Eq + Hash>(named: &[T]) -> Vec<T> {
    let mut seen = HashSet::with_capacity(named.len());
    named.iter().copied().filter(|one| seen.insert(*one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_named_twice_is_a_recipient_once() {
        let roles = [Role::Operator, Role::Admin, Role::Operator];
        assert_eq!(each_once(&roles), [Role::Operator, Role::Admin]);
    }
}
