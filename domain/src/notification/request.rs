//! What a request has to be, and the event it becomes.

use super::{
    Addressee, ApprovalNeed, Asks, Content, Decision, Notification, NotificationError, NotificationEvent,
    Recipient, RequestNotification, Times,
};
use crate::company::OverLimit;
use crate::personal::Personal;
use crate::value::{Channel, ContactKind, UserId};

impl Notification {
    pub(super) fn request(&self, request: RequestNotification) -> Decision {
        if self.company.is_some() {
            return Err(NotificationError::AlreadyRequested);
        }
        let (send_at, held_until) = (request.send_at()?, request.held_until());
        let begins_at = send_at.unwrap_or(request.at);
        if let Some(expires_at) = request.expires_at.filter(|expiry| *expiry <= begins_at) {
            return Err(NotificationError::Expired(Times { expires_at, begins_at }));
        }
        let channel = request.content.channel();
        if let Some(over) = request.asks.as_ref().and_then(|asks| asks.over_limit(channel)) {
            return Err(NotificationError::OverLimit(over));
        }
        let needs_approval = ApprovalNeed::of(request.people, request.approval_above);
        let key = request.notification.into();
        let (subject, body, sms) = match request.content {
            Content::Sms { body, options } => (None, body.into_string(), Some(options)),
            Content::Email { subject, body } => {
                (Some(Personal::new(key, subject.into_string())), body.into_string(), None)
            }
        };
        Ok(vec![NotificationEvent::NotificationRequested {
            company: request.company,
            channel,
            recipient_kind: request.recipient_kind,
            category: request.category,
            subject,
            body: Personal::new(key, body),
            template: request.template.map(|template| Box::new(template.frozen(key))),
            only_to: request.only_to.map(|author| Box::new(author_as_recipient(request.author, *author))),
            sms,
            filter: request.filter,
            expires_at: request.expires_at,
            send_at,
            held_until,
            needs_approval,
            excludes_foreign: request.excludes_foreign,
            author: request.author,
            requested_at: request.at,
        }])
    }
}

impl Asks {
    pub(super) fn over_limit(&self, channel: Channel) -> Option<OverLimit> {
        self.purse.passed_by(channel, self.amount)
    }
}

/// The author as the only person of an audience. There is no such client: the id is the author's, as is the key.
fn author_as_recipient(author: UserId, addressee: Addressee) -> Recipient {
    let id = author.uuid();
    let addressee = Personal::new(id, addressee);
    Recipient { client: id.into(), kind: ContactKind::Holder, is_foreign: false, addressee }
}
