//! The request of a notification, as stored in its row.

use domain::notification::{AudienceFilter, NotificationEvent};
use domain::{Personal, Position};
use serde_json::json;

use super::rows::{Requested, number};

pub(super) fn requested(event: &NotificationEvent, position: Position) -> Option<Requested> {
    let NotificationEvent::NotificationRequested {
        company,
        channel,
        recipient_kind,
        category,
        subject,
        body,
        template,
        only_to,
        sms: _,
        filter,
        expires_at,
        send_at: _,
        held_until: _,
        needs_approval: _,
        excludes_foreign: _,
        author,
        requested_at,
    } = event
    else {
        return None;
    };
    Some(Requested {
        company: company.uuid(),
        author: author.uuid(),
        channel: channel.as_str(),
        recipient_kind: recipient_kind.as_str(),
        category: category.as_str(),
        subject: subject.as_ref().and_then(Personal::get).cloned(),
        body: body.get().cloned().unwrap_or_default(),
        template: template.as_ref().map(|template| (template.id.uuid(), number(template.version))),
        is_test: only_to.is_some(),
        filter: (!filter.is_everybody()).then(|| summary(filter)),
        expires_at: *expires_at,
        requested_at: *requested_at,
        position,
    })
}

/// Of a list of clients only their number.
fn summary(filter: &AudienceFilter) -> String {
    let AudienceFilter { locale, time_zone, clients } = filter;
    let (listed, unknown) = clients.as_ref().map(|list| (list.ids.len(), list.unknown)).unzip();
    json!({ "locale": locale, "time_zone": time_zone, "clients": listed, "unknown": unknown }).to_string()
}
