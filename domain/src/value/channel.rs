//! The ways a notification can go.

use super::word::words;

words! {
    /// How a notification reaches its recipients.
    Channel {
        /// A text message to a telephone.
        Sms = "sms",
        /// An e-mail.
        Email = "email",
    }
}
