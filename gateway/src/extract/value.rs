//! The types that are read from one JSON value.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::deliveries::Resolution;
use domain::suppression::SuppressionCause;
use domain::value::{
    Category, Channel, ClientId, ColumnName, ColumnText, CompanyId, ContactKind, CountryCode, DeliveryId,
    EmailAddress, EmailBody, ExternalId, HtmlBody, Invalid, Locale, LogoUrl, MessageBody, MessageId, Name,
    NotificationId, PhoneNumber, Priority, RecipientKind, Role, SmsBody, StatedReason, Subject, TemplateId,
    TimeZone, UserId, VariableName, VariableText,
};
use serde_json::Value;

use super::fields::{Fields, FromFields, FromJson, Spot};
use super::text::{FromText, Password, Short};
use crate::problem::{JsonType, Reason};

macro_rules! texts {
    ($($name:ty),+ $(,)?) => {
        $(impl FromJson for $name {
            fn from_json(value: Value, spot: &mut Spot<'_>) -> Option<Self> {
                let Value::String(text) = value else { return spot.refuse(Reason::WrongType(JsonType::Text)) };
                Self::from_text(&text).map_or_else(|reason| spot.refuse(reason), Some)
            }
        })+
    };
}

texts!(
    Category,
    Channel,
    ClientId,
    ColumnText,
    CompanyId,
    ContactKind,
    CountryCode,
    DateTime<Utc>,
    DeliveryId,
    EmailAddress,
    EmailBody,
    ExternalId,
    HtmlBody,
    Locale,
    LogoUrl,
    MessageBody,
    MessageId,
    Name,
    NotificationId,
    Password,
    PhoneNumber,
    Priority,
    RecipientKind,
    Resolution,
    Role,
    Short,
    SmsBody,
    StatedReason,
    Subject,
    SuppressionCause,
    TemplateId,
    TimeZone,
    UserId,
    VariableName,
    VariableText,
);

impl FromJson for bool {
    fn from_json(value: Value, spot: &mut Spot<'_>) -> Option<Self> {
        value.as_bool().or_else(|| spot.refuse(Reason::WrongType(JsonType::Boolean)))
    }
}

impl FromJson for i64 {
    fn from_json(value: Value, spot: &mut Spot<'_>) -> Option<Self> {
        value.as_i64().or_else(|| spot.refuse(Reason::WrongType(JsonType::Integer)))
    }
}

impl<T: FromFields> FromJson for T {
    fn from_json(value: Value, spot: &mut Spot<'_>) -> Option<Self> {
        Fields::read(value, spot.here())
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Value::Array(elements) = value else { return spot.refuse(Reason::WrongType(JsonType::Array)) };
        let read = |(index, element)| T::from_json(element, &mut spot.at(&usize::to_string(&index)));
        // Collect every element first, so that the faults of all elements are found.
        let all: Vec<Option<T>> = elements.into_iter().enumerate().map(read).collect();
        all.into_iter().collect()
    }
}

/// The name of a member of an object that may have any.
trait MemberName: Ord + Sized {
    fn of(name: &str) -> Result<Self, Invalid>;
}

impl MemberName for String {
    fn of(name: &str) -> Result<Self, Invalid> {
        Ok(name.to_owned())
    }
}

impl MemberName for ColumnName {
    fn of(name: &str) -> Result<Self, Invalid> {
        Self::try_new(name)
    }
}

impl<N: MemberName, T: FromJson> FromJson for BTreeMap<N, T> {
    fn from_json(value: Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Value::Object(members) = value else { return spot.refuse(Reason::WrongType(JsonType::Object)) };
        let read = |(name, member): (String, Value)| {
            let value = T::from_json(member, &mut spot.at(&name));
            match N::of(&name) {
                Ok(name) => value.map(|value| (name, value)),
                Err(invalid) => spot.at(&name).refuse(invalid),
            }
        };
        // Collect every member first, so that the faults of all members are found.
        let all: Vec<Option<(N, T)>> = members.into_iter().map(read).collect();
        all.into_iter().collect()
    }
}

impl<T: FromJson + Ord> FromJson for BTreeSet<T> {
    fn from_json(value: Value, spot: &mut Spot<'_>) -> Option<Self> {
        Vec::from_json(value, spot).map(|all: Vec<T>| all.into_iter().collect())
    }
}
