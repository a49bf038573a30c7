//! The last contents of a provider, so that each is encoded once and not once a recipient.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lettre::message::Mailbox;

use super::content::Content;
use crate::provider::{Outgoing, failure::Failure};

/// How many contents are kept: more than the notifications that a provider usually sends at once, few enough that their
/// size does not matter.
const CONTENTS_MAX: usize = 8;

/// The contents that were used last, shared by all connections of a provider.
#[derive(Default)]
pub(super) struct ContentCache {
    /// The newest first.
    contents: Mutex<VecDeque<Arc<Content>>>,
}

impl ContentCache {
    /// The content of this message. It is recognised by its text, not by the notification's id. A text for one person is
    /// not kept.
    pub(super) fn get(&self, from: &Mailbox, outgoing: &Outgoing) -> Result<Arc<Content>, Failure> {
        if outgoing.is_personal {
            return Content::try_new(from, outgoing).map(Arc::new);
        }
        if let Some(known) = self.find(outgoing) {
            return Ok(known);
        }
        // Encode outside the lock, because large bodies take milliseconds. Two connections may sometimes encode the
        // same content.
        let content = Arc::new(Content::try_new(from, outgoing)?);
        let mut contents = self.lock();
        contents.push_front(Arc::clone(&content));
        contents.truncate(CONTENTS_MAX);
        Ok(content)
    }

    fn find(&self, outgoing: &Outgoing) -> Option<Arc<Content>> {
        let mut contents = self.lock();
        let place = contents.iter().position(|content| content.is_of(outgoing))?;
        let found = contents.remove(place)?;
        contents.push_front(Arc::clone(&found));
        Some(found)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Content>>> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text stays out of logs.
impl fmt::Debug for ContentCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentCache").field("kept", &self.lock().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn saying(body: &str, to: &str) -> Outgoing {
        Outgoing {
            delivery_id: Uuid::from_u128(7).into(),
            generation: 1,
            attempt: 1,
            to: to.into(),
            to_name: None,
            subject: None,
            body: body.into(),
            html: None,
            is_personal: false,
            requested_at: DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time"),
            returns: Default::default(),
        }
    }

    fn get(cache: &ContentCache, body: &str, to: &str) -> Arc<Content> {
        let from = "avisos@mensajeria.example".parse().expect("a mailbox");
        cache.get(&from, &saying(body, to)).expect("a content")
    }

    #[test]
    fn what_is_sent_to_many_is_encoded_once() {
        let cache = ContentCache::default();
        let first = get(&cache, "Hola", "ana@example.com");
        let other = get(&cache, "Adiós", "ana@example.com");
        assert!(Arc::ptr_eq(&first, &get(&cache, "Hola", "eva@example.com")));
        assert!(Arc::ptr_eq(&other, &get(&cache, "Adiós", "eva@example.com")));
        assert!(!Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn only_the_contents_used_last_are_kept() {
        let cache = ContentCache::default();
        let [used, unused] = ["used", "unused"].map(|body| get(&cache, body, "ana@example.com"));
        for number in 0..CONTENTS_MAX - 1 {
            get(&cache, "used", "ana@example.com");
            get(&cache, &number.to_string(), "ana@example.com");
        }
        assert_eq!(cache.lock().len(), CONTENTS_MAX);
        assert!(Arc::ptr_eq(&used, &get(&cache, "used", "ana@example.com")));
        assert!(!Arc::ptr_eq(&unused, &get(&cache, "unused", "ana@example.com")));
    }

    #[test]
    fn a_text_for_one_person_is_not_kept() {
        let cache = ContentCache::default();
        let from = "avisos@mensajeria.example".parse().expect("a mailbox");
        let personal = Outgoing { is_personal: true, ..saying("Hola, Ana", "ana@example.com") };
        assert!(cache.get(&from, &personal).is_ok());
        assert_eq!(cache.lock().len(), 0);
    }

    #[test]
    fn a_content_that_cannot_be_encoded_is_not_kept() {
        let cache = ContentCache::default();
        let from = "avisos@mensajeria.example".parse().expect("a mailbox");
        assert!(cache.get(&from, &saying("a\0b", "ana@example.com")).is_err());
        assert_eq!(cache.lock().len(), 0);
    }

    #[test]
    fn a_cache_prints_no_text() {
        let cache = ContentCache::default();
        get(&cache, "secreto", "ana@example.com");
        assert!(!format!("{cache:?}").contains("secreto"));
    }
}
