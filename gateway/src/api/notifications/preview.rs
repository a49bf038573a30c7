//! `POST /notifications/preview`: the audience, the cost and samples of a notification.

pub(super) mod excluded;
pub(super) mod waiting;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::company::OverLimit;
use domain::notification::Recipient;
use domain::rendering::{Rendered, Text, render};
use domain::value::Channel;
use domain::value::sms::SmsCount;
use projections::Projection;
use projections::queries::audience::{self, Audience, Fingerprint, FirstDigits, Selection};
use serde::Serialize;
use utoipa::ToSchema;

use super::confirmation::Confirmation;
use super::counted::{Counted, counted};
use super::filter::ResolvedFilter;
use super::order::{AskedNotification, NewNotification, NotificationFields};
use super::purse::{Going, Measured, Terms};
use super::segments::AudienceSegments;
use super::send::amount;
use crate::access::Caller;
use crate::api::templates::not_rendered;
use crate::extract::{Body, Fields, FromFields, Key, Order};
use crate::problem::Answer;
use crate::slots::Slots;
use crate::state::AppState;

/// How many people of the audience are shown with their texts.
const SAMPLES: usize = 20;
/// How many bytes their texts may have together, as a page of a list. The first person's is shown whatever its size.
const SAMPLES_BYTES_MAX: usize = 1_048_576;

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
    texts: TextsView,
    /// The size of an SMS; none for other channels.
    sms: Option<SmsView>,
    /// The rendered texts of the first recipients: at most 20, and fewer where they have more than 1 MiB together.
    samples: Vec<Sample>,
    /// Another person would have to approve it, because it goes to more people than the company's limit.
    needs_approval: bool,
    /// The limit of the company that it would pass, so that a send would be refused; none if it would pass none.
    over_limit: Option<OverLimitView>,
    /// The token that confirms this request to this audience for 15 minutes; none if nobody would be reached, and for a
    /// notification that is requested already.
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

/// The texts of the people who are reached.
#[derive(Debug, Serialize, ToSchema)]
struct TextsView {
    /// The people whose texts were rendered and counted: all of them, or if the text differs from person to person an even
    /// sample of at most 10,000 (SMS) or 2,000 (e-mail). What is told of all texts is then an estimate.
    counted: u64,
    /// The people to whom no text can be sent: one who lacks a column that the text names, or whose text is too long.
    unsendable: u64,
}

/// The size of an SMS, after its variables are filled in for each person.
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
    let (going, text) = (draft.going(&filter, state.now()), text_of(&state, &draft)?);
    let (preview, fingerprint) = Preview::of(&state, &caller, &terms, going, &text).await?;
    let confirmation = Confirmation { asked: &draft, by: caller.id(), audience: &fingerprint };
    let confirm_token =
        (fingerprint.reachable > 0).then(|| confirmation.token(state.log().keys(), state.now()));
    Ok(Json(Preview { confirm_token, ..preview }))
}

impl Preview {
    /// What a notification would do now, without a token, and who would be reached.
    async fn of(
        state: &AppState,
        caller: &Caller,
        terms: &Terms,
        going: Going<'_>,
        text: &Text,
    ) -> Answer<(Self, Fingerprint)> {
        let measured = terms.measured(state, state.costly_reads(), caller, going).await?;
        let selection = terms.selection(going, measured.excludes_foreign());
        let Measured { audience, .. } = measured;
        let Counted { people: counted, unsendable, segments } =
            counted(state, state.costly_reads(), caller, &selection, text, &audience).await?;
        let over_limit = terms.over_limit(state, going, amount(&audience, segments.as_ref())).await?;
        let is_plain = going.channel == Channel::Sms
            && !dispatcher::sms_takes_unicode(&state.settings().routes, selection.company);
        let without_unicode = if is_plain { audience.reachable } else { audience.without_unicode };
        let sms = match segments {
            Some(segments) => {
                let cost = price_of(state, &selection, segments.total, audience.reachable).await?;
                Some(SmsView::of(segments, without_unicode, cost))
            }
            None => None,
        };
        let fingerprint = audience.fingerprint.clone();
        let preview = Self {
            needs_approval: terms.approval_above().is_some_and(|limit| audience.reachable > limit),
            over_limit: over_limit.map(OverLimitView::from),
            audience: audience.into(),
            texts: TextsView { counted, unsendable },
            sms,
            samples: samples(text, first_people(state, &selection).await?, is_plain),
            confirm_token: None,
        };
        Ok((preview, fingerprint))
    }
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

/// The text as it would be sent if it were requested now.
pub(super) fn text_of(state: &AppState, asked: &NewNotification) -> Answer<Text> {
    asked.text(state.now()).map_err(|fault| not_rendered(&fault))
}

/// The texts of these people, as many as fit.
fn samples(text: &Text, people: Vec<Recipient>, is_plain: bool) -> Vec<Sample> {
    let mut bytes = 0;
    let samples = people.into_iter().filter_map(|person| Sample::of(text, person, is_plain)).enumerate();
    let fitting = samples.take_while(|(index, sample)| {
        bytes += sample.bytes();
        *index == 0 || bytes <= SAMPLES_BYTES_MAX
    });
    fitting.map(|(_, sample)| sample).collect()
}

impl Sample {
    fn bytes(&self) -> usize {
        let optional = [&self.subject, &self.html].into_iter().flatten();
        self.body.len() + optional.map(String::len).sum::<usize>()
    }

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
    fn of(segments: AudienceSegments, without_unicode: u64, cost: Option<Price>) -> Self {
        let texts = |characters: Vec<char>| characters.into_iter().map(String::from).collect();
        Self {
            encoding: segments.encoding.as_str(),
            segments_min: segments.min,
            segments_typical: segments.typical,
            segments_max: segments.max,
            segments_total: segments.total,
            forcing_characters: texts(segments.forcing),
            without_unicode,
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

/// The price of so many parts to an audience, as if its numbers all took equally many. Only counted where prices are
/// configured.
async fn price_of(
    state: &AppState,
    selection: &Selection<'_>,
    parts: u64,
    reachable: u64,
) -> Answer<Option<Price>> {
    let prices = dispatcher::sms_prices(&state.settings().routes, selection.company);
    let Some(prices) = prices.filter(|prices| !prices.is_empty()) else {
        return Ok(None);
    };
    let numbers = audience::first_digits(state.pool(), selection, prices.digits()).await?;
    let mut once = Some(0_u128);
    for FirstDigits { digits, people } in numbers {
        let price = prices.of(&digits).map(|price| u128::from(people) * u128::from(price));
        once = once.zip(price).map(|(sum, price)| sum + price);
    }
    let amount = once.map(|once| (once * u128::from(parts)).div_ceil(u128::from(reachable.max(1))));
    Ok(amount.map(|amount| Price {
        amount: u64::try_from(amount).unwrap_or(u64::MAX),
        currency: state.settings().currency.clone(),
    }))
}
