//! How much of a page becomes one event: as many as the log takes, and not one more.

use domain::notification::Recipient;
use domain::personal::Personal;
use projections::queries::audience::Candidate;

/// How many bytes of recipients one chunk holds at most, sealed and as JSON. See [`commands::log::EVENT_BYTES_MAX`].
const CHUNK_BYTES_MAX: usize = 400 * 1024;
/// What a recipient costs besides the names and the address: ids, member names, key, nonce and tag.
const RECIPIENT_BYTES: usize = 320;
/// What language and time zone cost, where they are frozen.
const PLACE_BYTES: usize = 96;

/// What one event will hold.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) recipients: Vec<Recipient>,
    /// Where the next chunk goes on: the last recipient's place.
    pub(super) cursor: Vec<u8>,
}

impl Chunk {
    /// The beginning of a page, up to the first candidate that has no room; none of an empty page.
    pub(super) fn cut(mut page: Vec<Candidate>) -> Option<Self> {
        page.truncate(fitting(&page));
        let cursor = page.last()?.index.clone();
        let recipients = page.into_iter().map(|candidate| candidate.recipient).collect();
        Some(Self { recipients, cursor })
    }
}

/// How many candidates fit; at least one, for one alone is always small enough.
fn fitting(page: &[Candidate]) -> usize {
    let sizes = page.iter().scan(0, |sum, candidate| {
        *sum += size(&candidate.recipient);
        Some(*sum)
    });
    let fitting = sizes.take_while(|sum| *sum <= CHUNK_BYTES_MAX).count();
    fitting.max(page.len().min(1))
}

fn size(recipient: &Recipient) -> usize {
    // JSON at most doubles a name, for its quotes and backslashes; base64 adds a third.
    let clear = Personal::get(&recipient.addressee).map_or(0, |addressee| {
        [&addressee.client_name, &addressee.contact_name, &addressee.address]
            .into_iter()
            .map(|text| json_bytes(text))
            .sum::<usize>()
            + addressee.time_zone.map_or(0, |_| PLACE_BYTES)
    });
    RECIPIENT_BYTES + clear * 4 / 3
}

fn json_bytes(text: &str) -> usize {
    text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

#[cfg(test)]
mod tests {
    use domain::notification::{Addressee, AudienceEvent};
    use domain::value::{Channel, ContactKind};
    use uuid::Uuid;

    use super::*;

    fn candidate(number: u8, name: &str) -> Candidate {
        let client = Uuid::from_u128(number.into());
        let addressee = Addressee {
            client_name: name.into(),
            contact_name: name.into(),
            address: "x".into(),
            ..Addressee::nobody()
        };
        Candidate {
            recipient: Recipient {
                client: client.into(),
                kind: ContactKind::Holder,
                is_foreign: false,
                addressee: Personal::new(client, addressee),
            },
            index: vec![number],
        }
    }

    fn cut(page: Vec<Candidate>) -> Chunk {
        Chunk::cut(page).expect("a page with somebody on it")
    }

    #[test]
    fn a_page_that_fits_is_one_chunk_and_the_next_goes_on_after_its_last() {
        let chunk = cut((1..=3).map(|number| candidate(number, "Ana")).collect());
        assert_eq!((chunk.recipients.len(), chunk.cursor), (3, vec![3]));
    }

    #[test]
    fn an_empty_page_is_no_chunk() {
        assert!(Chunk::cut(vec![]).is_none());
    }

    #[test]
    fn long_names_make_a_shorter_chunk_that_the_next_goes_on_from() {
        let chunk = cut((1..=250).map(|number| candidate(number, &"\"".repeat(800))).collect());
        assert!(!chunk.recipients.is_empty() && chunk.recipients.len() < 250);
        assert_eq!(usize::from(chunk.cursor[0]), chunk.recipients.len());
    }

    #[test]
    fn a_chunk_of_the_longest_names_fits_into_an_event_when_sealed() {
        let page: Vec<_> = (1..=250).map(|number| candidate(number, &"ñ".repeat(200))).collect();
        let chunk = cut(page);
        let clear: usize =
            chunk.recipients.iter().map(|recipient| serde_json::to_vec(recipient).expect("JSON").len()).sum();
        assert!(clear * 4 / 3 + chunk.recipients.len() * 40 <= commands::log::EVENT_BYTES_MAX, "{clear}");
        let event = AudienceEvent::AudienceChunkResolved {
            notification: Uuid::nil().into(),
            company: Uuid::nil().into(),
            channel: Channel::Email,
            recipients: chunk.recipients,
            cursor: String::new(),
        };
        assert!(serde_json::to_vec(&event).expect("JSON").len() <= commands::log::EVENT_BYTES_MAX);
    }
}
