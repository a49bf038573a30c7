//! The names of Infobip's statuses and errors (infobip.com/docs/essentials/api-essentials/response-status-and-error-codes)
//! as classes. Names say what numbers do not, and go to operators as they are.

use domain::deliveries::{FailureClass, Observation};
use serde_json::Value;

use crate::provider::sms::fields::word;

/// The longest name that is kept; Infobip's have up to 50 letters.
const NAME_MAX: usize = 60;

/// What a `status` object says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// On its way, or said to be lost track of.
    Pending,
    /// The handset has it.
    Delivered,
    /// The message was taken and given up.
    GivenUp,
    /// The message was not taken.
    Rejected,
}

/// The state by a status object's group and name. None: it is no status object.
pub(super) fn state(status: &Value) -> Option<State> {
    match (word(status.get("groupId")?)?.as_str(), name(status).as_deref()) {
        // The operator has it, and the handset may not; or nobody knows whether the handset has it.
        (_, Some("DELIVERED_TO_OPERATOR" | "EXPIRED_DLR_UNKNOWN")) => Some(State::Pending),
        ("0" | "1", _) => Some(State::Pending),
        ("2" | "4", _) => Some(State::GivenUp),
        ("3", _) => Some(State::Delivered),
        ("5", _) => Some(State::Rejected),
        _ => None,
    }
}

/// The name of a status or an error. None: it has none, or one that may be a person's number.
pub(super) fn name(object: &Value) -> Option<String> {
    let name = word(object.get("name")?)?;
    let is_name = name.len() <= NAME_MAX
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(name)
}

/// The person wants no messages: an answer STOP, a list of the operator's, or a list of the account's.
pub(super) fn is_opt_out(name: &str) -> bool {
    matches!(
        name,
        "REJECTED_DND"
            | "REJECTED_DESTINATION_BLOCKLISTED"
            | "EC_BLACKLISTED_DESTINATIONADDRESS"
            | "EC_CONTENT_BLOCKED"
            | "EC_SC_BLOCKED_BY_END_USER"
    )
}

/// The class of a status or an error, or `None` for one that is in no table.
pub(super) fn class_of(name: &str) -> Option<FailureClass> {
    Some(match name {
        // No number, a number of nobody, or one that takes no SMS.
        "REJECTED_PREFIX_MISSING"
        | "REJECTED_DESTINATION"
        | "MISSING_TO"
        | "EC_UNKNOWN_SUBSCRIBER"
        | "EC_UNIDENTIFIED_SUBSCRIBER"
        | "EC_TELESERVICE_NOT_PROVISIONED"
        | "EC_INVALID_DESTINATION_ADDRESS"
        | "EC_INVALID_REQUEST_DESTINATION"
        | "EC_DEACTIVATED_LIST"
        | "EC_DESTINATION_NOT_SMS_PROVISIONED"
        | "EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS" => FailureClass::PermanentAddress,
        // The handset is off, full or out of reach; a failure of the network or of the platform.
        "EC_ABSENT_SUBSCRIBER"
        | "EC_ABSENT_SUBSCRIBER_SM"
        | "EC_SM_DF_MEMORYCAPACITYEXCEEDED"
        | "EC_SUBSCRIBER_BUSY_FOR_MT_SMS"
        | "EC_SM_DELIVERY_FAILURE"
        | "EC_SYSTEM_FAILURE"
        | "EC_NO_RESPONSE"
        | "EC_VALIDITY_EXPIRED"
        | "EXPIRED_EXPIRED"
        | "REJECTED_SYSTEM_ERROR"
        | "UNDELIVERABLE_REJECTED_PLATFORM" => FailureClass::Transient,
        // Too many messages to one number, or over a carrier's limit.
        "REJECTED_FLOODING_FILTER"
        | "EC_DESTINATION_FLOODING"
        | "EC_DESTINATION_TXT_FLOODING"
        | "EC_LIMIT_REACHED"
        | "EC_QUOTA_REACHED" => FailureClass::Throttled,
        // A network that the account does not reach, a filter against fraud or spam, a sender that a carrier blocks.
        "REJECTED_NETWORK"
        | "SIGNALS_BLOCKED"
        | "EC_SIGNALS_BLOCKED"
        | "EC_CONTENT_BLOCKED_BY_OPERATOR"
        | "EC_REJECTED_SPAM_BY_OPERATOR"
        | "EC_BLOCKED_BY_CAMPAIGN_BLACKLIST"
        | "EC_SC_BLOCKED"
        | "EC_SC_BLOCKED_FOR_END_USER"
        | "EC_DESTINATION_BLOCKED_BY_OPERATOR" => FailureClass::PolicyReputation,
        // The sender is not registered or blocked, no route, a trial account, no credit.
        "REJECTED_SOURCE"
        | "REJECTED_SENDER"
        | "REJECTED_ROUTE_NOT_AVAILABLE"
        | "REJECTED_DESTINATION_NOT_REGISTERED"
        | "REJECTED_NOT_ENOUGH_CREDITS"
        | "REJECTED_PREPAID_PACKAGE_EXPIRED"
        | "EC_INVALID_SOURCE_ADDRESS"
        | "EC_BLACKLISTED_SENDERADDRESS"
        | "EC_ACCOUNT_ACCESS_DENIED"
        | "EC_MONTHLY_LIMIT_REACHED" => FailureClass::ConfigAuth,
        "REJECTED_MESSAGE_TOO_LONG" | "REJECTED_INVALID_UDH" | "EC_MSG_TEXT_TOO_LONG" => {
            FailureClass::PermanentContent
        }
        _ => return None,
    })
}

/// What a name says beyond its class.
pub(super) fn meaning_of(name: &str) -> Option<Observation> {
    Some(match name {
        "EC_ABSENT_SUBSCRIBER" | "EC_ABSENT_SUBSCRIBER_SM" => Observation::PhoneUnreachable,
        "EC_TELESERVICE_NOT_PROVISIONED"
        | "EC_DESTINATION_NOT_SMS_PROVISIONED"
        | "EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS" => Observation::AddressUnusable,
        "EC_CONTENT_BLOCKED_BY_OPERATOR"
        | "EC_REJECTED_SPAM_BY_OPERATOR"
        | "EC_SC_BLOCKED"
        | "EC_SC_BLOCKED_FOR_END_USER"
        | "EC_DESTINATION_BLOCKED_BY_OPERATOR" => Observation::CarrierBlocked,
        name if is_opt_out(name) => Observation::OptedOut,
        _ => return None,
    })
}

/// Whether it refuses the account, whatever the message.
pub(super) fn is_of_the_account(name: &str) -> bool {
    matches!(
        name,
        "REJECTED_NOT_ENOUGH_CREDITS"
            | "REJECTED_PREPAID_PACKAGE_EXPIRED"
            | "EC_ACCOUNT_ACCESS_DENIED"
            | "EC_MONTHLY_LIMIT_REACHED"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_has_the_state_of_its_group_unless_its_name_says_less() {
        let table = [
            (json!({"groupId": 1, "name": "PENDING_ACCEPTED"}), Some(State::Pending)),
            (json!({"groupId": "1"}), Some(State::Pending)),
            (json!({"groupId": 2, "name": "UNDELIVERABLE_NOT_DELIVERED"}), Some(State::GivenUp)),
            (json!({"groupId": 3, "name": "DELIVERED_TO_OPERATOR"}), Some(State::Pending)),
            (json!({"groupId": 3, "name": "DELIVERED_TO_HANDSET"}), Some(State::Delivered)),
            (json!({"groupId": 4, "name": "EXPIRED_EXPIRED"}), Some(State::GivenUp)),
            (json!({"groupId": 4, "name": "EXPIRED_DLR_UNKNOWN"}), Some(State::Pending)),
            (json!({"groupId": 5, "name": "REJECTED_NETWORK"}), Some(State::Rejected)),
            (json!({"groupId": 9, "name": "NEW"}), None),
            (json!({"name": "PENDING_ACCEPTED"}), None),
            (json!([]), None),
        ];
        for (status, expected) in table {
            assert_eq!(state(&status), expected, "{status}");
        }
    }

    #[test]
    fn a_name_that_may_be_a_persons_number_is_not_kept() {
        assert_eq!(name(&json!({"name": "EC_NO_RESPONSE"})).as_deref(), Some("EC_NO_RESPONSE"));
        for none in [
            json!(573001234567_u64),
            json!("573001234567"),
            json!("to Ana"),
            json!("X".repeat(61)),
            json!(null),
        ] {
            assert_eq!(name(&json!({"name": none})), None, "{none}");
        }
    }
}
