//! The callback address of one message. It carries our delivery id, the generation and the attempt. For providers that sign
//! nothing it carries a MAC of them too, so that only an address that we gave away is believed, and only about its own
//! message.

use aws_lc_rs::hmac;
use domain::value::DeliveryId;
use url::{Url, form_urlencoded};

use super::dialect::{CallbackError, SentDelivery};
use crate::provider::Outgoing;

/// The parameter that carries our delivery id.
const DELIVERY: &str = "delivery";
/// The parameter that carries the generation of the message.
const GENERATION: &str = "generation";
/// The parameter that carries the attempt of the message.
const ATTEMPT: &str = "attempt";
/// The parameter that carries the MAC of all three: HMAC-SHA256 under the account's secret, in hexadecimal digits.
const MAC: &str = "mac";
/// Keeps the MAC apart from whatever else the secret may sign.
const PURPOSE: &str = "status callback";

/// Makes and checks the addresses of one account's callbacks.
#[derive(Debug)]
pub(super) struct CallbackAddress {
    url: Option<Url>,
    key: hmac::Key,
}

impl CallbackAddress {
    /// `url` is the configured address; none if no reports are asked for.
    pub(super) fn new(url: Option<Url>, secret: &str) -> Self {
        Self { url, key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()) }
    }

    /// The address for reports of one message.
    pub(super) fn of(&self, outgoing: &Outgoing) -> Option<String> {
        let mut url = self.url.clone()?;
        name(&mut url, outgoing);
        let mac = hex::encode(hmac::sign(&self.key, signed(outgoing.sent()).as_bytes()));
        url.query_pairs_mut().append_pair(MAC, &mac);
        Some(url.into())
    }

    /// The message of an address that we made.
    ///
    /// # Errors
    /// The address is not ours, or is about another message.
    pub(super) fn sent(&self, query: &str) -> Result<SentDelivery, CallbackError> {
        let sent = sent(query).ok_or(CallbackError::NotSigned)?;
        let mac = parameter(query, MAC).and_then(|mac| hex::decode(mac).ok());
        let mac = mac.ok_or(CallbackError::NotSigned)?;
        let verified = hmac::verify(&self.key, signed(sent).as_bytes(), &mac);
        verified.map(|()| sent).map_err(|_| CallbackError::NotSigned)
    }
}

fn signed(SentDelivery { delivery, generation, attempt }: SentDelivery) -> String {
    format!("{PURPOSE} {delivery} {generation} {attempt}")
}

/// Adds the message to a callback's address.
pub(super) fn name(url: &mut Url, outgoing: &Outgoing) {
    url.query_pairs_mut()
        .append_pair(DELIVERY, &outgoing.delivery_id.to_string())
        .append_pair(GENERATION, &outgoing.generation.to_string())
        .append_pair(ATTEMPT, &outgoing.attempt.to_string());
}

/// The message that a callback's address names. Its signature is not checked here.
pub(super) fn sent(query: &str) -> Option<SentDelivery> {
    let delivery = DeliveryId::try_from(parameter(query, DELIVERY)?.trim()).ok()?;
    let number = |name| parameter(query, name)?.trim().parse().ok();
    Some(SentDelivery { delivery, generation: number(GENERATION)?, attempt: number(ATTEMPT)? })
}

/// A parameter of a query.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, value) = pairs.find(|(its, _)| its == name)?;
    Some(value.into_owned())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn outgoing(generation: u32) -> Outgoing {
        Outgoing {
            delivery_id: Uuid::from_u128(7).into(),
            generation,
            attempt: 3,
            to: "+573001234567".into(),
            to_name: None,
            subject: None,
            body: "Hola".into(),
            html: None,
            is_personal: false,
            requested_at: DateTime::UNIX_EPOCH,
            returns: Default::default(),
        }
    }

    fn address(secret: &str) -> CallbackAddress {
        CallbackAddress::new(Url::parse("https://h.test/hooks/primero?a=b").ok(), secret)
    }

    fn query_of(address: &CallbackAddress) -> String {
        let url = address.of(&outgoing(2)).expect("an address");
        Url::parse(&url).expect("a URL").query().expect("a query").to_owned()
    }

    #[test]
    fn an_address_is_believed_about_its_own_message_only() {
        let ours = address("secret");
        let query = query_of(&ours);
        assert!(query.starts_with("a=b&delivery="), "{query}");
        let delivery = Uuid::from_u128(7).into();
        assert_eq!(ours.sent(&query), Ok(SentDelivery { delivery, generation: 2, attempt: 3 }));
        let other = query.replace(&Uuid::from_u128(7).to_string(), &Uuid::from_u128(8).to_string());
        let later = query.replace("generation=2", "generation=3");
        let earlier = query.replace("attempt=3", "attempt=2");
        for query in [other, later, earlier] {
            assert_ne!(query, query_of(&ours));
            assert_eq!(ours.sent(&query), Err(CallbackError::NotSigned), "{query}");
        }
    }

    #[test]
    fn an_address_that_was_made_up_is_not_believed() {
        let made_up = query_of(&address("guess"));
        let bare = format!("delivery={}&generation=2&attempt=3", Uuid::from_u128(7));
        let queries = ["", "delivery=7&generation=2&attempt=3", &bare, &format!("{bare}&mac=00"), &made_up];
        for query in queries {
            assert_eq!(address("secret").sent(query), Err(CallbackError::NotSigned), "{query}");
        }
    }

    #[test]
    fn without_a_callback_address_there_is_none_to_give_away() {
        assert_eq!(CallbackAddress::new(None, "secret").of(&outgoing(1)), None);
    }
}
