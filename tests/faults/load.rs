//! The load on the program: each request has a key of its own, and is repeated with it until it is answered.

use std::collections::BTreeMap;

use domain::value::{Channel, TemplateId};
use futures::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Answer, Client};

use crate::testbed::{Testbed, eventually};

/// How many requests are made at once.
const REQUESTS_AT_ONCE: usize = 6;

/// Requests and their answers.
#[derive(Debug, Default)]
pub(crate) struct Load {
    requests: BTreeMap<String, Request>,
}

#[derive(Debug)]
struct Request {
    kind: Kind,
    body: Value,
    id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Message,
    Notification(Channel),
}

/// A requested notification.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestedNotification<'a> {
    pub(crate) id: &'a str,
    pub(crate) channel: Channel,
}

impl Load {
    /// So many messages, and a notification of the test bed's first company on each channel.
    pub(crate) fn of(testbed: &Testbed, messages: usize) -> Self {
        let mut load = Self::default();
        load.add_notifications(testbed, 0);
        load.add_messages(testbed, messages);
        load
    }

    /// A notification of one company on each channel.
    pub(crate) fn add_notifications(&mut self, testbed: &Testbed, company: usize) {
        for channel in [Channel::Sms, Channel::Email] {
            self.add_notification(testbed, company, channel);
        }
    }

    /// A notification of one company on one channel.
    pub(crate) fn add_notification(&mut self, testbed: &Testbed, company: usize, channel: Channel) {
        self.add_held_notification(testbed, company, channel, 0);
    }

    /// The same, held for so many seconds before it begins.
    pub(crate) fn add_held_notification(
        &mut self,
        testbed: &Testbed,
        company: usize,
        channel: Channel,
        hold_seconds: u32,
    ) {
        let mut body = notification(&testbed.companies[company].to_string(), channel);
        body["hold_seconds"] = hold_seconds.into();
        self.add(format!("{}-{company}", channel.as_str()), Kind::Notification(channel), body);
    }

    /// A notification of the first company on each channel, held for so many seconds.
    pub(crate) fn held(testbed: &Testbed, hold_seconds: u32) -> Self {
        let mut load = Self::default();
        for channel in [Channel::Sms, Channel::Email] {
            load.add_held_notification(testbed, 0, channel, hold_seconds);
        }
        load
    }

    /// A notification of one company that is made of a template.
    pub(crate) fn add_templated(
        &mut self,
        testbed: &Testbed,
        company: usize,
        channel: Channel,
        template: TemplateId,
    ) {
        let body = json!({
            "company_id": testbed.companies[company].to_string(), "recipient_kind": "holder", "template_id": template,
        });
        self.add(format!("template-{company}"), Kind::Notification(channel), body);
    }

    /// So many more messages.
    pub(crate) fn add_messages(&mut self, testbed: &Testbed, messages: usize) {
        let known = self.requests.len();
        for n in known..known + messages {
            let body = json!({"recipients": [testbed.reader], "body": format!("mensaje {n}")});
            self.add(format!("message-{n}"), Kind::Message, body);
        }
    }

    fn add(&mut self, key: String, kind: Kind, body: Value) {
        self.requests.insert(key, Request { kind, body, id: None });
    }

    /// Makes every unanswered request once.
    pub(crate) async fn apply(&mut self, client: &Client) {
        let open = self.requests.iter_mut().filter(|(_, request)| request.id.is_none());
        let asking = open.map(|(key, request)| async {
            request.id = ask(client, key, request.kind, &request.body).await;
        });
        futures::stream::iter(asking).buffer_unordered(REQUESTS_AT_ONCE).collect::<Vec<()>>().await;
    }

    /// Repeats every request until all are answered.
    pub(crate) async fn apply_until_answered(&mut self, client: &Client) {
        eventually("every request was answered", async || {
            self.apply(client).await;
            self.requests.values().all(|request| request.id.is_some()).then_some(())
        })
        .await;
    }

    /// The number of unanswered requests.
    pub(crate) fn open(&self) -> usize {
        self.requests.values().filter(|request| request.id.is_none()).count()
    }

    /// The answers to all unanswered requests, as they come.
    pub(crate) async fn refusals(&self, client: &Client) -> Vec<Answer> {
        let open = self.requests.iter().filter(|(_, request)| request.id.is_none());
        let asking = open.map(|(key, request)| client.post_once(request.kind.path(), key, &request.body));
        futures::future::join_all(asking).await
    }

    /// Repeats every answered request: each must get its first answer.
    pub(crate) async fn assert_answers_stand(&self, client: &Client) {
        for (key, request) in self.requests.iter().filter(|(_, request)| request.id.is_some()) {
            let again = eventually("a key is answered again", async || {
                ask(client, key, request.kind, &request.body).await
            });
            assert_eq!(Some(again.await), request.id, "another answer to {key}");
        }
    }

    /// The notifications, once all are answered.
    pub(crate) fn notifications(&self) -> impl Iterator<Item = RequestedNotification<'_>> {
        self.requests.values().filter_map(|request| match request.kind {
            Kind::Notification(channel) => Some(RequestedNotification { id: request.answered(), channel }),
            Kind::Message => None,
        })
    }

    /// The ids of the messages, once all are answered.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &str> {
        self.requests.values().filter(|request| request.kind == Kind::Message).map(Request::answered)
    }
}

impl Kind {
    const fn path(self) -> &'static str {
        match self {
            Self::Message => "/messages",
            Self::Notification(_) => "/notifications",
        }
    }
}

impl Request {
    fn answered(&self) -> &str {
        self.id.as_deref().expect("every request was answered")
    }
}

/// A notification of all holders of a company.
pub(crate) fn notification(company: &str, channel: Channel) -> Value {
    let mut body = json!({
        "company_id": company, "channel": channel.as_str(), "recipient_kind": "holder", "category": "operational",
        "body": "Prueba de alarma",
    });
    if channel == Channel::Email {
        body["subject"] = "Prueba".into();
    }
    body
}

/// None without an answer: the program is dead, or unavailable at the moment.
async fn ask(client: &Client, key: &str, kind: Kind, body: &Value) -> Option<String> {
    let path = kind.path();
    let request = client.request(Method::POST, path).header("Idempotency-Key", key).json(body);
    let response = request.send().await.ok()?;
    let status = response.status();
    let (answer, is_open) = (response.json::<Value>().await.ok()?, status == StatusCode::CONFLICT);
    if is_open || status == StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    assert!(status.is_success(), "{path} {key}: {status} {answer}");
    Some(tests::id_of(&answer))
}
