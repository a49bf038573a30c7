//! The enumerations of the API: texts that are one of a few words. The OpenAPI document lists the words, from the types
//! that define them.
//!
//! Sets that grow without notice are left out: reasons and types of events, codes and texts of providers, names.

use domain::company::Limit;
use domain::deliveries::{DeliveryState, FailureClass, Observation, Phase, Resolution, SuppressionReason};
use domain::import::Column;
use domain::notification::{ApprovalState, NotificationState};
use domain::suppression::SuppressionCause;
use domain::value::sms::SmsEncoding;
use domain::value::{Category, Channel, ContactKind, Priority, RecipientKind, Role};
use projections::Projection;
use projections::queries::deliveries::{AttemptOutcome, ShownState};
use serde_json::Value;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{ArrayItems, Schema, SchemaType};
use utoipa::openapi::{OpenApi, RefOr, Type};

/// The words of an enumeration.
type Words = Vec<&'static str>;

/// The properties of schemas, each with the schemas that it has those words in.
fn properties() -> Vec<(&'static str, &'static [&'static str], Words)> {
    vec![
        (
            "channel",
            &[
                "AddSuppression",
                "ArrivalView",
                "AuditEntry",
                "DeliveryRow",
                "NotificationHead",
                "FailedDeliveries",
                "NewNotification",
                "NewTemplate",
                "NewVersion",
                "NotificationRow",
                "PauseProvider",
                "ProviderView",
                "ResumeProvider",
                "SuppressionRow",
                "TemplateRow",
            ],
            Channel::WORDS.to_vec(),
        ),
        (
            "category",
            &["NewNotification", "NewTemplate", "NewVersion", "NotificationRow", "TemplateRow"],
            Category::WORDS.to_vec(),
        ),
        ("recipient_kind", &["NewNotification", "NotificationRow"], RecipientKind::WORDS.to_vec()),
        ("kind", &["ContactFields", "ContactRow"], ContactKind::WORDS.to_vec()),
        ("contact_kind", &["DeliveryRow"], ContactKind::WORDS.to_vec()),
        ("priority", &["InboxItem", "NewMessage", "SentMessage"], Priority::WORDS.to_vec()),
        ("roles", &["ChangeUser", "CreateUser", "Me", "NewMessage", "UserRow"], Role::WORDS.to_vec()),
        ("encoding", &["SmsView"], SmsEncoding::WORDS.to_vec()),
        ("column", &["ImportError"], Column::WORDS.to_vec()),
        ("state", &["DeliveryRow"], ShownState::WORDS.to_vec()),
        ("state", &["FailedDeliveries"], vec!["failed"]),
        ("state", &["NotificationRow"], NotificationState::WORDS.to_vec()),
        ("state", &["ProviderView"], vec!["ready", "probing", "resting"]),
        ("cause", &["ProviderView"], vec!["config", "outage", "doubt", "refusals", "stalled", "no_process"]),
        ("state", &["ApprovalRow"], ApprovalState::WORDS.to_vec()),
        ("outcome", &["AttemptRow"], [&outcomes()[..], &[AttemptOutcome::PassedOn.as_str()]].concat()),
        ("outcome", &["Cause"], causes()),
        ("outcome", &["ResolveDelivery"], Resolution::WORDS.to_vec()),
        ("outcome", &["ArrivalView"], vec!["accepted", "accepted_then_cut", "refused", "lost"]),
        ("result", &["AuditEntry"], [&outcomes()[..], &["done", "unreadable"]].concat()),
        ("class", &["AttemptRow", "FailedDeliveries"], class()),
        ("phase", &["AttemptRow"], Phase::WORDS.to_vec()),
        ("observed", &["AttemptRow"], Observation::WORDS.to_vec()),
        // Unknown parts of a cause are empty.
        ("class", &["Cause"], [&class()[..], &[""]].concat()),
        ("phase", &["Cause"], [Phase::WORDS, &[""]].concat()),
        ("observed", &["Cause"], [Observation::WORDS, &[""]].concat()),
        ("name", &["LimitUse"], measured()),
        ("limit", &["OverLimitView", "OverLimitRow"], measured()),
        ("reason", &["AddSuppression", "SuppressionRow"], SuppressionCause::WORDS.to_vec()),
        ("name", &["ProjectionStatus"], projections()),
        ("in", &["ProblemError"], vec!["body", "query", "header"]),
    ]
}

/// The parameters of paths and queries, by method and path.
fn parameters() -> Vec<(&'static str, &'static str, &'static str, Words)> {
    vec![
        ("get", "/audit", "hide", vec!["receipts"]),
        ("get", "/deliveries", "state", ShownState::WORDS.to_vec()),
        ("get", "/deliveries", "class", class()),
        ("get", "/deliveries", "channel", Channel::WORDS.to_vec()),
        ("get", "/deliveries/count", "state", ShownState::WORDS.to_vec()),
        ("get", "/deliveries/count", "class", class()),
        ("get", "/deliveries/count", "channel", Channel::WORDS.to_vec()),
        ("get", "/inbox", "state", vec!["all", "unread", "read"]),
        ("get", "/notifications", "state", NotificationState::WORDS.to_vec()),
        ("get", "/notifications/{id}/deliveries", "state", ShownState::WORDS.to_vec()),
        ("get", "/simulator/messages", "channel", Channel::WORDS.to_vec()),
        ("get", "/suppressions", "channel", Channel::WORDS.to_vec()),
        ("get", "/suppressions", "reason", SuppressionCause::WORDS.to_vec()),
        ("get", "/templates", "channel", Channel::WORDS.to_vec()),
        ("get", "/users", "active", vec!["true", "false", "all"]),
        ("post", "/projections/{name}/rebuild", "name", projections()),
    ]
}

/// The kinds of failure, and the reasons why nothing may be sent.
fn class() -> Words {
    [FailureClass::WORDS, SuppressionReason::WORDS].concat()
}

/// The outcomes of an attempt.
fn outcomes() -> Words {
    let all = DeliveryState::ALL.iter().filter(|state| **state != DeliveryState::Pending);
    all.map(|state| state.as_str()).collect()
}

/// The outcomes that have a cause.
fn causes() -> Words {
    let all = DeliveryState::ALL.iter().filter(|state| state.has_a_cause());
    all.map(|state| state.as_str()).collect()
}

/// The limits that a notification can pass.
fn measured() -> Words {
    Limit::ALL.iter().filter(|limit| limit.measure().is_some()).map(|limit| limit.as_str()).collect()
}

fn projections() -> Words {
    Projection::ALL.iter().map(|projection| projection.name()).collect()
}

/// Adds the words to every enumerated text.
pub(super) fn list(document: &mut OpenApi) {
    for (name, schemas, words) in properties() {
        for schema in schemas {
            in_schemas(document, schema, name, &words);
        }
    }
    for (method, path, name, words) in parameters() {
        let operation = document.paths.paths.get_mut(path).and_then(|item| operation(item, method));
        in_parameter(operation, name, &words);
    }
}

/// Pages repeat the schema of their rows.
fn in_schemas(document: &mut OpenApi, schema: &str, property: &str, words: &[&'static str]) {
    let Some(components) = &mut document.components else { return };
    if let Some(whole) = components.schemas.get_mut(schema) {
        in_property(whole, property, words);
    }
    let page = components.schemas.get_mut(&format!("Page_{schema}"));
    if let Some(row) = page.and_then(|page| property_of(page, "data")).and_then(items_of) {
        in_property(row, property, words);
    }
}

fn in_property(whole: &mut RefOr<Schema>, property: &str, words: &[&'static str]) {
    if let Some(schema) = property_of(whole, property) {
        close(schema, words);
    }
}

fn in_parameter(operation: Option<&mut Operation>, name: &str, words: &[&'static str]) {
    for parameter in operation.and_then(|operation| operation.parameters.as_mut()).into_iter().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.name == name
            && let Some(schema) = &mut parameter.schema
        {
            close(schema, words);
        }
    }
}

/// Restricts a text, or the texts of a list, to these words; null stays allowed if the property is optional.
fn close(schema: &mut RefOr<Schema>, words: &[&'static str]) {
    if let Some(items) = items_of(schema) {
        return close(items, words);
    }
    let RefOr::T(Schema::Object(text)) = schema else { return };
    let is_nullable = matches!(&text.schema_type, SchemaType::Array(types) if types.contains(&Type::Null));
    let words = words.iter().map(|word| Value::from(*word));
    text.enum_values = Some(words.chain(is_nullable.then_some(Value::Null)).collect());
}

fn property_of<'a>(schema: &'a mut RefOr<Schema>, name: &str) -> Option<&'a mut RefOr<Schema>> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.properties.get_mut(name),
        // A shape that includes another one: the parts of `allOf`.
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().find_map(|part| property_of(part, name)),
        _ => None,
    }
}

fn items_of(schema: &mut RefOr<Schema>) -> Option<&mut RefOr<Schema>> {
    match schema {
        RefOr::T(Schema::Array(array)) => match &mut array.items {
            ArrayItems::RefOrSchema(items) => Some(items),
            ArrayItems::False => None,
        },
        _ => None,
    }
}

const fn operation<'a>(item: &'a mut PathItem, method: &str) -> Option<&'a mut Operation> {
    match method.as_bytes() {
        b"get" => item.get.as_mut(),
        b"post" => item.post.as_mut(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that are not enumerated: free text, foreign codes, or sets that grow without notice.
    const OPEN: &[&str] = &[
        "body",
        "html",
        "unsubscribe",
        "subject",
        "name",
        "contact",
        "address",
        "note",
        "to",
        "from",
        "phone",
        "email",
        "detail",
        "title",
        "failure",
        "value",
        "locale",
        "time_zone",
        "country",
        "external_id",
        "id",
        "code",
        "type",
        "next",
        "after",
        "provider",
        "reference",
        "pointer",
        "trace_id",
        "confirm_token",
        "currency",
        "month",
        "day",
        "forcing_characters",
        "lost_characters",
        "reason",
        "external_ids",
        "excluded",
        "last_hour",
        "variables",
        "columns",
        "logo_url",
        "default",
        "sample",
        "as_of",
        "If-None-Match",
        "ETag",
        "leaf",
        "root",
        "proof",
        "checkpoint",
    ];

    /// Calls `see` with the name and schema of every named part of the document.
    fn walk(value: &Value, name: &str, see: &mut impl FnMut(&str, &Value)) {
        match value {
            Value::Object(members) => {
                see(name, value);
                let own =
                    members.get("name").and_then(Value::as_str).filter(|_| members.contains_key("schema"));
                for (key, member) in members {
                    let is_transparent =
                        matches!(key.as_str(), "schema" | "items" | "propertyNames" | "additionalProperties");
                    walk(member, if is_transparent { own.unwrap_or(name) } else { key }, see);
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| walk(element, name, see)),
            _ => {}
        }
    }

    fn is_plain_text(schema: &Value) -> bool {
        let is_text = schema["type"] == "string"
            || schema["type"].as_array().is_some_and(|types| types.iter().any(|one| one == "string"));
        is_text && ["enum", "format", "maxLength", "pattern"].iter().all(|says| schema.get(says).is_none())
    }

    #[test]
    fn every_text_of_the_api_has_its_words_or_is_known_to_be_any_text() {
        let document = serde_json::to_value(crate::api::openapi()).unwrap();
        let mut unknown = Vec::new();
        walk(&document, "", &mut |name, schema| {
            if is_plain_text(schema) && !OPEN.contains(&name) && !name.contains('/') {
                unknown.push(name.to_owned());
            }
        });
        assert_eq!(unknown, Vec::<String>::new());
    }

    #[test]
    fn every_row_of_the_tables_finds_its_text() {
        let document = serde_json::to_value(crate::api::openapi()).unwrap();
        for (name, schemas, words) in properties() {
            for schema in schemas {
                let whole = &document["components"]["schemas"][schema];
                let (mut own, mut said) = (Value::Null, false);
                walk(whole, "", &mut |at, text| {
                    if at == name && text.get("enum").is_some() {
                        (own, said) = (text["enum"].clone(), true);
                    }
                });
                let own: Vec<_> = own.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                assert!(said && own == words, "{schema}.{name}: {own:?}");
            }
        }
        for (method, path, name, words) in parameters() {
            let parameters = document["paths"][path][method]["parameters"].as_array().unwrap();
            let own = parameters.iter().find(|parameter| parameter["name"] == name).unwrap();
            assert_eq!(own["schema"]["enum"], Value::from(words), "{method} {path} {name}");
        }
    }

    #[test]
    fn a_text_that_may_be_absent_may_be_null() {
        let document = serde_json::to_value(crate::api::openapi()).unwrap();
        let channel = &document["components"]["schemas"]["AuditEntry"]["properties"]["channel"];
        assert_eq!(channel["enum"], serde_json::json!(["sms", "email", null]));
    }
}
