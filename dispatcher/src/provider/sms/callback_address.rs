//! The callback address of one message, for providers that sign nothing. It carries our delivery id and a MAC of it, so
//! that only an address that we gave away is believed, and only about its own message.

use aws_lc_rs::hmac;
use domain::value::DeliveryId;
use url::{Url, form_urlencoded};

use super::dialect::CallbackError;

/// The parameter that carries our delivery id.
pub(super) const DELIVERY: &str = "delivery";
/// The parameter that carries its MAC: HMAC-SHA256 under the account's secret, in hexadecimal digits.
const MAC: &str = "mac";
/// Keeps the MAC apart from whatever else the secret may sign.
const PURPOSE: &str = "status callback ";

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
    pub(super) fn of(&self, delivery: DeliveryId) -> Option<String> {
        let mut url = self.url.clone()?;
        let mac = hex::encode(hmac::sign(&self.key, signed(&delivery.to_string()).as_bytes()));
        url.query_pairs_mut().append_pair(DELIVERY, &delivery.to_string()).append_pair(MAC, &mac);
        Some(url.into())
    }

    /// The delivery of an address that we made.
    ///
    /// # Errors
    /// The address is not ours, or is about another delivery.
    pub(super) fn delivery_of(&self, query: &str) -> Result<DeliveryId, CallbackError> {
        let delivery = parameter(query, DELIVERY).ok_or(CallbackError::NotSigned)?;
        let mac = parameter(query, MAC).and_then(|mac| hex::decode(mac).ok());
        let mac = mac.ok_or(CallbackError::NotSigned)?;
        hmac::verify(&self.key, signed(&delivery).as_bytes(), &mac).map_err(|_| CallbackError::NotSigned)?;
        DeliveryId::try_from(delivery.as_str()).map_err(|_| CallbackError::NotSigned)
    }
}

fn signed(delivery: &str) -> String {
    format!("{PURPOSE}{delivery}")
}

/// A parameter of a query.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, value) = pairs.find(|(its, _)| its == name)?;
    Some(value.into_owned())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn address(secret: &str) -> CallbackAddress {
        CallbackAddress::new(Url::parse("https://h.test/hooks/primero?a=b").ok(), secret)
    }

    fn query_of(address: &CallbackAddress, delivery: u128) -> String {
        let url = address.of(Uuid::from_u128(delivery).into()).expect("an address");
        Url::parse(&url).expect("a URL").query().expect("a query").to_owned()
    }

    #[test]
    fn an_address_is_believed_about_its_own_delivery_only() {
        let ours = address("secret");
        let query = query_of(&ours, 7);
        assert!(query.starts_with("a=b&delivery="), "{query}");
        assert_eq!(ours.delivery_of(&query), Ok(Uuid::from_u128(7).into()));
        let other = query.replace(&Uuid::from_u128(7).to_string(), &Uuid::from_u128(8).to_string());
        assert_eq!(ours.delivery_of(&other), Err(CallbackError::NotSigned));
    }

    #[test]
    fn an_address_that_was_made_up_is_not_believed() {
        let made_up = query_of(&address("guess"), 7);
        let delivery = Uuid::from_u128(7);
        let queries = [
            "",
            "delivery=7",
            &format!("delivery={delivery}"),
            &format!("delivery={delivery}&mac=00"),
            &made_up,
        ];
        for query in queries {
            assert_eq!(address("secret").delivery_of(query), Err(CallbackError::NotSigned), "{query}");
        }
    }

    #[test]
    fn without_a_callback_address_there_is_none_to_give_away() {
        assert_eq!(CallbackAddress::new(None, "secret").of(Uuid::from_u128(7).into()), None);
    }
}
