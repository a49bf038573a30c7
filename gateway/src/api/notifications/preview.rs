//! `POST /notifications/preview`: the audience, the cost and a sample of a notification.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::notification::{Addressee, Content};
use domain::rendering::{Rendered, render};
use domain::value::sms::SmsCount;
use projections::Projection;
use projections::queries::audience::{self, Audience};
use serde::Serialize;
use utoipa::ToSchema;

use super::confirmation::Confirmation;
use super::order::{AskedNotification, NewNotification, NotificationFields, somebody};
use crate::access::Caller;
use crate::api::templates::not_rendered;
use crate::extract::{Body, Fields, FromFields, Key, Order};
use crate::problem::Answer;
use crate::slots::Slots;
use crate::state::AppState;

/// A notification for the preview.
pub(super) struct Draft(AskedNotification);

impl FromFields for Draft {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        AskedNotification::read(fields).map(Self)
    }
}

impl Body for Draft {
    const KEY: Key = Key::Ignored;

    fn permits(caller: &Caller) -> bool {
        AskedNotification::is_for(caller)
    }
}

/// What a send would do now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Preview {
    audience: AudienceView,
    /// For an SMS only.
    sms: Option<SmsView>,
    /// What a recipient would read.
    samples: Vec<Sample>,
    /// Confirms this very request to this audience; none if nobody would be reached.
    confirm_token: Option<String>,
}

/// Contacts, after deduplication by address.
#[derive(Debug, Serialize, ToSchema)]
struct AudienceView {
    /// The reachable and the excluded.
    total: u64,
    /// Different addresses that would be written to.
    reachable: u64,
    /// Contacts left out, by reason: `no_phone`, `not_mobile` or `no_email`.
    excluded: BTreeMap<String, u64>,
    /// Contacts whose address somebody else of the audience has too; in no other number.
    duplicates: u64,
}

/// What an SMS takes.
#[derive(Debug, Serialize, ToSchema)]
struct SmsView {
    /// `gsm7` or `ucs2`.
    encoding: &'static str,
    /// The parts of the shortest text.
    segments_min: u64,
    /// The parts of the longest text.
    segments_max: u64,
    /// The parts of all texts together.
    segments_total: u64,
    /// The characters that force `ucs2`, each once.
    forcing_characters: Vec<String>,
}

/// One text as a recipient would read it.
#[derive(Debug, Serialize, ToSchema)]
struct Sample {
    subject: Option<String>,
    body: String,
    /// An e-mail's HTML.
    html: Option<String>,
}

/// Whom a notification would reach, and what it would cost (notifiers). Sends nothing; takes the body of a send.
#[utoipa::path(
    post, path = "/notifications/preview", tag = "notifications", request_body = NotificationFields,
    responses((status = 200, body = Preview))
)]
pub(super) async fn preview(State(state): State<AppState>, order: Order<Draft>) -> Answer<Json<Preview>> {
    let Order { caller, body: Draft(asked), .. } = order;
    let draft = asked.found(&state, &caller).await?;
    state.freshness().wait(caller.id(), None, &[Projection::Clients]).await?;
    let audience = audience_of(&state, state.costly_reads(), &caller, &draft).await?;
    let confirmation = Confirmation { asked: &draft, by: caller.id(), reachable: audience.reachable };
    let confirm_token = (audience.reachable > 0).then(|| confirmation.token(state.log().keys()));
    let person = first_person(&state, &draft).await?;
    let text = draft.text(state.now()).map_err(|fault| not_rendered(&fault))?;
    // Too long a name of this person is no fault of the notification.
    let rendered = render(&text, &person).or_else(|_| render(&text, &somebody()));
    let rendered = rendered.map_err(|fault| not_rendered(&fault))?;
    Ok(Json(Preview {
        sms: SmsView::of(&draft.content, &rendered, audience.reachable),
        samples: vec![rendered.into()],
        audience: audience.into(),
        confirm_token,
    }))
}

/// The audience by the view `clients`, counted in a slot of the caller.
pub(super) async fn audience_of(
    state: &AppState,
    slots: &Slots,
    caller: &Caller,
    asked: &NewNotification,
) -> Answer<Audience> {
    let _slot = slots.take(caller, Some(asked.company)).await?;
    let (company, channel) = (asked.company, asked.content.channel());
    Ok(audience::preview(state.pool(), company, channel, asked.recipient_kind).await?)
}

/// The first person of the audience, whose text is the sample; without one, a placeholder.
async fn first_person(state: &AppState, asked: &NewNotification) -> Answer<Addressee> {
    let (company, channel) = (asked.company, asked.content.channel());
    let page = audience::page(state.pool(), company, channel, asked.recipient_kind, &[], 1).await?;
    let person = page.into_iter().next().and_then(|first| first.recipient.addressee.into_clear());
    Ok(person.unwrap_or_else(somebody))
}

impl From<Rendered> for Sample {
    fn from(Rendered { subject, body, html }: Rendered) -> Self {
        Self { subject, body, html }
    }
}

impl From<Audience> for AudienceView {
    fn from(Audience { total, reachable, excluded, duplicates }: Audience) -> Self {
        Self { total, reachable, excluded, duplicates }
    }
}

impl SmsView {
    /// Every recipient has the same text, so the shortest is the longest.
    fn of(content: &Content, rendered: &Rendered, reachable: u64) -> Option<Self> {
        let Content::Sms { .. } = content else { return None };
        let count = SmsCount::of(&rendered.body);
        let segments = count.segments as u64;
        Some(Self {
            encoding: count.encoding.as_str(),
            segments_min: segments,
            segments_max: segments,
            segments_total: segments * reachable,
            forcing_characters: count.forcing.into_iter().map(String::from).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::value::SmsBody;

    use super::*;

    fn sms(body: &str, reachable: u64) -> SmsView {
        let content = Content::Sms { body: SmsBody::try_from(body).unwrap() };
        let rendered = Rendered { subject: None, body: body.to_owned(), html: None };
        SmsView::of(&content, &rendered, reachable).unwrap()
    }

    #[test]
    fn one_accent_that_gsm_lacks_doubles_the_parts_of_everybody() {
        let plain = sms(&"a".repeat(160), 1_284);
        assert_eq!((plain.encoding, plain.segments_max, plain.segments_total), ("gsm7", 1, 1_284));
        let accented = sms(&format!("í{}", "a".repeat(133)), 1_284);
        assert_eq!((accented.encoding, accented.segments_max, accented.segments_total), ("ucs2", 2, 2_568));
        assert_eq!(accented.forcing_characters, ["í"]);
    }
}
