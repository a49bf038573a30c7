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

impl Category {
    /// Whether its mails have a link to unsubscribe: what a person may refuse without missing an alarm or a matter of the
    /// service.
    pub const fn offers_opt_out(self) -> bool {
        matches!(self, Self::Collection | Self::Commercial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_unsubscribes_from_alarms() {
        let offering = Category::ALL.iter().filter(|category| category.offers_opt_out());
        assert!(offering.eq(&[Category::Collection, Category::Commercial]));
    }
}
