//! The confirmation of a send: a token from the preview that binds the request, its author and the size of its
//! audience.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use commands::log::Keys;
use domain::value::UserId;
use serde_json::json;

use super::order::NewNotification;
use crate::problem::{Answer, Problem, Reason};

/// Separates these signatures from every other use of the key.
const PURPOSE: &str = "confirm a notification";

/// A request with the size of its audience, which the preview shows.
pub(super) struct Confirmation<'a> {
    pub(super) asked: &'a NewNotification,
    pub(super) by: UserId,
    pub(super) reachable: u64,
}

impl Confirmation<'_> {
    /// The token: the size, so that a send can distinguish a changed audience from another request, and a signature.
    pub(super) fn token(&self, keys: &Keys) -> String {
        self.signed(|bytes| keys.sign(bytes))
    }

    /// Refuses a token of another request (422), or of an audience that has changed since (409).
    pub(super) fn check(&self, token: &str, keys: &Keys) -> Answer<()> {
        self.checked(token, |bytes| keys.sign(bytes))
    }

    fn signed(&self, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let mut token = self.reachable.to_be_bytes().to_vec();
        token.extend(sign(&self.canonical()));
        BASE64.encode(token)
    }

    fn checked(&self, token: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> Answer<()> {
        let foreign = || Problem::of_field("/confirm_token", Reason::Unconfirmed);
        let bytes = BASE64.decode(token).map_err(|_| foreign())?;
        let (number, _) = bytes.split_first_chunk().ok_or_else(foreign)?;
        let shown = Self { reachable: u64::from_be_bytes(*number), ..*self };
        if shown.signed(sign) != token {
            return Err(foreign());
        }
        if shown.reachable != self.reachable {
            return Err(Problem::conflict(Reason::AudienceChanged { reachable: self.reachable }));
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
            self.reachable,
            asked.company,
            asked.content.channel(),
            asked.recipient_kind,
            asked.category,
            asked.subject(),
            asked.body(),
            template,
            asked.expires_at,
        ]);
        fields.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use domain::notification::Content;
    use domain::value::{Category, RecipientKind, SmsBody};
    use sha2::{Digest, Sha256};
    use uuid::Uuid;

    use super::*;
    use crate::problem::Kind;

    fn asked(body: &str) -> NewNotification {
        NewNotification {
            company: Uuid::from_u128(1).into(),
            recipient_kind: RecipientKind::Holder,
            category: Category::Service,
            content: Content::Sms { body: SmsBody::try_from(body).unwrap() },
            template: None,
            expires_at: None,
            confirm_token: None,
        }
    }

    fn sign(bytes: &[u8]) -> Vec<u8> {
        Sha256::digest(bytes).to_vec()
    }

    fn confirmation(asked: &NewNotification, by: u128, reachable: u64) -> Confirmation<'_> {
        Confirmation { asked, by: Uuid::from_u128(by).into(), reachable }
    }

    #[test]
    fn a_confirmed_request_is_taken_as_it_was_shown() {
        let asked = asked("Hola");
        let shown = confirmation(&asked, 7, 1_284);
        assert_eq!(shown.checked(&shown.signed(sign), sign), Ok(()));
    }

    #[test]
    fn an_audience_that_changed_since_is_a_conflict() {
        let asked = asked("Hola");
        let token = confirmation(&asked, 7, 1_284).signed(sign);
        let refused = confirmation(&asked, 7, 1_285).checked(&token, sign).unwrap_err();
        let changed = Reason::AudienceChanged { reachable: 1_285 };
        assert_eq!((refused.kind, refused.reason), (Kind::Conflict, Some(changed)));
    }

    #[test]
    fn a_token_of_another_request_or_person_is_refused_by_its_field() {
        let (one, other) = (asked("Hola"), asked("Hola."));
        let token = confirmation(&one, 7, 3).signed(sign);
        let flipped = token.replace(token.as_bytes()[20] as char, "_");
        for (by, asked, token) in
            [(7, &other, &*token), (8, &one, &token), (7, &one, "x"), (7, &one, ""), (7, &one, &flipped)]
        {
            let refused = confirmation(asked, by, 3).checked(token, sign).unwrap_err();
            assert_eq!(
                (refused.kind, &*refused.faults[0].pointer),
                (Kind::Invalid, "/confirm_token"),
                "{token}"
            );
        }
    }
}
