//! The ways back from a mail: the address that its bounces come to, and the link by which its reader unsubscribes.

use domain::value::Category;
use url::Url;

use crate::mail_tokens::MailTokens;
use crate::provider::{MailReturn, Provider, SentDelivery};

/// Makes the ways back of mails.
#[derive(Debug, Clone)]
pub(crate) struct MailReturns {
    pub(crate) tokens: MailTokens,
    /// The public address of the gateway; without it no mail has a link.
    pub(crate) public_url: Option<Url>,
}

impl MailReturns {
    /// Those of one message of a category that a provider is about to send; an SMS has none.
    pub(crate) fn of(&self, provider: &Provider, category: Category, sent: SentDelivery) -> MailReturn {
        let Provider::Email(provider) = provider else { return MailReturn::default() };
        let path = provider.return_path().map(|path| path.of(&self.tokens.of_return(sent)));
        let public_url = self.public_url.as_ref().filter(|_| category.offers_opt_out());
        let unsubscribe = public_url.and_then(|url| self.link(url, sent));
        MailReturn { path, unsubscribe }
    }

    fn link(&self, public_url: &Url, sent: SentDelivery) -> Option<Url> {
        public_url.join(UNSUBSCRIBE_PATH).and_then(|url| url.join(&self.tokens.of_unsubscribe(sent))).ok()
    }
}

/// The folder of links to unsubscribe, below the public address.
pub(crate) const UNSUBSCRIBE_PATH: &str = "/u/";
