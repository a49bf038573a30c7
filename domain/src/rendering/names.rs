//! The names that a template can use: data of the person, the company and the moment, and declared variables.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use minijinja::Value;
use minijinja::value::Object;

use super::Filling;
use super::date::day;
use crate::notification::Addressee;
use crate::value::{Locale, TimeZone};

const CLIENT_NAME: &str = "cliente.nombre";
const CONTACT_NAME: &str = "contacto.nombre";
const COMPANY_NAME: &str = "empresa.nombre";
const DATE: &str = "fecha";

/// What every template can name without declaring it. A client's own columns will be `cliente.<column>`: known by
/// `is_own`, and filled in by `Names::of`.
pub const OWN_NAMES: &[&str] = &[CLIENT_NAME, CONTACT_NAME, COMPANY_NAME, DATE];

pub(super) fn is_own(name: &str) -> bool {
    OWN_NAMES.contains(&name)
}

/// What is the same for everybody, and which data of a person is asked for.
pub(super) struct Names {
    same: Arc<BTreeMap<String, Value>>,
    at: DateTime<Utc>,
    has_client: bool,
    has_contact: bool,
    has_date: bool,
}

impl Names {
    pub(super) fn new<'a>(filling: Filling<'_>, used: impl Iterator<Item = &'a str>) -> Self {
        let company = ("empresa".to_owned(), named(filling.company_name));
        let variables = filling.variables.iter().map(|(name, text)| (name.clone(), Value::from(text)));
        let same = Arc::new(variables.chain([company]).collect());
        let mut names = Self { same, at: filling.at, has_client: false, has_contact: false, has_date: false };
        for name in used {
            names.has_client |= name == CLIENT_NAME;
            names.has_contact |= name == CONTACT_NAME;
            names.has_date |= name == DATE;
        }
        names
    }

    pub(super) const fn are_personal(&self) -> bool {
        self.has_client || self.has_contact || self.has_date
    }

    pub(super) const fn has_date(&self) -> bool {
        self.has_date
    }

    /// The names for one person. Nothing is made that the template does not name.
    pub(super) fn of(&self, person: &Addressee) -> Value {
        let date = || {
            let zone = person.time_zone.unwrap_or(TimeZone::UTC);
            day(self.at, zone, person.locale.unwrap_or(Locale::SPANISH).language())
        };
        Value::from_object(PersonNames {
            same: Arc::clone(&self.same),
            client: self.has_client.then(|| named(&person.client_name)),
            contact: self.has_contact.then(|| named(&person.contact_name)),
            date: self.has_date.then(|| Value::from(date())),
        })
    }
}

/// An object with a name.
fn named(name: &str) -> Value {
    Value::from(BTreeMap::from([("nombre", Value::from(name))]))
}

/// The names of one person, as the engine looks them up.
struct PersonNames {
    same: Arc<BTreeMap<String, Value>>,
    client: Option<Value>,
    contact: Option<Value>,
    date: Option<Value>,
}

impl Object for PersonNames {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        match name.as_str()? {
            "cliente" => self.client.clone(),
            "contacto" => self.contact.clone(),
            DATE => self.date.clone(),
            other => self.same.get(other).cloned(),
        }
    }
}

/// People stay out of logs.
impl fmt::Debug for PersonNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonNames(…)")
    }
}
