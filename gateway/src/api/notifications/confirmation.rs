//! The confirmation of a send: a token from the preview that binds the request, its author and the people it reaches.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use commands::log::Keys;
use domain::value::UserId;
use projections::queries::audience::Fingerprint;
use serde_json::json;

use super::order::NewNotification;
use crate::problem::{Answer, Problem, Reason};

/// Separates these signatures from every other use of the key.
const PURPOSE: &str = "confirm a notification";
/// How long a confirmation can be used.
const LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// A request with its audience, which the preview shows.
pub(super) struct Confirmation<'a> {
    pub(super) asked: &'a NewNotification,
    pub(super) by: UserId,
    pub(super) audience: &'a Fingerprint,
}

impl Confirmation<'_> {
    /// The token: when it ends, whom it is about, so that a send can tell what changed, and a signature.
    pub(super) fn token(&self, keys: &Keys, now: DateTime<Utc>) -> String {
        self.signed(now + LIFETIME, |bytes| keys.sign(bytes))
    }

    /// Refuses a token of another request (422), one that is too old, or one of an audience that has changed since (409).
    pub(super) fn check(&self, token: &str, keys: &Keys, now: DateTime<Utc>) -> Answer<()> {
        self.checked(token, now, |bytes| keys.sign(bytes))
    }

    fn signed(&self, ends_at: DateTime<Utc>, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let mut token = ends_at.timestamp_millis().to_be_bytes().to_vec();
        token.extend(self.audience.to_bytes());
        token.extend(sign(&[&token[..], &self.canonical()].concat()));
        BASE64.encode(token)
    }

    fn checked(&self, token: &str, now: DateTime<Utc>, sign: impl Fn(&[u8]) -> Vec<u8>) -> Answer<()> {
        let foreign = || Problem::of_field("/confirm_token", Reason::Unconfirmed);
        let (ends_at, shown) = read(token).ok_or_else(foreign)?;
        let of_shown = Confirmation { audience: &shown, ..*self };
        if of_shown.signed(ends_at, sign) != token {
            return Err(foreign());
        }
        if ends_at <= now {
            return Err(Problem::conflict(Reason::ConfirmationExpired));
        }
        if shown != *self.audience {
            let changes = shown.changes_to(self.audience);
            return Err(Problem::conflict(Reason::AudienceChanged {
                reachable: self.audience.reachable,
                added: changes.added,
                removed: changes.removed,
            }));
        }
        Ok(())
    }

    /// Every field in a fixed order, whatever the order in the body.
    fn canonical(&self) -> Vec<u8> {
        let asked = self.asked;
        let template = asked.template.as_ref();
        let template = template.map(|template| json!([template.id, template.version, template.variables]));
        let fields = json!([
            PURPOSE,
            self.by,
            asked.company,
            asked.content.channel(),
            asked.recipient_kind,
            asked.category,
            asked.subject(),
            asked.body(),
            template,
            asked.sms_options(),
            asked.filter,
            asked.expires_at,
            asked.schedule_at,
            asked.hold_seconds,
        ]);
        fields.to_string().into_bytes()
    }
}

/// When a token ends, and the audience it is about.
fn read(token: &str) -> Option<(DateTime<Utc>, Fingerprint)> {
    let bytes = BASE64.decode(token).ok()?;
    let (ends_at, rest) = bytes.split_first_chunk()?;
    let audience = Fingerprint::from_bytes(rest.get(..Fingerprint::BYTES)?)?;
    Some((DateTime::from_timestamp_millis(i64::from_be_bytes(*ends_at))?, audience))
}

#[cfg(test)]
mod tests {
    use domain::notification::{Content, SmsOptions};
    use domain::value::{Category, Locale, RecipientKind, SmsBody};
    use sha2::{Digest, Sha256};
    use uuid::Uuid;

    use super::*;
    use crate::api::notifications::filter::AskedFilter;
    use crate::extract::Short;
    use crate::problem::Kind;

    fn asked(body: &str, options: SmsOptions, filter: AskedFilter) -> NewNotification {
        NewNotification {
            company: Uuid::from_u128(1).into(),
            recipient_kind: RecipientKind::Holder,
            category: Category::Service,
            content: Content::Sms { body: SmsBody::try_from(body).unwrap(), options },
            template: None,
            filter,
            expires_at: None,
            schedule_at: None,
            hold_seconds: 0,
            confirm_token: None,
        }
    }

    fn hello() -> NewNotification {
        asked("Hola", SmsOptions::default(), AskedFilter::default())
    }

    fn sign(bytes: &[u8]) -> Vec<u8> {
        Sha256::digest(bytes).to_vec()
    }

    /// An audience of so many people, all in one bucket.
    fn audience(reachable: u8) -> Fingerprint {
        let mut bytes = u64::from(reachable).to_be_bytes().to_vec();
        bytes.resize(Fingerprint::BYTES, 0);
        bytes[8] = reachable;
        Fingerprint::from_bytes(&bytes).unwrap()
    }

    fn confirmation<'a>(asked: &'a NewNotification, by: u128, audience: &'a Fingerprint) -> Confirmation<'a> {
        Confirmation { asked, by: Uuid::from_u128(by).into(), audience }
    }

    fn minutes(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn a_confirmed_request_is_taken_as_it_was_shown_for_fifteen_minutes() {
        let (asked, audience) = (hello(), audience(7));
        let shown = confirmation(&asked, 7, &audience);
        let token = shown.signed(minutes(15), sign);
        assert!(token.len() <= Short::MAX_CHARS, "{}", token.len());
        assert_eq!(shown.checked(&token, minutes(14), sign), Ok(()));
        let refused = shown.checked(&token, minutes(15), sign).unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Conflict, Some(Reason::ConfirmationExpired)));
    }

    #[test]
    fn an_audience_that_changed_since_is_a_conflict_that_says_what_changed() {
        let (asked, then, now) = (hello(), audience(7), audience(9));
        let token = confirmation(&asked, 7, &then).signed(minutes(15), sign);
        let refused = confirmation(&asked, 7, &now).checked(&token, minutes(1), sign).unwrap_err();
        let changed = Reason::AudienceChanged { reachable: 9, added: 2, removed: 0 };
        assert_eq!((refused.kind, refused.reason), (Kind::Conflict, Some(changed)));
    }

    #[test]
    fn a_token_of_another_request_or_person_is_refused_by_its_field() {
        let one = hello();
        let other = asked("Hola.", SmsOptions::default(), AskedFilter::default());
        let options = SmsOptions { transliterate: true, segments_max: None };
        let cheap = asked("Hola", options, AskedFilter::default());
        let filter = AskedFilter { locale: Some(Locale::SPANISH), ..AskedFilter::default() };
        let spanish = asked("Hola", SmsOptions::default(), filter);
        let audience = audience(3);
        let token = confirmation(&one, 7, &audience).signed(minutes(15), sign);
        let flipped = format!("_{}", &token[1..]);
        let cut = &token[..token.len() - 4];
        for (by, asked, token) in [
            (7, &other, &*token),
            (7, &cheap, &token),
            (7, &spanish, &token),
            (8, &one, &token),
            (7, &one, "x"),
            (7, &one, ""),
            (7, &one, &flipped),
            (7, &one, cut),
        ] {
            let refused = confirmation(asked, by, &audience).checked(token, minutes(1), sign).unwrap_err();
            let field = &*refused.faults[0].pointer;
            assert_eq!((refused.kind, field), (Kind::Invalid, "/confirm_token"), "{token}");
        }
    }
}
