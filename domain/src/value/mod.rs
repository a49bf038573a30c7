//! Value types: parsed at the boundary, trusted inside.

mod address_kind;
mod body;
mod category;
mod channel;
mod contact_kind;
mod country_code;
mod email_address;
mod external_id;
mod id;
mod invalid;
mod invalid_text;
mod language;
mod locale;
mod logo_url;
mod members;
mod name;
mod ordinal;
mod own_column;
mod phone_number;
mod phone_pattern;
mod phone_plan;
mod phone_plans;
mod phone_readings;
mod priority;
mod role;
pub mod sms;
mod stated_reason;
mod subject;
pub(crate) mod text;
mod time_zone;
mod variable_name;
mod variable_text;
mod word;

pub(crate) use self::text::fold_white_space;
pub(crate) use self::word::words;

pub use self::address_kind::AddressKind;
pub use self::body::{EmailBody, HtmlBody, MessageBody, SmsBody};
pub use self::category::Category;
pub use self::channel::{AfterLastWait, Channel, ChannelRules, EachChannel, RetrySchedule, TextLimits};
pub use self::contact_kind::{ContactKind, RecipientKind};
pub use self::country_code::CountryCode;
pub use self::email_address::EmailAddress;
pub use self::external_id::ExternalId;
pub use self::id::{
    ClientId, CompanyId, DeliveryId, MessageId, NotificationId, ProviderId, SuppressionId, TemplateId, UserId,
};
pub use self::invalid::{EmailFault, Invalid, PhoneFault, Reading, grouped};
pub use self::language::Language;
pub use self::locale::Locale;
pub use self::logo_url::LogoUrl;
pub use self::members::{Member, Members, NotMembers};
pub use self::name::Name;
pub use self::ordinal::{CHUNK_MEMBERS, Ordinal, first_members};
pub use self::own_column::{ColumnName, ColumnText};
pub use self::phone_number::PhoneNumber;
pub use self::priority::Priority;
pub use self::role::Role;
pub use self::stated_reason::StatedReason;
pub use self::subject::Subject;
pub use self::text::{comparable, is_invisible, is_same_text};
pub use self::time_zone::TimeZone;
pub use self::variable_name::VariableName;
pub use self::variable_text::VariableText;
