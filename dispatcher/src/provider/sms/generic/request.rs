//! The request that sends a message, made from templates.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::DateTime;
use domain::deliveries::Observation;
use reqwest::{
    Method, Request,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde::Deserialize;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::pattern::{Field, JsonPattern, Pattern, Values};
use super::query::GenericQuery;
use super::url_pattern;
use crate::provider::{
    Outgoing,
    failure::Failure,
    settings::{Secret, SettingsError},
    sms::callback_address::CallbackAddress,
};

/// `[sms.providers.request]`: the request that sends a message.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenericRequest {
    url: Pattern,
    #[serde(default)]
    method: Verb,
    #[serde(default)]
    headers: BTreeMap<String, Pattern>,
    #[serde(default)]
    query: BTreeMap<String, Pattern>,
    json: Option<JsonPattern>,
    form: Option<BTreeMap<String, Pattern>>,
    check_url: Option<Pattern>,
}

/// Templates may hold secrets.
impl fmt::Debug for GenericRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenericRequest").finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    #[default]
    Post,
    Put,
    Get,
}

/// The account's part of the values.
#[derive(Clone)]
pub(super) struct Account {
    account: Option<String>,
    from: Option<String>,
    secret: Secret,
    basic: Option<Secret>,
}

impl Account {
    pub(super) fn new(account: Option<&str>, secret: &str, from: Option<&str>) -> Self {
        let basic = account.map(|account| BASE64_STANDARD.encode(format!("{account}:{secret}")));
        Self {
            account: account.map(str::to_owned),
            from: from.map(str::to_owned),
            secret: Secret::new(secret),
            basic: basic.map(Secret::new),
        }
    }
}

/// The templates of a request, checked.
pub(super) struct RequestTemplate {
    url: Pattern,
    /// Where the API is.
    address: Url,
    method: Method,
    headers: Vec<(HeaderName, Pattern)>,
    query: BTreeMap<String, Pattern>,
    body: Body,
    check_url: Option<Pattern>,
    account: Account,
}

enum Body {
    None,
    Json(JsonPattern),
    Form(BTreeMap<String, Pattern>),
}

/// The values of one message.
struct Message<'a> {
    account: &'a Account,
    outgoing: &'a Outgoing,
    callback: &'a CallbackAddress,
}

impl Values for Message<'_> {
    fn of(&self, field: Field) -> Option<Cow<'_, str>> {
        let Self { account, outgoing, callback } = self;
        Some(match field {
            Field::To => Cow::from(outgoing.to.as_str()),
            Field::ToDigits => outgoing.to.trim_start_matches('+').into(),
            Field::Text => outgoing.body.as_str().into(),
            Field::From => account.from.as_deref()?.into(),
            Field::Account => account.account.as_deref()?.into(),
            Field::Secret => account.secret.reveal().into(),
            Field::Basic => account.basic.as_ref()?.reveal().into(),
            Field::Reference => outgoing.sent().name().into(),
            Field::CallbackUrl => callback.of(outgoing)?.into(),
        })
    }
}

impl RequestTemplate {
    /// Checks the templates together with the account.
    pub(super) fn try_new(
        request: &GenericRequest,
        account: Account,
        wrong: &impl Fn(&'static str, &'static str) -> SettingsError,
    ) -> Result<Self, SettingsError> {
        let GenericRequest { url, method, headers, query, json, form, check_url } = request.clone();
        let body = match (json, form) {
            (Some(_), Some(_)) => {
                return Err(wrong("request.form", "stands beside request.json: give one of the two"));
            }
            (Some(json), None) => Body::Json(json),
            (None, Some(form)) => Body::Form(form),
            (None, None) => Body::None,
        };
        if method == Verb::Get && !matches!(body, Body::None) {
            return Err(wrong("request.method", "GET has no body: give query, or another method"));
        }
        let address = url_pattern::address(&url).map_err(|reason| wrong("request.url", reason))?;
        if let Some(url) = &check_url {
            url_pattern::address(url).map_err(|reason| wrong("request.check_url", reason))?;
        }
        let headers = header_names(headers)
            .ok_or(wrong("request.headers", "has a name that is no header's, or {text} in a value"))?;
        let template = Self { url, address, method: method.into(), headers, query, body, check_url, account };
        template.check(wrong)?;
        Ok(template)
    }

    fn check(
        &self,
        wrong: &impl Fn(&'static str, &'static str) -> SettingsError,
    ) -> Result<(), SettingsError> {
        if !self.uses(Field::To) && !self.uses(Field::ToDigits) {
            return Err(wrong("request", "names nobody: {to} or {to_digits} is missing"));
        }
        if !self.uses(Field::Text) {
            return Err(wrong("request", "says nothing: {text} is missing"));
        }
        if self.uses(Field::From) && self.account.from.is_none() {
            return Err(wrong("from", "is missing: the request has {from}"));
        }
        if (self.uses(Field::Account) || self.uses(Field::Basic)) && self.account.account.is_none() {
            return Err(wrong("account", "is missing: the request has {account} or {basic}"));
        }
        let unusable = |_| wrong("request.headers", "has a value that no header can carry");
        self.fill(&sample(), &CallbackAddress::new(Some(self.address.clone()), ""))
            .map(drop)
            .map_err(unusable)
    }

    /// Where the API is.
    pub(super) fn address(&self) -> &Url {
        &self.address
    }

    /// A GET with the headers of a message, if there is an address for it.
    pub(super) fn probe(&self) -> Option<Request> {
        let callback = CallbackAddress::new(None, "");
        let message = sample();
        let values = Message { account: &self.account, outgoing: &message, callback: &callback };
        let url = url_pattern::filled(self.check_url.as_ref()?, &values)?;
        let mut request = Request::new(Method::GET, url);
        self.add_headers(&mut request, &values).ok()?;
        Some(request)
    }

    /// Checks a question: only a message that was sent under our name can be asked for.
    pub(super) fn check_query(
        &self,
        query: &GenericQuery,
        wrong: &impl Fn(&'static str, &'static str) -> SettingsError,
    ) -> Result<(), SettingsError> {
        url_pattern::address(&query.url).map_err(|reason| wrong("query.url", reason))?;
        let of_query = query.query.values().flat_map(Pattern::fields);
        let names_it = of_query.chain(query.url.fields()).any(|field| field == Field::Reference);
        if !names_it || !self.uses(Field::Reference) {
            return Err(wrong(
                "query.query",
                "asks for nothing: {reference} must be here and in the request",
            ));
        }
        Ok(())
    }

    /// A GET with the headers of a message that asks for it; none if it cannot be made.
    pub(super) fn question(&self, query: &GenericQuery, outgoing: &Outgoing) -> Option<Request> {
        let callback = CallbackAddress::new(None, "");
        let values = Message { account: &self.account, outgoing, callback: &callback };
        let mut url = url_pattern::filled(&query.url, &values)?;
        if !query.query.is_empty() {
            url.query_pairs_mut().extend_pairs(filled(&query.query, &values));
        }
        let mut request = Request::new(Method::GET, url);
        self.add_headers(&mut request, &values).ok()?;
        Some(request)
    }

    fn add_headers(&self, request: &mut Request, values: &impl Values) -> Result<(), Failure> {
        for (name, pattern) in &self.headers {
            if let Some(text) = pattern.fill(values) {
                request.headers_mut().insert(name.clone(), header_value(&text)?);
            }
        }
        Ok(())
    }

    /// Whether a template has the placeholder.
    pub(super) fn uses(&self, field: Field) -> bool {
        let of_headers = self.headers.iter().flat_map(|(_, pattern)| pattern.fields());
        let of_query = self.query.values().flat_map(Pattern::fields);
        let of_body: Vec<Field> = match &self.body {
            Body::None => Vec::new(),
            Body::Json(json) => json.fields(),
            Body::Form(form) => form.values().flat_map(Pattern::fields).collect(),
        };
        of_headers.chain(self.url.fields()).chain(of_query).chain(of_body).any(|used| used == field)
    }

    /// The request for one message. A header or a field whose value is missing is left out: without a callback address
    /// nothing can ask for reports.
    pub(super) fn fill(&self, outgoing: &Outgoing, callback: &CallbackAddress) -> Result<Request, Failure> {
        let values = Message { account: &self.account, outgoing, callback };
        let mut url = url_pattern::filled(&self.url, &values)
            .ok_or_else(|| Failure::of_settings(None, Observation::SettingsUnusable))?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(filled(&self.query, &values));
        }
        let mut request = Request::new(self.method.clone(), url);
        if let Some((kind, body)) = self.body.fill(&values) {
            request.headers_mut().insert(CONTENT_TYPE, kind);
            *request.body_mut() = Some(body.into());
        }
        self.add_headers(&mut request, &values)?;
        Ok(request)
    }
}

impl Body {
    fn fill(&self, values: &impl Values) -> Option<(HeaderValue, String)> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
        match self {
            Self::None => None,
            Self::Json(json) => Some((JSON, json.fill(values)?.to_string())),
            Self::Form(form) => {
                let mut written = form_urlencoded::Serializer::new(String::new());
                Some((FORM, written.extend_pairs(filled(form, values)).finish()))
            }
        }
    }
}

fn filled<'a>(
    patterns: &'a BTreeMap<String, Pattern>,
    values: &'a impl Values,
) -> impl Iterator<Item = (&'a String, String)> {
    patterns.iter().filter_map(|(name, pattern)| Some((name, pattern.fill(values)?)))
}

/// None: a name is no header's, or a value would carry the message's text, which is no header's.
fn header_names(headers: BTreeMap<String, Pattern>) -> Option<Vec<(HeaderName, Pattern)>> {
    let checked = headers.into_iter().map(|(name, pattern)| {
        let has_text = pattern.fields().any(|field| field == Field::Text);
        Some((HeaderName::try_from(name).ok().filter(|_| !has_text)?, pattern))
    });
    checked.collect()
}

/// A header's value, which does not print.
fn header_value(text: &str) -> Result<HeaderValue, Failure> {
    let mut value =
        HeaderValue::try_from(text).map_err(|_| Failure::of_settings(None, Observation::SettingsUnusable))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A message that shows whether a request can be made at all.
fn sample() -> Outgoing {
    Outgoing {
        delivery_id: Uuid::nil().into(),
        generation: 1,
        attempt: 1,
        to: "+573000000000".to_owned(),
        to_name: None,
        subject: None,
        body: String::new(),
        html: None,
        is_personal: false,
        requested_at: DateTime::UNIX_EPOCH,
        returns: Default::default(),
    }
}

impl From<Verb> for Method {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Post => Self::POST,
            Verb::Put => Self::PUT,
            Verb::Get => Self::GET,
        }
    }
}
