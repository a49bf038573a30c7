//! Twilio's error codes (twilio.com/docs/api/errors) as classes.

use domain::delivery::FailureClass;

/// The person has answered STOP: no text will reach this number from us.
pub(super) const OPTED_OUT: u64 = 21610;

/// The class of a code, or `None` for one that is in no table.
pub(super) fn class_of(code: u64) -> Option<FailureClass> {
    match code {
        // Not a number, not a mobile, a landline, unknown destination or handset.
        21211 | 21614 | 21635 | 30005 | 30006 => Some(FailureClass::PermanentAddress),
        // The handset is off or out of reach.
        30003 => Some(FailureClass::Transient),
        // Blocked, filtered by the carrier, or a country not enabled for the account.
        30004 | 30007 | 21408 => Some(FailureClass::PolicyReputation),
        // The queue is full, or too many requests.
        30001 | 20429 => Some(FailureClass::Throttled),
        20003 => Some(FailureClass::ConfigAuth),
        // No body, or a body over 1,600 characters.
        21602 | 21617 => Some(FailureClass::PermanentContent),
        // The sender is not a number of the account, or cannot send SMS.
        21606 | 21212 | 21603 => Some(FailureClass::ConfigAuth),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_class() {
        use FailureClass::*;
        let table: [(&[u64], FailureClass); 6] = [
            (&[21211, 21614, 21635, 30005, 30006], PermanentAddress),
            (&[30003], Transient),
            (&[30004, 30007, 21408], PolicyReputation),
            (&[30001, 20429], Throttled),
            (&[20003, 21606], ConfigAuth),
            (&[21602, 21617], PermanentContent),
        ];
        for (codes, class) in table {
            for code in codes {
                assert_eq!(class_of(*code), Some(class), "{code}");
            }
        }
        assert_eq!(class_of(0), None);
    }
}
