//! Tokens that name a sent mail to the outside: in the address that its bounces come to, and in its link to unsubscribe.
//! Each has a MAC under a key that is derived from the master key, so that only what we gave away is believed, and only
//! about its own mail.

use aws_lc_rs::hmac;
use commands::log::Keys;
use data_encoding::BASE32_NOPAD;
use uuid::Uuid;

use crate::provider::SentDelivery;

/// The bytes of a delivery's id, three of its generation and one of its attempt. Schedules end at 100 attempts.
const NAME_BYTES: usize = 20;
/// The bytes of the MAC, HMAC-SHA-256 cut as in RFC 2104, section 5: 80 bits, which nobody finds by asking us.
const MAC_BYTES: usize = 10;
/// The characters of both in base 32 (RFC 4648): mail servers may change the case of an address.
const NAME_CHARS: usize = NAME_BYTES * 8 / 5;
const MAC_CHARS: usize = MAC_BYTES * 8 / 5;
/// The characters of a token: the name, a dot, the MAC.
pub(crate) const TOKEN_CHARS: usize = NAME_CHARS + 1 + MAC_CHARS;

/// Makes and checks tokens. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MailTokens {
    returns: hmac::Key,
    unsubscribes: hmac::Key,
}

impl MailTokens {
    /// Under the keys of a log.
    pub fn new(keys: &Keys) -> Self {
        let key = |purpose| hmac::Key::new(hmac::HMAC_SHA256, &keys.derived(purpose));
        Self { returns: key("mail return path"), unsubscribes: key("mail unsubscribe") }
    }

    /// The token of a mail's return address.
    pub fn of_return(&self, sent: SentDelivery) -> String {
        token(&self.returns, sent)
    }

    /// The token of a mail's link to unsubscribe.
    pub fn of_unsubscribe(&self, sent: SentDelivery) -> String {
        token(&self.unsubscribes, sent)
    }

    /// The mail that a link to unsubscribe was in; none if we did not make the token.
    pub fn unsubscribed(&self, token: &str) -> Option<SentDelivery> {
        sent(&self.unsubscribes, token.as_bytes())
    }

    /// The mail that another mail came back for: the first return address of ours anywhere in it, its header first. Which
    /// field has the address depends on the server (`To`, `Delivered-To`, `Original-Recipient`, `Original-Mail-From`,
    /// `Return-Path` of the mail that is sent back). The MAC is what counts.
    pub fn returned(&self, mail: &[u8]) -> Option<SentDelivery> {
        memchr::memchr_iter(b'@', mail).find_map(|end| {
            let start = end.checked_sub(TOKEN_CHARS)?;
            sent(&self.returns, &mail[start..end])
        })
    }
}

fn token(key: &hmac::Key, sent: SentDelivery) -> String {
    let name = name(sent);
    let mac = hmac::sign(key, &name);
    let mut token = BASE32_NOPAD.encode(&name);
    token.push('.');
    token.push_str(&BASE32_NOPAD.encode(&mac.as_ref()[..MAC_BYTES]));
    token.make_ascii_lowercase();
    token
}

fn name(SentDelivery { delivery, generation, attempt }: SentDelivery) -> [u8; NAME_BYTES] {
    let mut name = [0; NAME_BYTES];
    let (id, number) = name.split_at_mut(size_of::<Uuid>());
    id.copy_from_slice(delivery.uuid().as_bytes());
    number.copy_from_slice(&generation.to_be_bytes());
    number.rotate_left(1);
    number[3] = u8::try_from(attempt).unwrap_or(u8::MAX);
    name
}

fn sent(key: &hmac::Key, token: &[u8]) -> Option<SentDelivery> {
    if token.len() != TOKEN_CHARS || token[NAME_CHARS] != b'.' {
        return None;
    }
    let upper = token.to_ascii_uppercase();
    let name = BASE32_NOPAD.decode(&upper[..NAME_CHARS]).ok()?;
    let mac = BASE32_NOPAD.decode(&upper[NAME_CHARS + 1..]).ok()?;
    let expected = hmac::sign(key, &name);
    aws_lc_rs::constant_time::verify_slices_are_equal(&expected.as_ref()[..MAC_BYTES], &mac).ok()?;
    let (id, number) = name.split_at(size_of::<Uuid>());
    let delivery = Uuid::from_slice(id).ok()?.into();
    let &[high, middle, low, attempt] = number else { return None };
    let generation = u32::from_be_bytes([0, high, middle, low]);
    Some(SentDelivery { delivery, generation, attempt: attempt.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(secret: &[u8]) -> MailTokens {
        let key = |purpose: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, &[secret, purpose].concat());
        MailTokens { returns: key(b"return"), unsubscribes: key(b"unsubscribe") }
    }

    fn a_mail(number: u128, generation: u32) -> SentDelivery {
        SentDelivery { delivery: Uuid::from_u128(number).into(), generation, attempt: 3 }
    }

    fn returned(mail: &str) -> Option<SentDelivery> {
        tokens(b"ours").returned(mail.as_bytes())
    }

    fn address(sent: SentDelivery) -> String {
        format!("rebotes+{}@example.com", tokens(b"ours").of_return(sent))
    }

    #[test]
    fn a_mail_that_came_back_is_known_by_our_address_wherever_and_however_it_is_written() {
        let sent = a_mail(7, 2);
        let address = address(sent);
        for mail in [
            format!("To: {address}\r\n"),
            format!("Delivered-To: <{}>\n", address.to_uppercase()),
            format!("To: <SRS0=ab=c=example.com={}=@forwarder.test>, <{address}>", &address[..20]),
            format!("To: ana@example.com\nx: \u{e9}@@\n\nOriginal-Mail-From: <{address}>"),
        ] {
            assert_eq!(returned(&mail), Some(sent), "{mail}");
        }
    }

    #[test]
    fn an_address_that_was_made_up_or_changed_is_not_believed() {
        let address = address(a_mail(7, 2));
        let other = address.replacen("aaaa", "aaab", 1);
        let forged = format!("rebotes+{}@example.com", tokens(b"guess").of_return(a_mail(7, 2)));
        let misused = format!("{}@example.com", tokens(b"ours").of_unsubscribe(a_mail(7, 2)));
        let cut = address.replacen('.', "", 1);
        for mail in [&other, &forged, &misused, &cut, "", "@", "a@example.com", &"@".repeat(1_000)] {
            assert_eq!(returned(mail), None, "{mail}");
        }
        assert_ne!(other, address);
    }

    #[test]
    fn the_first_address_of_ours_counts() {
        let (first, second) = (a_mail(7, 1), a_mail(8, 1));
        assert_eq!(returned(&format!("To: {}\n\n{}", address(first), address(second))), Some(first));
    }

    #[test]
    fn a_link_is_believed_about_its_own_mail() {
        let (ours, sent) = (tokens(b"ours"), a_mail(9, 1));
        let token = ours.of_unsubscribe(sent);
        assert_eq!(ours.unsubscribed(&token), Some(sent));
        assert_eq!(ours.unsubscribed(&ours.of_return(sent)), None);
        assert_eq!(tokens(b"guess").unsubscribed(&token), None);
        for broken in ["", "x", &token[1..], &format!("{token}a"), &token.replace('.', "-"), "ñ"] {
            assert_eq!(ours.unsubscribed(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_token_leaves_room_for_the_mailbox_in_the_64_octets_of_a_local_part() {
        let token = tokens(b"ours").of_return(a_mail(u128::MAX, u32::MAX));
        assert_eq!((token.len(), TOKEN_CHARS), (49, 49));
    }
}
