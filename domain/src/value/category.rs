//! What a notification is about.

use super::word::words;

words! {
    /// The class of a notification: it decides contact hours and what happens when a send is in doubt.
    Category {
        /// An alarm or a matter strictly of the contracted service; never deferred.
        Operational = "operational",
        /// About the service, but not urgent.
        Service = "service",
        /// Collection of a debt.
        Collection = "collection",
        /// Advertising.
        Commercial = "commercial",
    }
}
