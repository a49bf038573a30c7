//! Secrets given directly or as a file, and other files named by keys.

use std::path::{Path, PathBuf};
use std::{fs, io};

use figment::Figment;

use super::error::ConfigError;
use super::layers::origin_of;
use super::secret::Secret;

/// Reads secrets, and knows their origins.
pub(super) struct Secrets<'a>(&'a Figment);

impl<'a> Secrets<'a> {
    pub(super) fn of(figment: &'a Figment) -> Self {
        Self(figment)
    }

    /// The value of `key`, or the content of the file `<key>_file`: the one with the later origin.
    pub(super) fn one_of(
        &self,
        key: &str,
        value: Option<Secret<String>>,
        file: Option<PathBuf>,
    ) -> Result<Option<Secret<String>>, ConfigError> {
        let file_key = format!("{key}_file");
        match (value, file) {
            (None, None) => Ok(None),
            (Some(value), None) => Ok(Some(value)),
            (None, Some(file)) => self.read(&file_key, file).map(Some),
            (Some(value), Some(file)) => {
                let origin = |key: &str| origin_of(self.0, key).map(|(origin, _)| origin);
                match origin(key).cmp(&origin(&file_key)) {
                    std::cmp::Ordering::Greater => Ok(Some(value)),
                    std::cmp::Ordering::Less => self.read(&file_key, file).map(Some),
                    std::cmp::Ordering::Equal => {
                        Err(self.wrong(key, format!("stands beside {file_key}: give one of the two")))
                    }
                }
            }
        }
    }

    /// The required secret of a list's entry, given directly or as a file.
    pub(super) fn one_of_entry(
        &self,
        entry: &str,
        key: &str,
        value: Option<Secret<String>>,
        file: Option<PathBuf>,
    ) -> Result<Secret<String>, ConfigError> {
        let full = format!("{entry}.{key}");
        self.one_of(&full, value, file)?
            .ok_or_else(|| self.wrong(&full, format!("is missing: give {key} or {key}_file")))
    }

    /// The content of the file named by a list's entry.
    pub(super) fn file_of_entry(
        &self,
        entry: &str,
        key: &str,
        file: Option<PathBuf>,
    ) -> Result<Option<Vec<u8>>, ConfigError> {
        let key = format!("{entry}.{key}");
        file.map(|file| fs::read(&file).map_err(|error| self.unreadable(&key, &file, &error))).transpose()
    }

    fn unreadable(&self, key: &str, file: &Path, error: &io::Error) -> ConfigError {
        self.wrong(key, format!("names {}, which cannot be read: {error}", file.display()))
    }

    fn read(&self, key: &str, file: PathBuf) -> Result<Secret<String>, ConfigError> {
        let text = fs::read_to_string(&file).map_err(|error| self.unreadable(key, &file, &error))?;
        if text.trim().is_empty() {
            return Err(self.wrong(key, format!("names {}, which is empty", file.display())));
        }
        Ok(Secret::new(text.trim().to_owned()))
    }

    /// The error for a key, with its origin. An entry of a list has the origin of its list.
    pub(super) fn wrong(&self, key: &str, problem: impl Into<String>) -> ConfigError {
        let list = key.split('[').next().unwrap_or(key);
        let file_of = format!("{key}_file");
        let origin = [key, file_of.as_str(), list].into_iter().find_map(|key| origin_of(self.0, key));
        let origin = origin.map_or_else(|| "in the manual".to_owned(), |(_, origin)| origin);
        ConfigError::key(key, origin, problem)
    }
}
