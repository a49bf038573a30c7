//! The words and values everything else is said in: parsed at the door, trusted inside.

mod body;
mod category;
mod channel;
mod contact_kind;
mod country_code;
mod email_address;
mod external_id;
mod id;
mod invalid;
mod language;
mod locale;
mod name;
mod phone_number;
mod phone_pattern;
mod phone_plan;
mod phone_plans;
mod phone_readings;
mod priority;
mod role;
pub mod sms;
mod subject;
mod text;
mod time_zone;
mod word;

pub(crate) use self::text::fold_white_space;
pub(crate) use self::word::words;

pub use self::body::{EmailBody, MessageBody, SmsBody};
pub use self::category::Category;
pub use self::channel::Channel;
pub use self::contact_kind::{ContactKind, RecipientKind};
pub use self::country_code::CountryCode;
pub use self::email_address::EmailAddress;
pub use self::external_id::ExternalId;
pub use self::id::{ClientId, CompanyId, DeliveryId, MessageId, NotificationId, UserId};
pub use self::invalid::{EmailFault, Invalid, PhoneFault, Reading, grouped};
pub use self::language::Language;
pub use self::locale::Locale;
pub use self::name::Name;
pub use self::phone_number::PhoneNumber;
pub use self::priority::Priority;
pub use self::role::Role;
pub use self::subject::Subject;
pub use self::text::{comparable, is_invisible, is_same_text};
pub use self::time_zone::TimeZone;
