//! Extractors: bodies, queries, paths and headers, with every fault reported by its field.

mod body;
mod caller;
mod fields;
mod idempotency;
mod json;
mod mail;
mod order;
mod pace;
mod params;
mod path;
mod read;
mod strict;
mod text;
mod value;

pub use self::body::{BODY_BYTES_MAX, BodyBounds, STRANGER_BODY_BYTES_MAX};
pub use self::fields::{Fields, FromFields, FromJson, Spot};
pub use self::idempotency::{Key, fingerprint_of, read_key};
pub use self::json::{ValidJson, read_json};
pub use self::mail::{MAIL_BYTES_MAX, MAIL_KEPT_BYTES_MAX, MailStart, read_mail};
pub(crate) use self::order::context_of;
pub use self::order::{Body, Empty, Order};
pub(crate) use self::pace::Pace;
pub use self::params::{FromQuery, NoQuery, Params};
pub use self::path::{PathId, PathWord};
pub use self::read::Read;
pub use self::strict::VALUES_MAX;
pub use self::text::{FromText, Password, Search, Short};
