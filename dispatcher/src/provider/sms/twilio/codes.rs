//! Twilio's error codes (twilio.com/docs/api/errors/CODE) as classes.

use domain::deliveries::{FailureClass, Observation};

/// The person has answered STOP: no text will reach this number from us.
pub(super) const OPTED_OUT: u64 = 21610;

/// The class of a code, or `None` for one that is in no table.
pub(super) fn class_of(code: u64) -> Option<FailureClass> {
    match code {
        // Not a number, a short code, not a mobile, a landline, unknown destination or handset.
        21211 | 21265 | 21614 | 21635 | 30005 | 30006 => Some(FailureClass::PermanentAddress),
        // The handset is off or out of reach.
        30003 => Some(FailureClass::Transient),
        // Blocked, filtered by the carrier, or a country not enabled for the account.
        30004 | 30007 | 21408 => Some(FailureClass::PolicyReputation),
        // Too many requests, too many messages to one number, or a full queue of the sender or the messaging service.
        20429 | 14107 | 21611 | 30001 => Some(FailureClass::Throttled),
        // Over a carrier's limit in the United States (rate, T-Mobile's day), or the account's own (rate, day).
        30022 | 30023 | 63017 | 63038 => Some(FailureClass::Throttled),
        // Credentials, an account that is not active or suspended, a trial account's unverified number.
        20003 | 20005 | 21608 | 30002 => Some(FailureClass::ConfigAuth),
        // The sender is missing, no number of the account, of another account, or cannot send SMS there.
        21212 | 21603 | 21606 | 21659 | 21660 | 21661 => Some(FailureClass::ConfigAuth),
        // The messaging service is not found, has no sender, or its sid is invalid; the sender is not registered.
        21701 | 21703 | 21705 | 30034 | 30035 => Some(FailureClass::ConfigAuth),
        // No body, or a body over 1,600 characters.
        21602 | 21617 => Some(FailureClass::PermanentContent),
        _ => None,
    }
}

/// What a code says beyond its class.
pub(super) const fn meaning_of(code: u64) -> Option<Observation> {
    Some(match code {
        // A short code, not a mobile, a landline or a handset that takes no SMS.
        21265 | 21614 | 30006 => Observation::AddressUnusable,
        30003 => Observation::PhoneUnreachable,
        30004 | 30007 => Observation::CarrierBlocked,
        OPTED_OUT => Observation::OptedOut,
        _ => return None,
    })
}

/// Whether it refuses the account, whatever the message: its credentials, that it is not active, that it is suspended.
pub(super) const fn is_of_the_account(code: u64) -> bool {
    matches!(code, 20003 | 20005 | 30002)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_class() {
        use FailureClass::*;
        let table: [(&[u64], FailureClass); 6] = [
            (&[21211, 21265, 21614, 21635, 30005, 30006], PermanentAddress),
            (&[30003], Transient),
            (&[30004, 30007, 21408], PolicyReputation),
            (&[30001, 20429, 14107, 21611, 30022, 30023, 63017, 63038], Throttled),
            (
                &[20003, 20005, 21606, 21608, 21659, 21660, 21661, 21701, 21703, 21705, 30002, 30034, 30035],
                ConfigAuth,
            ),
            (&[21602, 21617], PermanentContent),
        ];
        for (codes, class) in table {
            for code in codes {
                assert_eq!(class_of(*code), Some(class), "{code}");
            }
        }
        assert_eq!(class_of(0), None);
    }

    #[test]
    fn a_code_that_says_more_than_its_class_has_a_word() {
        use Observation::*;
        let table: [(&[u64], Option<Observation>); 4] = [
            (&[21265, 21614, 30006], Some(AddressUnusable)),
            (&[30003], Some(PhoneUnreachable)),
            (&[30004, 30007], Some(CarrierBlocked)),
            (&[21211, 21408, 20003, 30001, 21617, 99999], None),
        ];
        for (codes, word) in table {
            for code in codes {
                assert_eq!(meaning_of(*code), word, "{code}");
            }
        }
    }

    #[test]
    fn a_sender_that_is_refused_may_be_refused_for_one_recipient_only() {
        assert!([20003, 20005, 30002].into_iter().all(is_of_the_account));
        assert!(![21606, 21608, 21703, 30034].into_iter().any(is_of_the_account));
    }
}
