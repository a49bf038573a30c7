//! The names that a template can use: data of the person, the company and the moment, and declared variables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use minijinja::Value;
use minijinja::value::Object;

use super::date::day;
use super::{Company, Filling};
use crate::notification::Addressee;
use crate::value::{ColumnName, Locale, TimeZone};

const CLIENT_NAME: &str = "cliente.nombre";
const CONTACT_NAME: &str = "contacto.nombre";
const COMPANY_NAME: &str = "empresa.nombre";
const COMPANY_LOGO: &str = "empresa.logo";
/// What stands before the name of a column. `nombre` is none.
const CLIENT_COLUMNS: &str = "cliente.";
const DATE: &str = "fecha";

/// What every template can name without declaring it, besides a client's own columns.
pub const OWN_NAMES: &[&str] = &[CLIENT_NAME, CONTACT_NAME, COMPANY_NAME, COMPANY_LOGO, DATE];

/// Whether a name is filled in for everybody, or is a column that a client can have.
pub(super) fn is_own(name: &str) -> bool {
    OWN_NAMES.contains(&name) || column_of(name).is_some()
}

/// The own column of a client that a name stands for: `saldo` of `cliente.saldo`.
pub(super) fn column_of(name: &str) -> Option<&str> {
    name.strip_prefix(CLIENT_COLUMNS).filter(|column| ColumnName::try_new(*column).is_ok())
}

/// What is the same for everybody, and which data of a person is asked for.
pub(super) struct Names {
    same: Arc<BTreeMap<String, Value>>,
    at: DateTime<Utc>,
    has_client: bool,
    has_contact: bool,
    has_date: bool,
    /// The own columns that are asked for.
    columns: BTreeSet<String>,
}

impl Names {
    pub(super) fn new<'a>(filling: Filling<'_>, used: impl Iterator<Item = &'a str>) -> Self {
        let Company { name, logo } = filling.company;
        let company = object([("nombre", name), ("logo", logo.unwrap_or_default())].into_iter());
        let company = ("empresa".to_owned(), company);
        let variables = filling.variables.iter().map(|(name, text)| (name.clone(), Value::from(text)));
        let same = Arc::new(variables.chain([company]).collect());
        let mut names = Self {
            same,
            at: filling.at,
            has_client: false,
            has_contact: false,
            has_date: false,
            columns: BTreeSet::new(),
        };
        for name in used {
            let column = column_of(name);
            names.has_client |= name == CLIENT_NAME || column.is_some();
            names.columns.extend(column.map(str::to_owned));
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

    /// The own columns that the text names.
    pub(super) const fn columns(&self) -> &BTreeSet<String> {
        &self.columns
    }

    /// The names for one person. Nothing is made that the template does not name.
    pub(super) fn of(&self, person: &Addressee) -> Value {
        let date = || {
            let zone = person.time_zone.unwrap_or(TimeZone::UTC);
            day(self.at, zone, person.locale.unwrap_or(Locale::SPANISH).language())
        };
        Value::from_object(PersonNames {
            same: Arc::clone(&self.same),
            client: self.has_client.then(|| self.client(person)),
            contact: self.has_contact.then(|| object([("nombre", person.contact_name.as_str())].into_iter())),
            date: self.has_date.then(|| Value::from(date())),
        })
    }

    /// The client's name and columns. A column that the client lacks is undefined.
    fn client(&self, person: &Addressee) -> Value {
        let columns = person.columns.iter().filter(|(name, _)| self.columns.contains(*name));
        let columns = columns.map(|(name, text)| (name.as_str(), text.as_str()));
        object(columns.chain([("nombre", person.client_name.as_str())]))
    }
}

/// An object with these texts by their names.
fn object<'a>(texts: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let texts = texts.map(|(name, text)| (name.to_owned(), Value::from(text)));
    Value::from(texts.collect::<BTreeMap<String, Value>>())
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
