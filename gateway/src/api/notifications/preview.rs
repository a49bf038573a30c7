//! `POST /notifications/preview`: the audience, the cost and samples of a notification.

pub(super) mod excluded;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::company::OverLimit;
use domain::notification::{Addressee, Recipient};
use domain::rendering::{Rendered, Text, render};
use domain::value::sms::{self, SmsCount};
use projections::Projection;
use projections::queries::audience::{self, Audience, FirstDigits, Selection};
use serde::Serialize;
use utoipa::ToSchema;

use super::confirmation::Confirmation;
use super::filter::ResolvedFilter;
use super::order::{AskedNotification, NewNotification, NotificationFields, somebody};
use super::purse::{Measured, Terms};
use super::segments::{AudienceSegments, Networks};
use super::send::amount;
use crate::access::Caller;
use crate::api::templates::not_rendered;
use crate::extract::{Body, Fields, FromFields, Key, Order};
use crate::problem::Answer;
use crate::slots::Slots;
use crate::state::AppState;

/// How many people of the audience are shown with their texts.
const SAMPLES: usize = 20;
/// How many first digits of a number tell whether its country carries Unicode.
const COUNTRY_DIGITS: usize = 3;

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

/// The effect that a send would have now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Preview {
    audience: AudienceView,
    /// The size of an SMS; none for other channels.
    sms: Option<SmsView>,
    /// The rendered texts of the first recipients, at most 20.
    samples: Vec<Sample>,
    /// Another person would have to approve it, because it goes to more people than the company's limit.
    needs_approval: bool,
    /// The limit of the company that it would pass, so that a send would be refused; none if it would pass none.
    over_limit: Option<OverLimitView>,
    /// The token that confirms this request to this audience for 15 minutes; none if nobody would be reached.
    confirm_token: Option<String>,
}

/// The contacts of an audience, each address once.
#[derive(Debug, Serialize, ToSchema)]
struct AudienceView {
    /// The reachable and the excluded contacts together.
    total: u64,
    /// The different addresses that would get a message.
    reachable: u64,
    /// Left out, by reason: contacts as `no_phone`, `not_mobile` or `no_email`, numbers of other countries as `foreign` where
    /// the company's limit does not hold them, and of a list of external ids the clients
    /// who were `erased` meanwhile and the ids that are `unknown`.
    excluded: BTreeMap<String, u64>,
    /// Contacts whose address another contact of the audience has too. They are in no other number.
    duplicates: u64,
}

/// The size of an SMS, after its variables are filled in.
#[derive(Debug, Serialize, ToSchema)]
struct SmsView {
    /// `gsm7` or `ucs2`.
    encoding: &'static str,
    /// The parts of the shortest text.
    segments_min: u64,
    /// The parts of the median text.
    segments_typical: u64,
    /// The parts of the longest text.
    segments_max: u64,
    /// The parts of all texts together.
    segments_total: u64,
    /// The characters that force `ucs2`, each once.
    forcing_characters: Vec<String>,
    /// People whose network or provider carries no Unicode: their text is transliterated in any case.
    without_unicode: u64,
    /// The characters that these people get as `?`, each once.
    lost_characters: Vec<String>,
    /// The price at the provider that is preferred; none if it is not known for everybody.
    cost: Option<Price>,
}

/// A price.
#[derive(Debug, Serialize, ToSchema)]
struct Price {
    /// In millionths of the currency.
    amount: u64,
    /// The currency, as ISO 4217.
    currency: String,
}

/// A limit of the company that is not enough.
#[derive(Debug, Serialize, ToSchema)]
struct OverLimitView {
    /// Its name, as in the company's limits.
    limit: &'static str,
    /// Its value.
    max: u64,
    /// What is used of it, or promised to other notifications.
    taken: u64,
    /// What this notification would take.
    asked: u64,
}

/// The rendered text of one recipient.
#[derive(Debug, Serialize, ToSchema)]
struct Sample {
    client: SampleClient,
    /// The number in E.164 or the e-mail address.
    to: String,
    subject: Option<String>,
    body: String,
    /// An e-mail's HTML.
    html: Option<String>,
    /// The parts of an SMS.
    segments: Option<u64>,
}

/// The client of a sample.
#[derive(Debug, Serialize, ToSchema)]
struct SampleClient {
    id: uuid::Uuid,
    name: String,
}

/// Preview the audience and the size of a notification (notifiers). The body is that of a send; nothing is sent.
#[utoipa::path(
    post, path = "/notifications/preview", tag = "notifications", request_body = NotificationFields,
    responses((status = 200, body = Preview))
)]
pub(super) async fn preview(State(state): State<AppState>, order: Order<Draft>) -> Answer<Json<Preview>> {
    let Order { caller, body: Draft(asked), .. } = order;
    let draft = asked.found(&state, &caller).await?;
    state.freshness().wait(caller.id(), None, &[Projection::Clients]).await?;
    let ResolvedFilter { filter, .. } = draft.filter.resolved(&state, draft.company).await?;
    let terms = Terms::of(&state, draft.company).await?;
    let measured = terms.measured(&state, state.costly_reads(), &caller, &draft, &filter).await?;
    let selection = terms.selection(&draft, &filter, measured.excludes_foreign());
    let Measured { audience, .. } = measured;
    let confirmation = Confirmation { asked: &draft, by: caller.id(), audience: &audience.fingerprint };
    let confirm_token = (audience.reachable > 0).then(|| confirmation.token(state.log().keys(), state.now()));
    let needs_approval = terms.approval_above().is_some_and(|limit| audience.reachable > limit);
    let people = first_people(&state, &selection).await?;
    let segments = match draft.sms_options() {
        Some(_) => Some(segments_of(&state, &draft, &people, &audience)?),
        None => None,
    };
    let over_limit = terms.over_limit(&state, &draft, amount(&audience, segments.as_ref())).await?;
    let cost = price_of(&state, &draft, &people, &selection).await?;
    let sms = segments.map(|segments| SmsView::of(segments, cost));
    let is_plain = !takes_unicode(&state, &draft);
    let text = text_of(&state, &draft)?;
    let samples = people.into_iter().filter_map(|person| Sample::of(&text, person, is_plain)).collect();
    let over_limit = over_limit.map(OverLimitView::from);
    Ok(Json(Preview { audience: audience.into(), sms, samples, needs_approval, over_limit, confirm_token }))
}

/// The audience by the view `clients`, counted in a slot of the caller.
pub(super) async fn audience_of(
    state: &AppState,
    slots: &Slots,
    caller: &Caller,
    selection: &Selection<'_>,
) -> Answer<Audience> {
    let _slot = slots.take(caller, Some(selection.company)).await?;
    Ok(audience::preview(state.pool(), selection).await?)
}

/// The first people of the audience, in its order.
pub(super) async fn first_people(state: &AppState, selection: &Selection<'_>) -> Answer<Vec<Recipient>> {
    let page = audience::page(state.pool(), selection, &[], SAMPLES).await?;
    Ok(page.into_iter().map(|candidate| candidate.recipient).collect())
}

/// What the SMS of the audience take, by the texts of its first people.
pub(super) fn segments_of(
    state: &AppState,
    asked: &NewNotification,
    people: &[Recipient],
    audience: &Audience,
) -> Answer<AudienceSegments> {
    let without_unicode = match takes_unicode(state, asked) {
        true => audience.without_unicode,
        false => audience.reachable,
    };
    segments_on(
        state,
        asked,
        people,
        Networks { with_unicode: audience.reachable - without_unicode, without_unicode },
    )
}

fn segments_on(
    state: &AppState,
    asked: &NewNotification,
    people: &[Recipient],
    networks: Networks,
) -> Answer<AudienceSegments> {
    let mut addressees: Vec<Addressee> =
        people.iter().filter_map(|person| person.addressee.get()).cloned().collect();
    if addressees.is_empty() {
        addressees.push(somebody());
    }
    Ok(AudienceSegments::of(&text_of(state, asked)?, &addressees, networks))
}

/// The text as it would be sent now.
fn text_of(state: &AppState, asked: &NewNotification) -> Answer<Text> {
    asked.text(state.now()).map_err(|fault| not_rendered(&fault))
}

fn takes_unicode(state: &AppState, asked: &NewNotification) -> bool {
    asked.sms_options().is_none() || dispatcher::sms_takes_unicode(&state.settings().routes, asked.company)
}

impl Sample {
    /// None for a person whose data is erased, or to whom this text cannot be sent.
    fn of(text: &Text, person: Recipient, is_plain: bool) -> Option<Self> {
        let Recipient { client, addressee, .. } = person;
        let addressee = addressee.into_clear()?;
        let rendered = render(text, &addressee).ok()?;
        let Rendered { subject, body, html } = if is_plain { rendered.without_unicode() } else { rendered };
        let segments = text.sms().map(|_| SmsCount::of(&body).segments as u64);
        let client = SampleClient { id: client.into(), name: addressee.client_name };
        Some(Self { client, to: addressee.address, subject, body, html, segments })
    }
}

impl From<Audience> for AudienceView {
    fn from(Audience { total, reachable, excluded, duplicates, .. }: Audience) -> Self {
        Self { total, reachable, excluded, duplicates }
    }
}

impl SmsView {
    fn of(segments: AudienceSegments, cost: Option<Price>) -> Self {
        let texts = |characters: Vec<char>| characters.into_iter().map(String::from).collect();
        Self {
            encoding: segments.encoding.as_str(),
            segments_min: segments.min,
            segments_typical: segments.typical,
            segments_max: segments.max,
            segments_total: segments.total,
            forcing_characters: texts(segments.forcing),
            without_unicode: segments.without_unicode,
            lost_characters: texts(segments.lost),
            cost,
        }
    }
}

impl From<OverLimit> for OverLimitView {
    fn from(OverLimit { limit, max, taken, asked }: OverLimit) -> Self {
        Self { limit: limit.as_str(), max, taken, asked }
    }
}

/// The price of an SMS to an audience, in the parts that its numbers take. Only counted where prices are configured.
async fn price_of(
    state: &AppState,
    draft: &NewNotification,
    people: &[Recipient],
    selection: &Selection<'_>,
) -> Answer<Option<Price>> {
    let prices = dispatcher::sms_prices(&state.settings().routes, draft.company);
    let Some(prices) = prices.filter(|prices| draft.sms_options().is_some() && !prices.is_empty()) else {
        return Ok(None);
    };
    let digits = prices.digits().max(COUNTRY_DIGITS);
    let numbers = audience::first_digits(state.pool(), selection, digits).await?;
    let mut amount = Some(0_u64);
    for FirstDigits { digits, people: count } in numbers {
        let with_unicode = if takes_unicode(state, draft) && sms::takes_unicode(&digits) { count } else { 0 };
        let networks = Networks { with_unicode, without_unicode: count - with_unicode };
        let parts = segments_on(state, draft, people, networks)?.total;
        amount = amount
            .zip(prices.of(&digits))
            .map(|(sum, price)| sum.saturating_add(price.saturating_mul(parts)));
    }
    Ok(amount.map(|amount| Price { amount, currency: state.settings().currency.clone() }))
}
