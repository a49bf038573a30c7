//! The texts of problems in English.

use domain::company::{Limit, OverLimit};
use domain::rendering::{FaultReason, Part};
use domain::value::{Language, grouped};

use super::{changes, shown, size, times_of};
use crate::problem::{JsonType, Kind, Reason};

pub(in crate::problem) const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Malformed => "The request cannot be understood",
        Kind::Unauthenticated => "Not logged in",
        Kind::WrongCredentials => "Wrong e-mail or password",
        Kind::Forbidden => "Not permitted",
        Kind::CrossSite => "The request comes from another site",
        Kind::NotFound => "Not found",
        Kind::MethodNotAllowed => "Method not allowed",
        Kind::TimedOut => "The request took too long",
        Kind::Conflict => "Not possible as things stand",
        Kind::TooLarge => "The request is too large",
        Kind::UnsupportedMediaType => "Unsupported content type",
        Kind::Invalid => "Some fields need correcting",
        Kind::KeyReused => "The idempotency key was used before",
        Kind::TooManyRequests => "Too many attempts",
        Kind::NotImplemented => "Not supported",
        Kind::Internal => "Internal error",
        Kind::Unavailable => "Unavailable for the moment",
    }
}

pub(in crate::problem) const fn explanation(kind: Kind) -> &'static str {
    match kind {
        Kind::Malformed => "The request cannot be read.",
        Kind::Unauthenticated => "Log in, or send a valid token, and try again.",
        Kind::WrongCredentials => "Check the e-mail address and the password.",
        Kind::Forbidden => "Your roles or companies do not allow this.",
        Kind::CrossSite => "This is accepted only from the application itself.",
        Kind::NotFound => "It does not exist, or you have no access to it.",
        Kind::MethodNotAllowed => "This address does not take that method.",
        Kind::TimedOut => "The request did not arrive in time.",
        Kind::Conflict => "The present state does not allow this.",
        Kind::TooLarge => "The request is larger than is taken.",
        Kind::UnsupportedMediaType => "That content type is not taken here.",
        Kind::Invalid => "One or more fields are not valid.",
        Kind::KeyReused => "That idempotency key stands for another request.",
        Kind::TooManyRequests => "Wait a moment before trying again.",
        Kind::NotImplemented => "The request asks for what this server does not do.",
        Kind::Internal => "Something failed on our side. If it happens again, quote the trace id.",
        Kind::Unavailable => "The service is unavailable at the moment. Try again.",
    }
}

pub(in crate::problem) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Value(invalid) => invalid.text(Language::En),
        Reason::File(fault) => fault.text(Language::En),
        Reason::WrongType(expected) => format!("{} is expected.", json_type(*expected)),
        Reason::TooShort { min } => format!("It must have at least {min} characters."),
        Reason::OutOfRange { min, max } => format!("It must be a number between {min} and {max}."),
        Reason::NotJson { line, column } => format!("It is not valid JSON: line {line}, column {column}."),
        Reason::BodyTooLarge { max_bytes } => format!("The body cannot be larger than {}.", size(*max_bytes)),
        Reason::JsonTooLarge { max_bytes } => format!(
            "The body cannot be larger than {}. Limits of texts hold for UTF-8 without \\uXXXX escapes.",
            size(*max_bytes)
        ),
        Reason::TooManyValues { max } => {
            format!("The body may have {} JSON values at most.", grouped(*max, ','))
        }
        Reason::TooManyRecipients { max } => {
            format!("A message can go to {} people at most.", grouped(*max, ','))
        }
        Reason::Template(fault) => template(fault),
        Reason::Rendered { part, invalid } => {
            format!("With these values {} cannot be sent. {}", part_name(*part), invalid.text(Language::En))
        }
        Reason::UnknownVariable { name } => unknown_variable(name),
        Reason::TooManyVariables { max } => format!("A template can have {max} variables at most."),
        Reason::TooManyColumns { max } => format!("A client can have {max} own columns at most."),
        Reason::TooManyContacts { max } => format!("A client can have {max} contacts at most."),
        Reason::TooLateToWithdraw { window_s } => {
            format!("A message can be taken back only within {window_s} seconds of being sent.")
        }
        Reason::ExpiresBefore(times) => {
            let (expires, begins) = times_of(*times);
            format!("It would expire at {expires} and begin at {begins}. It has to expire after it begins.")
        }
        Reason::TooFar { max_days } => format!("It cannot be more than {max_days} days from now."),
        Reason::AudienceChanged { reachable, added, removed } => {
            let changes = changes(*added, *removed, "at least ");
            format!("The audience has changed ({changes}): it is {reachable} now. Check and confirm again.")
        }
        Reason::TooManyExternalIds { max } => {
            format!("The list can have at most {} external ids.", grouped(*max, ','))
        }
        Reason::TooManyIds { max } => format!("Too many: {} at most.", grouped(*max, ',')),
        Reason::TooManySegments { segments, max } => {
            format!("The longest SMS takes {segments} parts, and the maximum given is {max}.")
        }
        Reason::RetryNeedsApproval { people, max } => format!(
            "It would be sent again to {} people, and nobody has approved it: the company's limit without approval is {}. \
             Retry fewer, or request it anew.",
            grouped64(*people),
            grouped64(*max)
        ),
        Reason::OverLimit(OverLimit { limit, max, taken, asked }) => format!(
            "It would pass the company's limit of {}: {} of {} are used or promised, and it takes {}.",
            limit_name(*limit),
            grouped64(*taken),
            grouped64(*max),
            grouped64(*asked)
        ),
        other => plain(other).to_owned(),
    }
}

const fn plain(reason: &Reason) -> &'static str {
    match reason {
        Reason::UnknownField => "There is no such field here.",
        Reason::DuplicateField => "This field appears more than once.",
        Reason::Time => "It is not a valid RFC 3339 time, such as 2026-01-31T15:00:00Z.",
        Reason::Cursor => "It is not a cursor of this list.",
        Reason::UnknownId => "It does not exist.",
        Reason::NotHere => "It is not allowed beside the other fields.",
        Reason::NotUtf8 => "It is not valid UTF-8.",
        Reason::TooDeep => "It is nested too deeply.",
        Reason::BodyBroken => "The body broke off before its end.",
        Reason::Encoded => "The body must come as it is: without Content-Encoding.",
        Reason::NotJsonType => "application/json is expected.",
        Reason::NotCsvType => "text/csv is expected.",
        Reason::Host => "There must be exactly one header Host, with a name and its port.",
        Reason::TransferCoding => "The only transfer coding that is supported is chunked.",
        Reason::KeyMissing => "The header Idempotency-Key is missing.",
        Reason::KeyInvalid => "Idempotency-Key must be 1 to 255 visible ASCII characters.",
        Reason::KeyRunning => "The same request is still under way.",
        Reason::PastTheHead => "That position does not exist yet.",
        Reason::NobodyToTell => "There is no recipient.",
        Reason::EmailTaken => "Another user has that e-mail address already.",
        Reason::NoRole => "Choose at least one role.",
        Reason::ExternalIdTaken => "Another client of the company has that identifier already.",
        Reason::Expired => "The time of expiry is past.",
        Reason::Cancelled => "It was cancelled.",
        Reason::InThePast => "That time is past.",
        Reason::AlreadyBegun => "It has begun already.",
        Reason::NotInDoubt => "The delivery is not in doubt any more.",
        Reason::AwaitingApproval => "It awaits its approval: nothing leaves yet.",
        Reason::NotAwaitingApproval => "It does not await an approval any more.",
        Reason::OwnApproval => "Another person has to decide: you asked for it yourself.",
        Reason::Disabled => "The user is disabled.",
        Reason::OwnAccess => "You cannot take your own administrator access away.",
        Reason::Contended => "Somebody else is changing it at the same time. Try again.",
        Reason::Unconfirmed => "The confirmation does not belong to this request.",
        Reason::ConfirmationExpired => "The confirmation is too old. Check and confirm again.",
        Reason::NotCaughtUp => "The latest changes cannot be read yet. Try again.",
        Reason::Overloaded => "Too much work is waiting. Try again.",
        Reason::TooManyImports => {
            "Other files are being imported already. Try again when one of them is done."
        }
        Reason::TooManyAtOnce => {
            "You have too many requests of this kind under way. Try again when one of them is done."
        }
        Reason::DiskFull => "There is no room on disk for the file. Nothing was imported; try again later.",
        Reason::DeclaredTwice => "Another variable has this name.",
        Reason::NotTheTemplates => "It differs from the template, which keeps its channel and its company.",
        Reason::NoOwnAddress => "You have no address of this channel that the test could go to.",
        Reason::NotMobile => "No SMS reaches that number: it is not a mobile.",
        Reason::DeliveryOpen => "It is still being sent.",
        Reason::DeliverySent => "It was sent already, and is not sent twice.",
        Reason::DeliveryInDoubt => "Nobody can tell whether it was sent. End the doubt first.",
        Reason::DeliverySuppressed => "Nothing may be sent to this person.",
        Reason::AddressSuppressed => "The address is suppressed: nothing is sent to it on this channel.",
        Reason::PersonErased => "The data of the person was erased.",
        Reason::ContactGone => "The client has no contact with that address any more.",
        Reason::AlreadyAddressed => "Another delivery of this notification goes to that address.",
        Reason::AlreadyRetried => "It is already being sent to another address.",
        // Reasons with numbers: `reason` has their texts.
        Reason::Value(_)
        | Reason::File(_)
        | Reason::Template(_)
        | Reason::Rendered { .. }
        | Reason::UnknownVariable { .. }
        | Reason::TooManyVariables { .. }
        | Reason::WrongType(_)
        | Reason::TooShort { .. }
        | Reason::OutOfRange { .. }
        | Reason::NotJson { .. }
        | Reason::BodyTooLarge { .. }
        | Reason::JsonTooLarge { .. }
        | Reason::TooManyValues { .. }
        | Reason::TooManyRecipients { .. }
        | Reason::TooManyColumns { .. }
        | Reason::TooManyContacts { .. }
        | Reason::TooLateToWithdraw { .. }
        | Reason::TooFar { .. }
        | Reason::ExpiresBefore(_)
        | Reason::TooManyExternalIds { .. }
        | Reason::TooManyIds { .. }
        | Reason::TooManySegments { .. }
        | Reason::OverLimit(_)
        | Reason::RetryNeedsApproval { .. }
        | Reason::AudienceChanged { .. } => "",
    }
}

const fn limit_name(limit: Limit) -> &'static str {
    match limit {
        Limit::ApprovalAbove => "people without approval",
        Limit::SmsPerDay => "SMS a day",
        Limit::SmsPerMonth => "SMS a month",
        Limit::EmailsPerDay => "e-mails a day",
        Limit::EmailsPerMonth => "e-mails a month",
        Limit::SegmentsPerDay => "SMS parts a day",
        Limit::SegmentsPerMonth => "SMS parts a month",
        Limit::ForeignPerDay => "SMS abroad a day",
        Limit::PerRecipientPerHour => "messages an hour to one address",
        Limit::SmsPerSecond => "SMS a second",
        Limit::EmailsPerSecond => "e-mails a second",
    }
}

fn grouped64(number: u64) -> String {
    grouped(usize::try_from(number).unwrap_or(usize::MAX), ',')
}

fn template(fault: &FaultReason) -> String {
    match fault {
        FaultReason::Syntax { line } => format!("It is not a valid template: look at line {line}."),
        FaultReason::UnknownVariable { name } => unknown_variable(name),
        FaultReason::MissingColumn { name } => {
            format!("The client has no column “{}”, which the text names.", shown(name))
        }
        FaultReason::Markup => "It is not valid MJML.".into(),
        FaultReason::Unsupported { name, line } => {
            format!("Templates do not have “{}” of line {line}.", shown(name))
        }
        FaultReason::Fails { line } => {
            format!("The template fails in line {line}: a filter or function does not take that value.")
        }
        FaultReason::TooCostly => "The template takes too much work: shorten its loops or its text.".into(),
        FaultReason::Result(invalid) => invalid.text(Language::En),
    }
}

fn unknown_variable(name: &str) -> String {
    format!("The template has no variable “{}”.", shown(name))
}

const fn part_name(part: Part) -> &'static str {
    match part {
        Part::Subject => "the subject",
        Part::Body => "the text",
        Part::Html => "the HTML",
    }
}

const fn json_type(expected: JsonType) -> &'static str {
    match expected {
        JsonType::Object => "An object",
        JsonType::Array => "A list",
        JsonType::Text => "A text",
        JsonType::Integer => "A whole number",
        JsonType::Boolean => "true or false",
    }
}
