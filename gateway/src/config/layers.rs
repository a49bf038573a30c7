//! The layers of the configuration, the later over the earlier: the manual, a file, the environment.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::error::ConfigError;

/// The manual: the TOML file of all keys with their defaults.
pub(super) const MANUAL: &str = include_str!("default.toml");

/// The prefix of the variables that name a key.
const PREFIX: &str = "MENSAJERIA__";

/// Variables that are shared with other programs. Variables with the prefix win over them.
const SHARED: [(&str, &str); 2] = [("DATABASE_URL", "database.url"), ("NATS_URL", "nats.url")];

/// The keys whose values are not text. All other variables are taken literally: a password of digits is no number.
const NOT_TEXT: [&str; 8] = [
    "database.max_connections",
    "email.domains",
    "doubts.resend_operational_after_seconds",
    "email.providers",
    "proof.former_keys",
    "server.trusted_proxies",
    "sms.providers",
    "simulator.enabled",
];

/// Merges the manual, the file and the environment.
pub(super) fn layers(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Figment, ConfigError> {
    let mut figment = Figment::from(Toml::string(MANUAL));
    if let Some(path) = file {
        figment = figment.merge(FileLayer::read(path)?);
    }
    for variable in variables(environment)? {
        figment = figment.merge(variable);
    }
    Ok(figment)
}

/// The origin of a value. Later origins win over earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The built-in manual.
    Manual,
    /// The file of `--config`.
    File,
    /// A variable that is shared with other programs.
    Shared,
    /// A variable with the prefix.
    Own,
}

/// The origin of a key and its text for errors; none for a key without a value.
pub(super) fn origin_of(figment: &Figment, key: &str) -> Option<(Origin, String)> {
    let name = figment.find_metadata(key)?.name.clone().into_owned();
    let origin = match name.strip_prefix(VARIABLE) {
        Some(variable) if variable.starts_with(PREFIX) => Origin::Own,
        Some(_) => Origin::Shared,
        None if name.starts_with(FILE) => Origin::File,
        None => Origin::Manual,
    };
    Some((origin, name))
}

/// Begins the text of a variable's origin.
const VARIABLE: &str = "from the environment variable ";

/// Begins the text of the file's origin.
const FILE: &str = "in ";

/// The file of `--config`.
struct FileLayer {
    name: String,
    values: Dict,
}

impl FileLayer {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let failed = |problem: String| ConfigError::File { path: path.to_owned(), problem };
        let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let values = toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
        Ok(Self { name: format!("{FILE}{}", path.display()), values })
    }
}

impl Provider for FileLayer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// One environment variable.
struct Variable {
    name: String,
    key: String,
    value: Value,
}

impl Provider for Variable {
    fn metadata(&self) -> Metadata {
        Metadata::named(format!("{VARIABLE}{}", self.name))
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let nested = figment::util::nest(&self.key, self.value.clone());
        Ok(nested.into_dict().map(|dict| Profile::Default.collect(dict)).unwrap_or_default())
    }
}

/// The relevant variables, shared ones first, so that those with the prefix win.
fn variables(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<Variable>, ConfigError> {
    let mut variables = Vec::new();
    for (name, value) in environment {
        let Some((name, key)) = name.to_str().and_then(|name| Some((name, key_of(name)?))) else {
            continue;
        };
        if !value.is_empty() {
            variables.push(Variable::new(name, key, value)?);
        }
    }
    variables.sort_by_key(|variable| (variable.name.starts_with(PREFIX), variable.name.clone()));
    Ok(variables)
}

fn key_of(name: &str) -> Option<String> {
    let shared = || SHARED.iter().find(|(shared, _)| *shared == name).map(|(_, key)| (*key).to_owned());
    name.strip_prefix(PREFIX).map(|key| key.to_lowercase().replace("__", ".")).or_else(shared)
}

impl Variable {
    fn new(name: &str, key: String, value: OsString) -> Result<Self, ConfigError> {
        let origin = format!("{VARIABLE}{name}");
        let text = value.into_string().map_err(|_| ConfigError::key(&key, origin.clone(), "is not UTF-8"))?;
        let value = if NOT_TEXT.contains(&key.as_str()) {
            parsed(&text)
                .ok_or_else(|| ConfigError::key(&key, origin, "is not written as a value of TOML"))?
        } else {
            Value::from(text)
        };
        Ok(Self { name: name.to_owned(), key, value })
    }
}

fn parsed(text: &str) -> Option<Value> {
    let mut dict: Dict = toml::from_str(&format!("value = {text}")).ok()?;
    dict.remove("value").filter(|_| dict.is_empty())
}
