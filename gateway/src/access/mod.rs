//! Authentication and authorization: sessions, tokens, roles, passwords.

mod argon2id;
mod caller;
mod cookie;
mod directory;
mod headers;
mod known_browser;
mod password;
mod password_text;
mod same_site;
mod session;
mod throttle;
mod token;

pub use self::caller::Caller;
pub(crate) use self::caller::credential_of;
pub use self::cookie::SESSION_LIFETIME;
pub(crate) use self::cookie::{cleared_cookie, session_cookie};
pub use self::directory::{Directory, Member, Snapshot};
pub(crate) use self::headers::secure;
pub use self::known_browser::{BrowserId, KnownBrowser};
pub use self::password::{Passwords, hash as hash_password, verify as verify_password};
pub(crate) use self::password_text::opaque;
pub(crate) use self::same_site::refuse_other_sites;
pub use self::session::{Credential, Sessions};
pub use self::throttle::{Origin, Throttle};
pub use self::token::{Token, TokenHash};
