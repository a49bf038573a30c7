//! How urgent a message is.

use super::word::words;

words! {
    /// The priority of a message between workers.
    #[derive(Default)]
    Priority {
        /// As most are.
        #[default]
        Normal = "normal",
        /// To be seen first.
        High = "high",
    }
}
