//! What `dev` makes up once and keeps in its data folder, readable by its owner only: the master key and a password.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use commands::log::MasterKey;

use crate::config::MASTER_KEY_BYTES;

/// How many random bytes a password is made of.
const PASSWORD_BYTES: usize = 9;

/// Why a secret cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file does not hold what it should.
    #[error("{}: does not hold {expected}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
}

/// The master key of a data folder, made on first use. Whoever loses it loses all personal data in the history.
///
/// # Errors
/// When the file cannot be made, or does not hold 64 hexadecimal digits.
pub fn master_key(data: &Path) -> Result<MasterKey, SecretError> {
    let path = data.join("master.key");
    let text = kept(&path, || hex::encode(random::<MASTER_KEY_BYTES>()))?;
    let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(MasterKey::new).ok_or(SecretError::Content { path, expected: "64 hexadecimal digits" })
}

/// A password of a data folder. It does not print.
#[derive(Clone)]
pub struct KeptPassword {
    /// The password.
    pub password: String,
    /// The file it stands in.
    pub file: PathBuf,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// A password of a data folder, made on first use.
///
/// # Errors
/// When the file cannot be made or read.
pub fn password(data: &Path, name: &str) -> Result<KeptPassword, SecretError> {
    let file = data.join(name);
    let mut is_new = false;
    let make = || {
        is_new = true;
        random_password()
    };
    Ok(KeptPassword { password: kept(&file, make)?, file, is_new })
}

/// A password that is kept nowhere.
pub fn random_password() -> String {
    hex::encode(random::<PASSWORD_BYTES>())
}

fn kept(path: &Path, make: impl FnOnce() -> String) -> Result<String, SecretError> {
    let failed = |source| SecretError::File { path: path.to_owned(), source };
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = make();
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(failed)?;
            }
            write_private(path, &text).map_err(failed)?;
            Ok(text)
        }
        Err(error) => Err(failed(error)),
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system gives randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = password(folder.path(), "demo-password").unwrap();
        assert!(first.is_new);
        assert_eq!(first.password.len(), PASSWORD_BYTES * 2);
        let again = password(folder.path(), "demo-password").unwrap();
        assert_eq!((again.password, again.file, again.is_new), (first.password, first.file, false));
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(folder.path().join("demo-password")).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_master_key_that_was_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(master_key(folder.path()).is_ok());
        fs::write(folder.path().join("master.key"), "short").unwrap();
        assert!(matches!(master_key(folder.path()), Err(SecretError::Content { .. })));
    }
}
