//! Bodies of requests for flows.

use std::fmt::Display;

use serde_json::{Value, json};

/// A message to people.
pub fn message_to<T: Display>(recipients: &[T], text: &str) -> Value {
    let recipients: Vec<String> = recipients.iter().map(T::to_string).collect();
    json!({ "recipients": recipients, "body": text })
}

/// An SMS of category `service` to all clients of a company.
pub fn sms_to(company: impl Display, text: &str) -> Value {
    json!({
        "company_id": company.to_string(), "channel": "sms", "recipient_kind": "everyone", "category": "service",
        "body": text,
    })
}

/// An e-mail of category `service` to all clients of a company.
pub fn email_to(company: impl Display, subject: &str, text: &str) -> Value {
    json!({
        "company_id": company.to_string(), "channel": "email", "recipient_kind": "everyone", "category": "service",
        "subject": subject, "body": text,
    })
}

/// A client with itself as the only contact.
pub fn client_of(external_id: &str, name: &str, phone: Option<&str>, email: Option<&str>) -> Value {
    json!({
        "name": name, "external_id": external_id,
        "contacts": [{"kind": "holder", "name": name, "phone": phone, "email": email}],
    })
}
